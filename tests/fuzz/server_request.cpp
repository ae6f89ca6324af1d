// The strict filter in front of the server's HTTP library: whatever the bytes, a cut in two changes
// nothing, limits hold, and what it wrote is read again as the same.

#include "../../examples/server/request_filter.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

struct outcome {
    std::string written;
    std::size_t consumed = 0;
    int refusal = 0;
    bool complete = false;
};

void require(bool condition) {
    if (!condition) std::abort();
}

server::http_limits limits(std::size_t head_size) {
    server::http_limits small;
    small.head_size = head_size;
    small.body_size = 256;
    return small;
}

outcome filter(std::string first, std::string second, std::size_t head_size = 512) {
    server::request_filter filter(limits(head_size));
    outcome seen;
    for (std::string* piece : {&first, &second}) {
        if (piece->empty() || filter.complete() || filter.refusal() != 0) continue;
        const std::size_t taken = filter.feed(std::span<char>(*piece), seen.written);
        require(taken <= piece->size());
        seen.consumed += taken;
        if (taken < piece->size()) require(filter.complete() || filter.refusal() != 0);
    }
    seen.refusal = filter.refusal();
    seen.complete = filter.complete();
    return seen;
}

// The sizes of chunks are those of the pieces in which they came.
std::string without_chunks(const outcome& seen) {
    const std::size_t body = seen.written.find("\r\n\r\n");
    if (seen.written.find("\r\ntransfer-encoding: chunked\r\n") >= body) return seen.written;
    return seen.written.substr(0, body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t cut = data[0] % (text.size() + 1);
    const outcome whole = filter(text, "");
    const outcome split = filter(text.substr(0, cut), text.substr(cut));
    require(whole.refusal == split.refusal);
    require(whole.complete == split.complete);
    if (whole.refusal != 0) return 0;
    require(whole.consumed == split.consumed);
    require(without_chunks(whole) == without_chunks(split));
    if (!whole.complete) return 0;

    // It may say more than what it read.
    const outcome again = filter(whole.written, "", 1024);
    require(again.complete && again.refusal == 0);
    require(again.consumed == whole.written.size());
    require(again.written == whole.written);
    return 0;
}
