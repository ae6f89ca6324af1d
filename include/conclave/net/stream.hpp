#pragma once

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/detail/tls_layer.hpp>
#include <conclave/net/tls_sessions.hpp>

namespace conclave::net {

/// A connected byte stream: TCP, or TLS over it, or TLS inside the TLS of a proxy. Movable while no
/// operation runs; one operation at a time.
///
/// Cancellation: terminal. A cancelled TLS operation leaves a stream that can only be closed.
class stream {
public:
    /// A stream without TLS on a connected socket.
    explicit stream(asio::ip::tcp::socket socket)
        : lowest_(std::make_unique<detail::socket_layer>(std::move(socket))) {}

    /// Shakes hands as a client of `host`, whose name the server's certificate has to bear: in its
    /// alternative names, since a common name is none. A second call speaks TLS inside the first,
    /// and there is no third. Throws `error` with `errc::tls_failed`, and with
    /// `errc::connection_lost` when the peer closes before it is done. Resumes a session with
    /// `origin` from `sessions`, and keeps there what the server offers; null: neither.
    asio::awaitable<void> start_tls(asio::ssl::context& context, std::string host,
                                    std::shared_ptr<tls_sessions> sessions = nullptr,
                                    std::string origin = std::string()) {
        error_code failure;
        lowest_->socket.non_blocking(true, failure);
        if (tls_) around_ = std::move(tls_);
        detail::byte_layer* below = around_.get();
        if (below == nullptr) below = lowest_.get();
        tls_ = std::make_unique<detail::tls_layer>(*below, context);
        SSL* const tls = tls_->native_handle();
        name_server(tls, host);
        if (sessions) sessions->attach(tls, origin);
        if (!failure) co_await shake_hands(failure);
        if (!failure) co_return;
        if (sessions) sessions->forget(origin);
        throw handshake_error(tls, host, failure);
    }

    /// Reads what has come, at least a byte; sets `failure` at the end of the stream too.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& failure) {
        if (!tls_) {
            return lowest_->socket.async_read_some(
                into, asio::redirect_error(asio::use_awaitable, failure));
        }
        const auto read = [tls = tls_.get(), into](error_code& why) {
            return tls->read(into, why);
        };
        return when_ready(read, failure);
    }

    /// Writes all of both buffers, in as few segments as the kernel takes.
    asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> from,
                                       error_code& failure) {
        if (tls_) return write_records(from, failure);
        return asio::async_write(lowest_->socket, from,
                                 asio::redirect_error(asio::use_awaitable, failure));
    }

    /// Reads what is there already, without waiting: `would_block` in `failure` when nothing is.
    std::size_t read_available(asio::mutable_buffer into, error_code& failure) {
        if (tls_) return tls_->read(into, failure);
        lowest_->socket.non_blocking(true, failure);
        return failure ? 0 : lowest_->read(into, failure);
    }

    /// Closes the socket at once, without TLS's goodbye, for which a peer might let us wait.
    void close() noexcept {
        error_code ignored;
        if (lowest_) lowest_->socket.close(ignored);
    }

    /// Closes the socket and drops what was written and not yet taken by the peer, which sees a
    /// reset.
    void reset() noexcept {
        error_code ignored;
        if (lowest_) lowest_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
        close();
    }

    /// Whether neither `close` nor `reset` was called.
    bool is_open() const noexcept { return lowest_ && lowest_->socket.is_open(); }

private:
    // The content of a TLS record, at most.
    static constexpr std::size_t record_size = SSL3_RT_MAX_PLAIN_LENGTH;

    asio::awaitable<void> shake_hands(error_code& failure) {
        const auto go_on = [tls = tls_.get()](error_code& why) {
            tls->shake_hands(why);
            return std::size_t{0};
        };
        co_await when_ready(go_on, failure);
    }

    // A small head leaves in one record with what fits of the body behind it.
    asio::awaitable<std::size_t> write_records(std::array<asio::const_buffer, 2> from,
                                               error_code& failure) {
        const std::size_t head = from[0].size();
        const std::size_t beside =
            std::min((record_size - head % record_size) % record_size, from[1].size());
        std::string joined(static_cast<const char*>(from[0].data()), head);
        joined.append(static_cast<const char*>(from[1].data()), beside);
        const std::array<asio::const_buffer, 2> parts = {asio::buffer(joined), from[1] + beside};
        const std::size_t whole = head + from[1].size();
        std::size_t written = 0;
        asio::const_buffer left;
        const auto write_one = [tls = tls_.get(), &left](error_code& why) {
            return tls->write(left, why);
        };
        failure = {};
        for (const asio::const_buffer& part : parts) {
            left = part;
            while (left.size() > 0 && !failure) {
                const std::size_t size = co_await when_ready(write_one, failure);
                written += size;
                left += size;
                // A cancel that came between two records would be thrown by the next wait.
                const auto state = co_await asio::this_coro::cancellation_state;
                const bool is_cancelled = state.cancelled() != asio::cancellation_type::none;
                if (is_cancelled && written < whole) failure = asio::error::operation_aborted;
            }
        }
        co_return written;
    }

    // Does `attempt` again each time that the socket is ready for what it lacked. Lets others run
    // in any case, as operations of Asio do, so that a fast peer does not keep clocks from us.
    template <class Attempt>
    asio::awaitable<std::size_t> when_ready(Attempt attempt, error_code& failure) {
        std::size_t size = attempt(failure);
        if (failure != asio::error::would_block) {
            co_await asio::post(asio::use_awaitable);
            co_return size;
        }
        while (failure == asio::error::would_block) {
            co_await lowest_->socket.async_wait(lowest_->lacks(),
                                                asio::redirect_error(asio::use_awaitable, failure));
            const auto state = co_await asio::this_coro::cancellation_state;
            if (!failure && state.cancelled() != asio::cancellation_type::none) {
                failure = asio::error::operation_aborted;
            }
            if (failure) co_return 0;
            size = attempt(failure);
        }
        co_return size;
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

    // Each is where the one below it in this list can point to, whoever the stream is moved to.
    std::unique_ptr<detail::socket_layer> lowest_;
    std::unique_ptr<detail::tls_layer> around_;
    std::unique_ptr<detail::tls_layer> tls_;
};

}  // namespace conclave::net
