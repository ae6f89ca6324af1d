// TLS over a layer that is no socket: what it reads, and whether it can be written to, is up to the
// test.

#include "made_certificates.hpp"

#include <conclave/net/detail/tls_layer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace conclave;
using namespace running;
using net::error_code;

enum class direction { none, read, write };

/// Gives what it was given, so much of it in one call, and blocks before each further call.
class memory_layer final : public net::detail::byte_layer {
public:
    std::size_t read(asio::mutable_buffer into, error_code& failure) override {
        ++reads;
        const std::size_t size = std::min({into.size(), incoming.size(), piece});
        const bool blocks = size == 0 || (blocks_between && !has_blocked_);
        has_blocked_ = blocks;
        if (blocks) return fail(size == 0 ? end : std::nullopt, direction::read, failure);
        failure = {};
        std::memcpy(into.data(), incoming.data(), size);
        incoming.erase(0, size);
        return size;
    }

    std::size_t write(asio::const_buffer from, error_code& failure) override {
        ++writes;
        const std::size_t size = std::min({from.size(), room, piece});
        if (size == 0) return fail(std::nullopt, direction::write, failure);
        failure = {};
        outgoing.append(static_cast<const char*>(from.data()), size);
        room -= size;
        return size;
    }

    std::string incoming;
    std::string outgoing;
    std::size_t piece = 1 << 20;
    std::size_t room = 1 << 30;
    bool blocks_between = false;
    /// What comes after the last byte; nothing: it blocks.
    std::optional<error_code> end;
    int reads = 0;
    int writes = 0;
    direction lacks = direction::none;

private:
    std::size_t fail(std::optional<error_code> what, direction lacked, error_code& failure) {
        failure = what.value_or(asio::error::would_block);
        if (!what) lacks = lacked;
        return 0;
    }

    bool has_blocked_ = false;
};

/// The server's side, which works on strings.
class memory_server {
public:
    explicit memory_server(asio::ssl::context& context) : tls_(SSL_new(context.native_handle())) {
        SSL_set_bio(tls_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        BIO_set_mem_eof_return(SSL_get_rbio(tls_.get()), -1);
        SSL_set_accept_state(tls_.get());
    }

    void take(std::string& bytes) {
        BIO_write(SSL_get_rbio(tls_.get()), bytes.data(), static_cast<int>(bytes.size()));
        bytes.clear();
        ERR_clear_error();
        if (SSL_is_init_finished(tls_.get()) == 0) SSL_do_handshake(tls_.get());
    }
    std::string give() {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(tls_.get()), &bytes);
        std::string text(bytes, static_cast<std::size_t>(size));
        (void)BIO_reset(SSL_get_wbio(tls_.get()));
        return text;
    }
    void write(std::string_view text) {
        ASSERT_EQ(SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())),
                  static_cast<int>(text.size()));
    }
    /// What has come, one record; empty if none has.
    std::string read() {
        std::string text(20'000, '\0');
        const int size = SSL_read(tls_.get(), text.data(), static_cast<int>(text.size()));
        text.resize(static_cast<std::size_t>(std::max(size, 0)));
        return text;
    }
    SSL* native_handle() { return tls_.get(); }

private:
    struct release {
        void operator()(SSL* tls) const { SSL_free(tls); }
    };
    std::unique_ptr<SSL, release> tls_;
};

class TlsLayer : public ::testing::Test {
protected:
    TlsLayer() : server_context_(asio::ssl::context::tls_server) {
        const std::string pem = certificate_.pem();
        const std::string key = certificate_.key_pem();
        server_context_.use_certificate(asio::buffer(pem), asio::ssl::context::pem);
        server_context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
        start();
    }

    void start() {
        client.reset();
        below = std::make_unique<memory_layer>();
        client = std::make_unique<net::detail::tls_layer>(*below, client_context_);
        server = std::make_unique<memory_server>(server_context_);
    }

    // Moves all bytes that wait.
    void carry() {
        server->take(below->outgoing);
        below->incoming += server->give();
    }

    void shake_hands() {
        failure = asio::error::would_block;
        for (int i = 0; i < 100'000 && failure == asio::error::would_block; ++i) {
            client->shake_hands(failure);
            carry();
        }
        ASSERT_FALSE(failure) << failure.message();
    }

