// A reply with embeddings, from any bytes: the first says how many were asked for. What is accepted
// is one vector for each text, all of one length and of finite numbers, and is accepted again when
// it is written anew.

#include <conclave/wire/embeddings.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <conclave/json/writer.hpp>

namespace {

using conclave::embedding_result;

void require(bool condition) {
    if (!condition) std::abort();
}

std::string written(const std::vector<std::vector<float>>& vectors) {
    std::string body;
    conclave::json::writer out(body);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for (std::size_t i = vectors.size(); i > 0; --i) {  // the order does not matter
        out.begin_object();
        out.member("index", i - 1);
        out.key("embedding");
        out.begin_array();
        for (const float number : vectors[i - 1])
            out.number(static_cast<double>(number));
        out.end_array();
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t count = 1 + bytes[0] % 4;
    const std::string_view body(reinterpret_cast<const char*>(bytes) + 1, size - 1);

    embedding_result read;
    if (const auto failed = conclave::wire::read_embedding_reply(body, count, read)) {
        require(!failed->message.empty() && failed->message.size() < 1100);
        require(simdjson::validate_utf8(failed->message));
        require(read.vectors.empty());
        return 0;
    }
    require(read.vectors.size() == count);
    for (const auto& vector : read.vectors) {
        require(!vector.empty() && vector.size() == read.vectors.front().size());
        for (const float number : vector)
            require(std::isfinite(number));
    }
    require(simdjson::validate_utf8(read.model));
    if (read.usage) require(read.usage->input_tokens >= 0 && read.usage->output_tokens == 0);
    if (read.cost) require(*read.cost >= 0);

    embedding_result again;
    require(!conclave::wire::read_embedding_reply(written(read.vectors), count, again));
    require(again.vectors == read.vectors);
    return 0;
}
