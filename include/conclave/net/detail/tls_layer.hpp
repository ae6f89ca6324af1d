#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <conclave/net/asio.hpp>

namespace conclave::net::detail {

/// A connected byte stream that never waits: what cannot be done now fails with `would_block`.
class byte_layer {
public:
    byte_layer() = default;
    virtual ~byte_layer() = default;
    byte_layer(const byte_layer&) = delete;
    byte_layer& operator=(const byte_layer&) = delete;

    /// Reads at least a byte; `eof` in `failure` at the end.
    virtual std::size_t read(asio::mutable_buffer into, error_code& failure) = 0;

    /// Writes at least a byte.
    virtual std::size_t write(asio::const_buffer from, error_code& failure) = 0;
};

/// A TCP socket as the lowest layer.
class socket_layer final : public byte_layer {
public:
    using wait_type = asio::ip::tcp::socket::wait_type;

    explicit socket_layer(asio::ip::tcp::socket connected) : socket(std::move(connected)) {}

    std::size_t read(asio::mutable_buffer into, error_code& failure) override {
        const std::size_t size = socket.read_some(into, failure);
        note(failure, asio::ip::tcp::socket::wait_read);
        return size;
    }

    std::size_t write(asio::const_buffer from, error_code& failure) override {
        const std::size_t size = socket.write_some(from, failure);
        note(failure, asio::ip::tcp::socket::wait_write);
        return size;
    }

    /// What the socket has to be ready for before what failed with `would_block` can go on. A layer
    /// above may have to write in order to read, and the other way round.
    wait_type lacks() const noexcept { return lacks_; }

    /// Has to be non-blocking.
    asio::ip::tcp::socket socket;

private:
    void note(error_code& failure, wait_type direction) noexcept {
        if (failure == asio::error::try_again) failure = asio::error::would_block;
        if (failure == asio::error::would_block) lacks_ = direction;
    }

    wait_type lacks_ = asio::ip::tcp::socket::wait_read;
};

/// A client's side of TLS over another layer. OpenSSL reads and writes that layer itself, so that
/// no byte lies in a buffer between the two, and holds buffers of its own only while part of a
/// record is in them. One operation at a time; one that blocked is done again as it was.
class tls_layer final : public byte_layer {
public:
    /// `below` has to outlive it. Throws `system_error` when OpenSSL has no memory.
    tls_layer(byte_layer& below, asio::ssl::context& context) : below_(below), tls_(make(context)) {
        SSL* const tls = tls_.get();
        SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        // Several records, or a header and its record, in one call of the layer below.
        SSL_set_read_ahead(tls, 1);
        SSL_set_connect_state(tls);
        BIO* const bio = BIO_new(method());
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
        SSL_set_bio(tls, bio, bio);
    }

    SSL* native_handle() const noexcept { return tls_.get(); }

    /// Goes on with the handshake.
    void shake_hands(error_code& failure) {
        perform([](SSL* tls) { return SSL_do_handshake(tls); }, failure);
    }

    std::size_t read(asio::mutable_buffer into, error_code& failure) override {
        std::size_t size = 0;
        perform([&](SSL* tls) { return SSL_read_ex(tls, into.data(), into.size(), &size); },
                failure);
        return size;
    }

    /// Writes one record.
    std::size_t write(asio::const_buffer from, error_code& failure) override {
        std::size_t size = 0;
        perform([&](SSL* tls) { return SSL_write_ex(tls, from.data(), from.size(), &size); },
                failure);
        return size;
    }

private:
    struct release {
        void operator()(SSL* tls) const noexcept { SSL_free(tls); }
    };

    static SSL* make(asio::ssl::context& context) {
        SSL* const tls = SSL_new(context.native_handle());
        if (tls == nullptr) throw system_error(openssl_error(ERR_get_error()), "SSL_new");
        return tls;
    }

    static error_code openssl_error(unsigned long code) {
        return error_code(static_cast<int>(code), asio::error::get_ssl_category());
    }

    template <class Operation>
    void perform(const Operation& operation, error_code& failure) {
        // Where the layer inside this one sends an alert, the queue has what that is about.
        const unsigned long earlier = ERR_peek_error();
        ERR_clear_error();
        below_failure_ = {};
        const int result = operation(tls_.get());
        failure = result > 0 ? error_code() : failure_of(result);
        ERR_clear_error();
        if (earlier != 0) ERR_raise(ERR_GET_LIB(earlier), ERR_GET_REASON(earlier));
    }

    error_code failure_of(int result) const {
        switch (SSL_get_error(tls_.get(), result)) {
            case SSL_ERROR_WANT_READ:
            case SSL_ERROR_WANT_WRITE: give_buffers_back(); return asio::error::would_block;
            case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
            case SSL_ERROR_SSL: return openssl_error(ERR_peek_error());
            default: break;
        }
        // Without TLS's goodbye before it, the end may be anybody's doing.
        if (below_failure_ == asio::error::eof) return asio::ssl::error::stream_truncated;
        return below_failure_ ? below_failure_ : asio::ssl::error::unspecified_system_error;
    }

    // 33 KiB, unless part of a record is in them. OpenSSL's own mode for this keeps the buffer that
    // it writes from when a session ticket has come, and gets the other one anew for each record.
    void give_buffers_back() const {
        SSL* const tls = tls_.get();
        // OpenSSL before 3.0.14 does not look itself whether it is within a record (CVE-2024-4741).
        const bool between_records = std::string_view(SSL_rstate_string(tls)) == "RH";
        if (between_records && SSL_has_pending(tls) == 0) SSL_free_buffers(tls);
    }

    // OpenSSL's idea of a layer below. Never freed: connections may outlive the program's statics.
    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* const fresh =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "conclave");
            if (fresh == nullptr) throw std::bad_alloc();
            BIO_meth_set_read_ex(fresh, &read_below);
            BIO_meth_set_write_ex(fresh, &write_below);
            BIO_meth_set_ctrl(fresh, &control_below);
            return fresh;
        }();
        return made;
    }

    static int read_below(BIO* bio, char* into, std::size_t most, std::size_t* size) {
        auto& self = *static_cast<tls_layer*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        *size = self.below_.read(asio::buffer(into, most), self.below_failure_);
        if (!self.below_failure_) return 1;
        if (self.below_failure_ == asio::error::would_block) BIO_set_retry_read(bio);
        return 0;
    }

    static int write_below(BIO* bio, const char* from, std::size_t most, std::size_t* size) {
        auto& self = *static_cast<tls_layer*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        *size = self.below_.write(asio::buffer(from, most), self.below_failure_);
        if (!self.below_failure_) return 1;
        if (self.below_failure_ == asio::error::would_block) BIO_set_retry_write(bio);
        return 0;
    }

    // Nothing is kept back that would have to be flushed.
    static long control_below(BIO*, int command, long, void*) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    byte_layer& below_;
    std::unique_ptr<SSL, release> tls_;
    error_code below_failure_;
};

}  // namespace conclave::net::detail
