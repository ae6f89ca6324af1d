// Bodies of every framing: whatever the bytes, cutting them anywhere changes nothing, and the
// payload stays inside the input.

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace {

namespace http = conclave::http;

void require(bool condition) {
    if (!condition) std::abort();
}

http::body_decoder choose(unsigned kind) {
    http::response_head head;
    head.status = 200;
    std::error_code error;
    if (kind % 8 == 0) error = head.header.add("Content-Length", std::to_string(kind));
    if (kind % 8 > 1) error = head.header.add("Transfer-Encoding", "chunked");
    require(!error);
    http::body_decoder decoder;
    require(!http::body_decoder::for_response("GET", head, decoder));
    return decoder;
}

struct outcome {
    std::string body;
    std::size_t consumed = 0;
    bool done = false;
    std::error_code error;

    bool operator==(const outcome&) const = default;
};

/// Decodes the text in pieces of `first` bytes, then of `step`.
outcome decode(http::body_decoder decoder, std::string_view text, std::size_t first,
               std::size_t step) {
    outcome result;
    for (std::size_t at = 0, length = first; at < text.size(); at += length, length = step) {
        std::string buffer(text.substr(at, length));
        length = buffer.size();
        const http::body_decoder::piece decoded = decoder.decode(buffer);
        require(decoded.consumed <= length && decoded.payload.size() <= decoded.consumed);
        require(decoded.payload.data() >= buffer.data());
        require(decoded.payload.data() + decoded.payload.size() <= buffer.data() + length);
        result.body.append(decoded.payload.data(), decoded.payload.size());
        result.consumed += decoded.consumed;
        if (decoded.consumed == length) continue;
        require(decoder.done() || decoder.error());
        break;
    }
    result.done = decoder.done();
    result.error = decoder.error();
    require(!(result.done && result.error));
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const http::body_decoder decoder = choose(data[0]);
    const outcome whole = decode(decoder, text, text.size(), 1);
    const std::size_t step = data[1] % 16 + 1u;
    require(decode(decoder, text, 1, 1) == whole);
    require(decode(decoder, text, step, step) == whole);
    require(decode(decoder, text, std::min<std::size_t>(data[1], text.size() - 1) + 1,
                   text.size()) == whole);
    return 0;
}
