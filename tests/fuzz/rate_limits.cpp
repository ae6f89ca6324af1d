// Rate limits in header fields of any name and value, one on each line. What is read is bounded and
// never negative.

#include <conclave/wire/rate_limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <conclave/http/fields.hpp>

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(bytes), size);
    conclave::http::fields header;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t colon = line.find(':');
        if (colon == line.npos) continue;
        // What HTTP does not allow does not get that far.
        (void)header.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1'795'275'441)};
    const auto limits = conclave::wire::read_rate_limits(header, now);
    require(limits.size() <= 16);
    for (const conclave::rate_limit& each : limits) {
        require(each.limit || each.remaining || each.reset);
        require(each.name.size() <= 64);
        for (const char byte : each.name)
            require(byte > ' ' && byte < 0x7F);
        require(each.limit.value_or(0) >= 0 && each.remaining.value_or(0) >= 0);
        const auto wait = each.reset.value_or(std::chrono::milliseconds(0));
        require(wait.count() >= 0 && wait.count() <= 1'000'000'000'000);
    }
    return 0;
}
