#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/detail/socks5.hpp>
#include <conclave/version.hpp>

namespace conclave::net {

namespace detail {

/// A failure of a proxy. Nothing that the proxy said is in its text, nor our credentials.
inline error proxy_error(const http::proxy& via, const std::string& what, bool may_pass,
                         const error_code& cause = {}) {
    error_details details;
    details.cause = cause;
    details.should_retry = may_pass;
    return error(errc::proxy_failed, "proxy " + via.origin() + ": " + what, std::move(details));
}

/// `host:port`, as CONNECT has it.
inline std::string host_and_port(const http::url& to) {
    return to.origin().substr(to.scheme().size() + 3);
}

inline std::string basic_credentials(const http::proxy& via) {
    const std::string plain = via.user() + ":" + via.password();
    std::string base64((plain.size() + 2) / 3 * 4 + 1, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                    reinterpret_cast<const unsigned char*>(plain.data()),
                    static_cast<int>(plain.size()));
    base64.pop_back();
    return "Basic " + base64;
}

inline http::request_head connect_head(const http::proxy& via, const http::url& to) {
    http::request_head head;
    head.method = "CONNECT";
    head.target = host_and_port(to);
    bool refused = static_cast<bool>(head.header.add("Host", head.target));
    refused |=
        static_cast<bool>(head.header.add("User-Agent", "conclave/" CONCLAVE_VERSION_STRING));
    if (via.has_credentials()) {
        refused |=
            static_cast<bool>(head.header.add("Proxy-Authorization", basic_credentials(via)));
    }
    if (refused) throw proxy_error(via, "a request for it cannot be written", false);
    return head;
}

/// What a proxy answered instead of `200`.
inline error connect_refusal(const http::proxy& via, int status) {
    const std::string text = "it answered " + std::to_string(status) + " to CONNECT";
    // Tinyproxy says 401 to a user whom it does not know.
    if (status == 407 || status == 401) {
        const char* why = via.has_credentials() ? ": it does not accept the user and password"
                                                : ": it asks for a user and password";
        return proxy_error(via, text + why, false);
    }
    return proxy_error(via, text, status >= 500);
}

}  // namespace detail

/// Has a proxy that `through` is connected to make a connection to the host and port of `to`, after
/// which `through` leads there. `Stream` is `net::stream` or alike.
///
/// Throws `error` with `errc::proxy_failed`. A server that is reached so, and speaks before it was
/// spoken to, is refused.
///
/// Cancellation: terminal; the stream is of no more use.
template <class Stream>
class proxy_tunnel {
public:
    proxy_tunnel(Stream& through, const http::proxy& via, const http::url& to)
        : stream_(through), via_(via), to_(to) {}

    /// Does what the proxy's protocol asks for.
    asio::awaitable<void> open() {
        if (via_.kind() == http::proxy::protocol::http) {
            co_await open_with_http();
        } else {
            co_await open_with_socks5();
        }
    }

private:
    asio::awaitable<void> open_with_http() {
        std::string text;
        if (http::write_head(detail::connect_head(via_, to_), text)) {
            throw detail::proxy_error(via_, "a request for it cannot be written", false);
        }
        co_await send(text);
        constexpr int max_interim_heads = 16;
        for (int interim = 0; interim <= max_interim_heads; ++interim) {
            const http::response_head head = co_await read_head();
            if (http::is_interim(head)) continue;
            if (head.status < 200 || head.status > 299) {
                throw detail::connect_refusal(via_, head.status);
            }
            if (!unread_.empty()) throw detail::proxy_error(via_, "bytes behind its answer", false);
            co_return;
        }
        throw detail::proxy_error(via_, "too many interim replies", false);
    }

    asio::awaitable<http::response_head> read_head() {
        http::response_parser parser;
        while (!parser.done()) {
            if (unread_.empty()) co_await receive(buffer_.size());
            unread_.remove_prefix(parser.feed(unread_));
            if (parser.error() == errc::head_too_large) {
                throw detail::proxy_error(via_, "the head of its answer is too large", false);
            }
            if (parser.error()) {
                throw detail::proxy_error(via_, "its answer is not well-formed HTTP", false);
            }
        }
        co_return parser.release();
    }

    asio::awaitable<void> open_with_socks5() {
        namespace socks5 = detail::socks5;
        co_await send(socks5::greeting(via_.has_credentials()));
        const std::string choice = co_await read_exactly(2);
        if (choice[0] != socks5::version) refuse("its answer is not SOCKS5");
        if (choice[1] == socks5::with_password && via_.has_credentials()) {
            co_await send(socks5::credentials(via_.user(), via_.password()));
            const std::string verdict = co_await read_exactly(2);
            if (verdict[1] != 0) refuse("it does not accept the user and password");
        } else if (choice[1] == socks5::nothing_acceptable || choice[1] == socks5::with_password) {
            refuse(via_.has_credentials() ? "it accepts no authentication that we know"
                                          : "it asks for a user and password");
        } else if (choice[1] != socks5::without_authentication) {
            refuse("it chose an authentication that was not offered");
        }
        co_await send(socks5::connect_request(to_.host(), to_.port()));
        const std::string reply = co_await read_exactly(5);
        if (reply[0] != socks5::version) refuse("its answer is not SOCKS5");
        if (reply[1] != 0) {
            const bool may_pass = socks5::is_transient(reply[1]);
            throw detail::proxy_error(via_, socks5::refusal(reply[1]), may_pass);
        }
        const std::size_t rest = socks5::bytes_left(reply[3], reply[4]);
        if (rest == 0) refuse("its answer has an address of no known type");
        co_await read_exactly(rest);
    }

    [[noreturn]] void refuse(const char* what) const {
        throw detail::proxy_error(via_, what, false);
    }

    asio::awaitable<void> send(std::string text) {
        const std::array<asio::const_buffer, 2> buffers = {asio::buffer(text),
                                                           asio::const_buffer()};
        error_code failure;
        co_await stream_.write(buffers, failure);
        if (failure) throw lost(failure);
    }

    // Never more than is asked for: what comes behind is not ours to read.
    asio::awaitable<void> receive(std::size_t most) {
        error_code failure;
        const std::size_t size =
            co_await stream_.read_some(asio::buffer(buffer_.data(), most), failure);
        if (failure) throw lost(failure);
        unread_ = std::string_view(buffer_.data(), size);
    }

    asio::awaitable<std::string> read_exactly(std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) {
            co_await receive(size - bytes.size());
            bytes += unread_;
        }
        unread_ = {};
        co_return bytes;
    }

    error lost(const error_code& failure) const {
        if (failure == asio::error::eof) {
            return detail::proxy_error(via_, "it closed the connection", true, failure);
        }
        return detail::proxy_error(via_, failure.message(), true, failure);
    }

    Stream& stream_;
    const http::proxy& via_;
    const http::url& to_;
    std::array<char, 4096> buffer_{};
    std::string_view unread_;
};

}  // namespace conclave::net
