// An answer under a schema, from any bytes: the schema in the first line, the answer behind it.
// What is found in the answer is JSON, what is judged to be valid is valid, and what is complete of
// the answer while it grows does not depend on how it is cut.

#include <conclave/roundtable/detail/answer_judge.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/embedded.hpp>
#include <conclave/json/partial.hpp>
#include <conclave/json/schema_validator.hpp>

namespace {

namespace detail = conclave::wire::detail;
namespace json = conclave::json;

void require(bool condition) {
    if (!condition) std::abort();
}

void check_words(const std::optional<std::string>& schema) {
    require(!schema || json::is_object_text(*schema));
}

void check_growth(std::string_view answer) {
    json::partial by_byte;
    for (std::size_t i = 0; i < answer.size(); ++i) {
        by_byte.append(answer.substr(i, 1));
        // every text would take time in proportion to the square of the answer's length
        if (i % 16 != 0) continue;
        require(by_byte.text().empty() || json::detail::is_value_text(by_byte.text()));
    }
    json::partial at_once;
    at_once.append(answer);
    require(by_byte.text() == at_once.text());
    require(by_byte.is_complete() == at_once.is_complete());
}

void check_judgement(const std::string& schema, std::string_view answer) {
    try {
        conclave::detail::answer_judge judge(schema);
        const auto judged = judge.judge(answer, conclave::finish_reason::stop);
        require(judged.complaint.has_value() || judged.data.is_json());
        if (judged.complaint) {
            require(!judged.complaint->empty());
            require(judged.data.text() == answer);
        } else {
            json::schema_validator again{json::schema(schema)};
            require(again.is_valid(judged.data.text()));
        }
    } catch (const conclave::error& unfit) {
        require(unfit.field() == "output_schema");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t line = std::min(input.find('\n'), input.size());
    const std::string schema(input.substr(0, line));
    const std::string_view answer = input.substr(std::min(line + 1, input.size()));

    check_words(detail::to_strict_schema(schema));
    check_words(detail::to_claude_schema(schema));
    check_words(detail::to_google_schema(schema));

    json::embedded values(answer);
    while (const auto value = values.next())
        require(json::detail::is_value_text(*value));
    check_growth(answer);
    check_judgement(schema, answer);

    json::document parsed;
    if (!json::document::parse(schema, parsed) && parsed.root().is_object() &&
        json::detail::is_value_text(answer)) {
        const auto shorter = detail::without_added_nulls(answer, *json::object_of(parsed.root()));
        require(!shorter || json::detail::is_value_text(*shorter));
    }
    return 0;
}
