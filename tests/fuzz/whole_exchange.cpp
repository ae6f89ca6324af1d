// Whole calls, of which the server is a script of bytes: whatever it says, and however that is cut,
// the call ends, with the same answer or the same error, and shows what it answers.

#include <conclave/client/complete.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "../client/tells_key.hpp"

namespace {

using namespace conclave;

constexpr std::string_view key = "sk-canary-0123456789";

void require(bool condition) {
    if (!condition) std::abort();
}

/// What every connection says, and in pieces of which size.
struct script {
    std::string_view bytes;
    std::size_t piece = 1;
};
script current;

class script_stream {
public:
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, net::error_code& failure) {
        const std::size_t size = std::min({left_.size(), current.piece, into.size()});
        failure = size == 0 ? net::error_code(asio::error::eof) : net::error_code();
        std::memcpy(into.data(), left_.data(), size);
        left_.remove_prefix(size);
        co_return size;
    }
    asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> from,
                                       net::error_code& failure) {
        failure = {};
        co_return from[0].size() + from[1].size();
    }
    std::size_t read_available(asio::mutable_buffer, net::error_code& failure) {
        failure = asio::error::would_block;
        return 0;
    }
    void close() noexcept {}
    void reset() noexcept {}

private:
    std::string_view left_ = current.bytes;
};

class script_transport {
public:
    using stream_type = script_stream;
    using timer_type = asio::steady_timer;
    using clock_type = timer_type::clock_type;
    using wall_clock_type = std::chrono::system_clock;

    template <class... Options>
    explicit script_transport(const Options&...) {}

    void prepare_tls() {}
    asio::awaitable<script_stream> connect(http::url, net::connect_options,
                                           net::clocks<timer_type>&) {
        co_return script_stream();
    }
    static std::uint64_t random() { return 1; }
};

struct outcome {
    std::optional<errc> failure;
    std::string text;
    std::string reasoning;

    bool operator==(const outcome&) const = default;
};

client_options options() {
    client_options made;
    made.endpoints.emplace_back("http://localhost/v1", std::string(key));
    made.limits.event_size = 4096;
    made.limits.body_size = 16 * 1024;
    made.max_redirects = 1;
    return made;
}

outcome ask(script server) {
    current = server;
    outcome result;
    std::string shown;
    asio::io_context context;
    basic_client<script_transport> via(context, options());
    auto on_delta = [&shown](const delta& piece) { shown += piece.text; };
    const auto on_end = [&](std::exception_ptr thrown, const completion& answer) {
        result.text = answer.text;
        result.reasoning = answer.reasoning;
        try {
            if (thrown) std::rethrow_exception(thrown);
            require(shown == answer.text);
        } catch (const error& failure) {
            result.failure = static_cast<errc>(failure.code().value());
            const std::string_view what = failure.what();
            require(!what.empty() && !tests::tells_key(what, key));
        }
    };
    auto question = call("m", "Why?").max_retries(0);
    asio::co_spawn(context, complete(via, question, on_delta), on_end);
    context.run();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const outcome whole = ask({bytes, bytes.size() + 1});
    require(ask({bytes, 1}) == whole);
    require(ask({bytes, data[0] + 2u}) == whole);
    return 0;
}
