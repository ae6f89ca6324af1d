#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/tls_sessions.hpp>

namespace conclave::net {

/// A connected byte stream: TCP, or TLS over it, or TLS inside the TLS of a proxy. Movable; one
/// operation in each direction at a time.
///
/// Cancellation: terminal. A cancelled TLS operation leaves a stream that can only be closed.
class stream {
public:
    /// The socket once TLS has started.
    using tls_socket = asio::ssl::stream<asio::ip::tcp::socket>;

    /// A stream without TLS on a connected socket.
    explicit stream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

    /// Shakes hands as a client of `host`, whose name the server's certificate has to bear: in its
    /// alternative names, since a common name is none. A second call speaks TLS inside the first,
    /// and there is no third. Throws `error` with `errc::tls_failed`, and with
    /// `errc::connection_lost` when the peer closes before it is done. Resumes a session with
    /// `origin` from `sessions`, and keeps there what the server offers; null: neither.
    asio::awaitable<void> start_tls(asio::ssl::context& context, std::string host,
                                    std::shared_ptr<tls_sessions> sessions = nullptr,
                                    std::string origin = std::string()) {
        SSL* tls = nullptr;
        if (auto* plain = std::get_if<asio::ip::tcp::socket>(&socket_)) {
            socket_ = std::make_unique<tls_socket>(std::move(*plain), context);
            tls = std::get<secure_socket>(socket_)->native_handle();
        } else {
            socket_ =
                std::make_unique<tls_in_tls>(std::move(std::get<secure_socket>(socket_)), context);
            tls = std::get<doubly_secure_socket>(socket_)->inner.native_handle();
        }
        name_server(tls, host);
        if (sessions) sessions->attach(tls, origin);
        error_code failure;
        co_await shake_hands(failure);
        if (!failure) co_return;
        if (sessions) sessions->forget(origin);
        throw handshake_error(tls, host, failure);
    }

    /// Reads what has come, at least a byte; sets `failure` at the end of the stream too.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& failure) {
        return visit([&](auto& from) {
            return from.async_read_some(into, asio::redirect_error(asio::use_awaitable, failure));
        });
    }

    /// Writes all of both buffers, in as few segments as the kernel takes.
    asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> from,
                                       error_code& failure) {
        return visit([&](auto& to) {
            return asio::async_write(to, from, asio::redirect_error(asio::use_awaitable, failure));
        });
    }

    /// Reads what is there already, without waiting: `would_block` in `failure` when nothing is.
    std::size_t read_available(asio::mutable_buffer into, error_code& failure) {
        lowest_layer().non_blocking(true, failure);
        if (failure) return 0;
        return visit([&](auto& from) { return from.read_some(into, failure); });
    }

    /// Closes the socket at once, without TLS's goodbye, for which a peer might let us wait.
    void close() noexcept {
        error_code ignored;
        lowest_layer().close(ignored);
    }

    /// Closes the socket and drops what was written and not yet taken by the peer, which sees a
    /// reset.
    void reset() noexcept {
        error_code ignored;
        lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
        close();
    }

    /// Whether neither `close` nor `reset` was called.
    bool is_open() const noexcept { return lowest_layer().is_open(); }

private:
    using secure_socket = std::unique_ptr<tls_socket>;

    struct tls_in_tls {
        tls_in_tls(secure_socket around, asio::ssl::context& context)
            : outer(std::move(around)), inner(*outer, context) {}

        secure_socket outer;
        asio::ssl::stream<tls_socket&> inner;
    };
    using doubly_secure_socket = std::unique_ptr<tls_in_tls>;

    // Hands the layer that bytes go through to `use`.
    template <class Use>
    std::invoke_result_t<const Use&, asio::ip::tcp::socket&> visit(const Use& use) {
        if (auto* plain = std::get_if<asio::ip::tcp::socket>(&socket_)) return use(*plain);
        if (auto* secure = std::get_if<secure_socket>(&socket_)) return use(**secure);
        return use(std::get<doubly_secure_socket>(socket_)->inner);
    }

    const asio::ip::tcp::socket& lowest_layer() const noexcept {
        if (const auto* plain = std::get_if<asio::ip::tcp::socket>(&socket_)) return *plain;
        if (const auto* secure = std::get_if<secure_socket>(&socket_)) {
            return (*secure)->next_layer();
        }
        return std::get<doubly_secure_socket>(socket_)->outer->next_layer();
    }
    asio::ip::tcp::socket& lowest_layer() noexcept {
        return const_cast<asio::ip::tcp::socket&>(std::as_const(*this).lowest_layer());
    }

    asio::awaitable<void> shake_hands(error_code& failure) {
        auto token = asio::redirect_error(asio::use_awaitable, failure);
        constexpr auto as_client = asio::ssl::stream_base::client;
        if (auto* secure = std::get_if<secure_socket>(&socket_)) {
            return (*secure)->async_handshake(as_client, token);
        }
        return std::get<doubly_secure_socket>(socket_)->inner.async_handshake(as_client, token);
    }

    static void name_server(SSL* tls, const std::string& host) {
        error_code not_address;
        (void)asio::ip::make_address(host, not_address);
        // RFC 6066 §3: a literal address is no server name.
        if (not_address) SSL_set_tlsext_host_name(tls, host.c_str());
        if (SSL_get_verify_mode(tls) != SSL_VERIFY_NONE) require_name(tls, host, !not_address);
    }

    // OpenSSL looks for the name itself, so that its verdict says when it was that.
    static void require_name(SSL* tls, const std::string& host, bool is_address) {
        X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls);
        X509_VERIFY_PARAM_set_hostflags(
            wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str())
                                   : X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
        if (host.empty() || set != 1) throw error(errc::tls_failed, "no host name to verify");
    }

    static error handshake_error(const SSL* tls, const std::string& host, error_code failure) {
        std::string what = "TLS handshake failed: " + host;
        // Where nothing is verified OpenSSL still notes what it thinks of the chain.
        const bool verifies = SSL_get_verify_mode(tls) != SSL_VERIFY_NONE;
        const long verdict = verifies ? SSL_get_verify_result(tls) : X509_V_OK;
        // A peer that closes has passed no judgement, and may well be there again in a moment.
        const bool broke = failure == asio::error::eof ||
                           failure == asio::ssl::error::stream_truncated ||
                           failure.category() == asio::error::get_system_category();
        const errc code = broke && verdict == X509_V_OK ? errc::connection_lost : errc::tls_failed;
        if (verdict == X509_V_ERR_APPLICATION_VERIFICATION) {
            what += ": no public key of its chain is pinned";
        } else if (verdict != X509_V_OK) {
            what.append(": ").append(X509_verify_cert_error_string(verdict));
        } else {
            what.append(": ").append(failure.message());
        }
        error_details details;
        details.cause = failure;
        return error(code, what, std::move(details));
    }

    std::variant<asio::ip::tcp::socket, secure_socket, doubly_secure_socket> socket_;
};

}  // namespace conclave::net
