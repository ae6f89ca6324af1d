// The field reader on any text, with any bytes behind it: it takes what the reader of whole
// documents takes, and no more but what that one refuses for its own limits; no view leaves the
// text.

#include <conclave/json/fields.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <conclave/json/document.hpp>

namespace {

namespace json = conclave::json;

void require(bool condition) {
    if (!condition) std::abort();
}

struct looker {
    json::field_reader& fields;
    std::string_view text;
    int depth;

    void check(std::string_view view) const {
        require(view.size() <= text.size());
        if (view.data() < text.data() || view.data() > text.data() + text.size() + 64) return;
        require(view.data() + view.size() <= text.data() + text.size());
    }
    void operator()(std::string_view key, json::value& value) const {
        check(key);
        (*this)(value);
    }
    // Looks at all of some values and skips others.
    void operator()(json::value& value) const {
        if (depth == 0) return;
        const looker inside{fields, text, depth - 1};
        if (const auto string = fields.string(value)) return check(*string);
        if (fields.each_member(value, inside) || fields.each_element(value, inside)) return;
        if (json::field_reader::kind_of(value) == json::kind::number) check(fields.digits(value));
    }
};

// What RFC 8259 allows and simdjson does not: huge numbers, halves of surrogate pairs, and more
// nesting.
bool has_unusual_parts(std::string_view text) {
    std::size_t digits = 0, brackets = 0;
    bool exponent = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        digits += is_digit ? 1 : 0;
        brackets += text[i] == '{' || text[i] == '[' ? 1 : 0;
        exponent |= is_digit && i + 1 < text.size() && (text[i + 1] | 0x20) == 'e';
    }
    return digits > 18 || brackets > 1000 || exponent || text.find("\\ud") != text.npos ||
           text.find("\\uD") != text.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    // the first byte says how much of the rest is the text, the other lies behind it
    std::string buffer(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const std::size_t behind = std::min<std::size_t>(bytes[0] % 64, buffer.size());
    const std::size_t length = buffer.size() - behind;
    buffer.append(json::field_reader::padding - behind, '"');
    const std::string_view text(buffer.data(), length);

    static json::field_reader fields;
    for (const int depth : {0, 2, 100}) {
        const bool taken = !fields.read(text, looker{fields, text, depth});
        const bool is_object = json::is_object_text(text);
        require(!is_object || taken);
        require(!taken || is_object || has_unusual_parts(text));
    }
    return 0;
}
