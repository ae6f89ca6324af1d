// Requests of any texts and numbers: what is written is JSON, and says what was meant.

#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>
#include <conclave/wire/chat_completions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

namespace json = conclave::json;

void require(bool condition) {
    if (!condition) std::abort();
}

/// Takes values off the front of the input.
class taker {
public:
    explicit taker(std::string_view bytes) : bytes_(bytes) {}

    std::string_view text() {
        const std::size_t size = std::min<std::size_t>(number<std::uint16_t>(), bytes_.size());
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

    template <class Number>
    Number number() {
        Number value{};
        const std::size_t size = std::min(sizeof value, bytes_.size());
        std::memcpy(&value, bytes_.data(), size);
        bytes_.remove_prefix(size);
        return value;
    }

private:
    std::string_view bytes_;
};

/// The text with U+FFFD in place of what is not UTF-8.
std::string repaired(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const json::utf8_step step = json::next_utf8(text);
        result += step.valid ? text.substr(0, step.size) : json::replacement_character;
        text.remove_prefix(step.size);
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    taker from({reinterpret_cast<const char*>(data), size});
    const std::string model(from.text());
    const std::string instructions(from.text());
    const std::string prompt(from.text());
    const double temperature = from.number<double>();
    const auto max_tokens = from.number<std::int64_t>();

    conclave::call what("alias", prompt);
    what.instructions(instructions).temperature(temperature).max_tokens(max_tokens);
    std::string body;
    conclave::wire::chat_completions().write_request(what, model, true, body);

    json::document parsed;
    require(!json::document::parse(body, parsed));
    const auto root = json::object_of(parsed.root());
    require(root.has_value());
    require(json::string_at(*root, "model") == repaired(model));
    require(json::integer_at(*root, "max_tokens") == max_tokens);
    if (std::isfinite(temperature)) {
        require(json::number_at(*root, "temperature") == temperature);
    } else {
        require(json::find(*root, "temperature")->is_null());
    }
    const auto messages = json::array_at(*root, "messages");
    require(messages && messages->size() == (instructions.empty() ? 1 : 2));
    const auto last = json::object_of(messages->at(messages->size() - 1).value());
    require(last && json::string_at(*last, "content") == repaired(prompt));
    return 0;
}