    // Tries for as long as nothing but blocking keeps it from a text.
    std::string read(int tries = 1) {
        std::string text(20'000, '\0');
        std::size_t size = 0;
        for (int i = 0; i < tries; ++i) {
            size = client->read(asio::buffer(text), failure);
            if (failure != asio::error::would_block) break;
        }
        text.resize(size);
        return text;
    }

    const made_certificate certificate_ = make_certificate(server_plan("DNS:a.test"));
    asio::ssl::context server_context_;
    asio::ssl::context client_context_{asio::ssl::context::tls_client};
    std::unique_ptr<memory_layer> below;
    std::unique_ptr<net::detail::tls_layer> client;
    std::unique_ptr<memory_server> server;
    error_code failure;
};

TEST_F(TlsLayer, TakesRecordsThatAreCutAtEveryByte) {
    for (const std::size_t piece : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 21u, 22u, 23u}) {
        start();
        below->piece = piece;
        below->blocks_between = true;
        shake_hands();
        server->write("one");
        server->write(std::string(16'384, '2'));
        server->write("three");
        carry();
        EXPECT_EQ(read(100'000), "one") << piece;
        EXPECT_EQ(read(100'000), std::string(16'384, '2')) << piece;
        EXPECT_EQ(read(100'000), "three") << piece;
        read(100);
        EXPECT_EQ(failure, asio::error::would_block) << piece;
    }
}

TEST_F(TlsLayer, WritesWhereverTheLayerBelowBlocks) {
    shake_hands();
    const std::string text(1'000, 'x');
    below->room = 0;
    std::size_t written = 0;
    for (int i = 0; i < 10'000 && written == 0; ++i) {
        written = client->write(asio::buffer(text), failure);
        below->room = 1;
    }
    EXPECT_EQ(written, text.size());
    carry();
    EXPECT_EQ(server->read(), text);
}

TEST_F(TlsLayer, ReadsAllRecordsThatHaveComeWithOneCallOfTheLayerBelow) {
    shake_hands();
    read();
    for (int i = 0; i < 10; ++i)
        server->write("token");
    carry();
    below->reads = 0;
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(read(), "token");
    EXPECT_EQ(below->reads, 1);
    read();
    EXPECT_EQ(failure, asio::error::would_block);
    EXPECT_EQ(below->reads, 2);
}

TEST_F(TlsLayer, WritesARecordWithOneCallOfTheLayerBelow) {
    shake_hands();
    below->writes = 0;
    const std::string text(16'384, 'x');
    EXPECT_EQ(client->write(asio::buffer(text), failure), text.size());
    EXPECT_EQ(below->writes, 1);
}

TEST_F(TlsLayer, WaitsToWriteWhereReadingMeansToAnswerFirst) {
    SSL_CTX_set_max_proto_version(server_context_.native_handle(), TLS1_2_VERSION);
    start();
    shake_hands();
    ASSERT_EQ(SSL_renegotiate(server->native_handle()), 1);
    SSL_do_handshake(server->native_handle());
    carry();
    below->room = 0;
    below->lacks = direction::none;
    EXPECT_EQ(read(), "");
    EXPECT_EQ(failure, asio::error::would_block);
    EXPECT_EQ(below->lacks, direction::write);
    below->room = 1 << 20;
    for (int i = 0; i < 10 && SSL_renegotiate_pending(server->native_handle()) == 1; ++i) {
        EXPECT_EQ(read(), "");
        EXPECT_EQ(failure, asio::error::would_block) << failure.message();
        EXPECT_EQ(below->lacks, direction::read);
        carry();
        server->read();
        carry();
    }
    server->write("in the end");
    carry();
    EXPECT_EQ(read(), "in the end") << failure.message();
}

TEST_F(TlsLayer, AnswersNewKeysAlsoWhereItHasToWaitForThat) {
    shake_hands();
    read();
    ASSERT_EQ(SSL_key_update(server->native_handle(), SSL_KEY_UPDATE_REQUESTED), 1);
    server->write("with new keys");
    carry();
    EXPECT_EQ(read(), "with new keys");
    below->room = 10;
    EXPECT_EQ(client->write(asio::buffer("mine too", 8), failure), 0u);
    EXPECT_EQ(failure, asio::error::would_block);
    EXPECT_EQ(below->lacks, direction::write);
    below->room = 1 << 20;
    EXPECT_EQ(client->write(asio::buffer("mine too", 8), failure), 8u);
    carry();
    EXPECT_EQ(server->read(), "mine too");
}

TEST_F(TlsLayer, TellsTheGoodbyeFromAnEnd) {
    shake_hands();
    read();
    SSL_shutdown(server->native_handle());
    carry();
    below->end = asio::error::eof;
    for (int i = 0; i < 2; ++i) {
        read();
        EXPECT_EQ(failure, asio::error::eof) << failure.message();
    }
    start();
    shake_hands();
    read();
    below->end = asio::error::eof;
    for (int i = 0; i < 2; ++i) {
        read();
        EXPECT_EQ(failure, asio::ssl::error::stream_truncated) << failure.message();
    }
}

TEST_F(TlsLayer, LeavesTheErrorsOfTheSocketAsTheyAre) {
    shake_hands();
    read();
    below->end = asio::error::connection_reset;
    read();
    EXPECT_EQ(failure, asio::error::connection_reset) << failure.message();
    start();
    below->end = asio::error::timed_out;
    client->shake_hands(failure);
    EXPECT_EQ(failure, asio::error::timed_out) << failure.message();
}

TEST_F(TlsLayer, ReportsWhatOpenSslRefuses) {
    shake_hands();
    read();
    server->write("text");
    carry();
    below->incoming.back() = static_cast<char>(below->incoming.back() ^ 1);
    read();
    EXPECT_EQ(failure.category(), asio::error::get_ssl_category()) << failure.message();
    EXPECT_EQ(ERR_GET_REASON(static_cast<unsigned long>(failure.value())),
              SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC);
}

TEST_F(TlsLayer, IsNotConfusedByWhatOthersLeftOnTheQueueOfErrors) {
    shake_hands();
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7);
    read();
    EXPECT_EQ(failure, asio::error::would_block) << failure.message();
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 7);
    EXPECT_EQ(ERR_get_error(), 0u);
}

// Its alert goes through the layer around it, which clears the queue of errors.
TEST_F(TlsLayer, InsideAnotherReportsItsOwnError) {
    shake_hands();
    asio::ssl::context trusts_nobody(asio::ssl::context::tls_client);
    trusts_nobody.set_verify_mode(asio::ssl::verify_peer);
    net::detail::tls_layer inner(*client, trusts_nobody);
    memory_server within(server_context_);
    failure = asio::error::would_block;
    for (int i = 0; i < 10 && failure == asio::error::would_block; ++i) {
        inner.shake_hands(failure);
        carry();
        std::string text = server->read();
        within.take(text);
        text = within.give();
        if (!text.empty()) server->write(text);
        carry();
    }
    EXPECT_EQ(failure.category(), asio::error::get_ssl_category()) << failure.message();
    EXPECT_EQ(ERR_GET_REASON(static_cast<unsigned long>(failure.value())),
              SSL_R_CERTIFICATE_VERIFY_FAILED);
}

}  // namespace
