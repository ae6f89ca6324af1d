// A schema, a blank line, an instance: any of both. Where the schema compiles, its copies and all
// ways to ask agree on the verdict, errors say where, and the output shapes are JSON. A first line
// that begins with `!` has the formats asserted, and draft 7 where there is a `7` behind it.

#include <conclave/json/schema_validator.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/json/schema.hpp>
#include <conclave/json/schema_output.hpp>

namespace {

namespace json = conclave::json;

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const json::utf8_step step = json::next_utf8(text);
        if (!step.valid) return false;
        text.remove_prefix(step.size);
    }
    return true;
}

json::schema_options take_options(std::string_view& text) {
    json::schema_options options;
    options.max_schema_size = 1 << 16;
    options.max_errors = 50;
    if (!text.starts_with('!')) return options;
    const std::string_view line = text.substr(0, text.find('\n'));
    options.assert_formats = true;
    options.assert_content = true;
    if (line.starts_with("!7")) options.default_draft = json::schema_draft::draft_7;
    text.remove_prefix(line.size());
    return options;
}

std::optional<json::schema> compile(std::string_view text, const json::schema_options& options) {
    try {
        return json::schema(text, options);
    } catch (const conclave::error& refused) {
        require(refused.code() == conclave::errc::invalid_schema);
        require(is_utf8(refused.what()));
        return std::nullopt;
    }
}

void check_error(const json::schema_error& found) {
    require(!found.message.empty() && found.message.size() < 2000 && is_utf8(found.message));
    require(found.instance_location.empty() || found.instance_location.front() == '/');
    require(found.keyword_location.empty() || found.keyword_location.front() == '/');
}

void check_instance(const json::schema& schema, std::string_view text) {
    json::schema_validator validator(schema);
    const bool valid = validator.is_valid(text);
    const std::optional<json::schema_error> first = validator.first_error(text);
    const std::vector<json::schema_error> all = validator.errors(text);
    require(valid == !first && valid == all.empty());
    if (first) check_error(*first);
    for (const json::schema_error& found : all)
        check_error(found);
    require(json::is_object_text(json::flag_output(valid)));
    require(json::is_object_text(json::basic_output(all)));
    // used before or new, of the schema or of a copy
    require(validator.is_valid(text) == valid);
    require(json::schema_validator(json::schema(schema)).is_valid(text) == valid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const json::schema_options options = take_options(input);
    const std::size_t blank = input.find("\n\n");
    const std::string_view instance = blank == input.npos ? "" : input.substr(blank + 2);
    const auto schema = compile(input.substr(0, blank), options);
    if (!schema) return 0;
    // in memory of their own, so that nothing beyond their ends is read
    check_instance(*schema, std::string(instance));
    check_instance(*schema, std::string(input.substr(0, blank)));
    return 0;
}
