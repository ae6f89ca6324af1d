// Any text decoded into types of every kind, with a decoder that has read all texts before: what it
// takes is JSON, what it says is wrong is there, and it says so in UTF-8.

#include <conclave/json/decode.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/json/escape.hpp>

#include "../json/described_types.hpp"

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

void check_failure(const json::decode_error& failed, std::string_view text) {
    require(!failed.message.empty() && failed.message.size() < 2000);
    require(is_utf8(failed.text()));
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    const auto code = parser.parse(text.data(), text.size()).get(root);
    if (failed.code == conclave::errc::malformed_json) {
        require(failed.instance_location.empty());
        require(code != simdjson::SUCCESS);
        return;
    }
    require(failed.code == conclave::errc::schema_mismatch);
    if (code == simdjson::NUMBER_ERROR || code == simdjson::DEPTH_ERROR) return;
    require(code == simdjson::SUCCESS);
    simdjson::dom::element found;
    require(failed.instance_location.empty() ||
            !root.at_pointer(failed.instance_location).get(found));
}

template <class T>
void decode(std::string_view text) {
    static json::decoder reused;
    T value{};
    const auto failed = reused.try_decode(text, value);
    if (failed) return check_failure(*failed, text);
    simdjson::dom::parser parser;
    const auto code = parser.parse(text.data(), text.size()).error();
    require(code == simdjson::SUCCESS || code == simdjson::NUMBER_ERROR);
}

using alternatives = std::variant<int, double, described::colour, std::string, described::circle,
                                  described::square, std::map<std::string, described::evidence>,
                                  std::vector<int>, std::vector<described::node>>;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    switch (bytes[0] % 8) {
        case 0: decode<described::everything>(text); break;
        case 1: decode<described::node>(text); break;
        case 2: decode<described::fork>(text); break;
        case 3: decode<std::vector<alternatives>>(text); break;
        case 4: decode<alternatives>(text); break;
        case 5: decode<std::vector<std::int64_t>>(text); break;
        case 6: decode<std::vector<float>>(text); break;
        case 7: decode<described::verdict>(text); break;
    }
    return 0;
}
