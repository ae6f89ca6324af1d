#pragma once

#include <conclave/net/asio.hpp>
#include <conclave/testing/pause_list.hpp>
#include <conclave/testing/provider_record.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/scripted_connection.hpp>
#include <conclave/testing/scripted_reply.hpp>
#include <conclave/testing/test_certificates.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace conclave::testing {

/// What certificate a `scripted_provider` shows.
enum class provider_certificate {
    /// One for `localhost`, 127.0.0.1 and ::1.
    valid,
    /// One for another host.
    wrong_host,
    /// One that was good until yesterday.
    expired,
};

/// How a `scripted_provider` is set up.
class provider_options {
public:
    /// Speaks TLS, 1.2 or newer, and shows this certificate.
    provider_options& tls(provider_certificate shown = provider_certificate::valid) {
        certificate_ = shown;
        return *this;
    }
    /// Answers 401 to every request without this key in `Authorization: Bearer`.
    provider_options& require_key(std::string key) {
        key_ = std::move(key);
        return *this;
    }

    /// The certificate to show; nothing without TLS.
    std::optional<provider_certificate> certificate() const noexcept { return certificate_; }
    /// The key to ask for; empty if every client is welcome.
    const std::string& key() const noexcept { return key_; }

private:
    std::optional<provider_certificate> certificate_;
    std::string key_;
};

/// A provider of language models on this machine, for tests: a real server on 127.0.0.1 that speaks
/// OpenAI Chat Completions over TCP, TLS, HTTP/1.1 and server-sent events, answers what it was told
/// to, misbehaves when it was told to, and remembers what it saw. No model is behind it.
///
///     scripted_provider provider;
///     provider.on("openai/gpt-5.5", answer("Use Postgres."));
///     provider.on("slow/model", answer("In time.").first_token_after(2s));
///     // … point a client at provider.base_url(), and then:
///     EXPECT_EQ(provider.requests_for("openai/gpt-5.5").size(), 1u);
///
/// It listens from its construction on, and runs on one thread of its own. Its destructor ends all
/// connections at once, whatever they are in the middle of. All functions may be called by any
/// thread at any time. The same requests in the same order get the same bytes in every run.
///
/// A client that closes its half of the connection is taken to have gone away.
class scripted_provider {
public:
    /// For `on_connect`: all connections from then on.
    static constexpr std::size_t every_connection = std::numeric_limits<std::size_t>::max();

    /// Starts to listen on a free port. Throws `std::system_error` if that fails, and
    /// `std::runtime_error` if no certificate can be made.
    explicit scripted_provider(provider_options options = provider_options())
        : options_(std::move(options)),
          tls_(asio::ssl::context::tls_server),
          acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        if (options_.certificate()) use_certificate();
        asio::co_spawn(context_, accept_all(), asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }

    scripted_provider(const scripted_provider&) = delete;
    scripted_provider& operator=(const scripted_provider&) = delete;

    ~scripted_provider() {
        context_.stop();
        thread_.join();
    }

    // ---- where it is

    /// Where a client finds it: `http://127.0.0.1:41234/v1`, or `https://localhost:41234/v1`.
    std::string base_url() const {
        const std::string place =
            options_.certificate() ? "https://localhost:" : "http://127.0.0.1:";
        return place + std::to_string(port()) + "/v1";
    }
    /// The port it listens on.
    unsigned short port() const { return port_; }
    /// The authority that signed its certificate, as PEM text for a client's trust store. Every
    /// provider has its own. Empty without TLS.
    const std::string& certificate_authority() const noexcept { return authority_; }

    /// The base URL of a port of this machine at which every connection is refused.
    static std::string refusing_url() {
        // Bound and not listening: nobody else gets the port while the program runs.
        static asio::io_context context;
        static const tcp::acceptor bound = [] {
            tcp::acceptor closed(context, tcp::v4());
            closed.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
            return closed;
        }();
        return "http://127.0.0.1:" + std::to_string(bound.local_endpoint().port()) + "/v1";
    }

    // ---- what it does

    /// Replies so to a request for this model. Several replies answer as many requests, in order;
    /// the last one answers all that follow.
    scripted_provider& on(const std::string& model, scripted_reply reply) {
        record_.add_reply(model, std::move(reply));
        return *this;
    }
    /// Replies so to a request for any other model; unless set, with 404.
    scripted_provider& otherwise(scripted_reply reply) {
        record_.set_default(std::move(reply));
        return *this;
    }
    /// Does this to the next `count` connections, after those of earlier calls.
    scripted_provider& on_connect(connection_fault fault, std::size_t count = 1) {
        record_.add_fault(fault, count);
        return *this;
    }

    /// Ends every pause that a reply makes by `head_after`, `first_token_after` or `token_every`,
    /// the coming ones too: a slow stream goes on at once, when a test has seen what it waited for.
    /// What stalls goes on stalling.
    void skip_pauses() {
        asio::post(context_, [this] { pauses_.skip(); });
    }

    // ---- what it saw

    /// Connections accepted so far.
    std::size_t connections() const { return record_.accepted(); }
    /// TLS handshakes so far that resumed a session.
    std::size_t resumed_handshakes() const { return record_.resumed_handshakes(); }
    /// Connections open now.
    std::size_t open_connections() const { return record_.open(); }
    /// All requests that were read to their end and were HTTP, in the order in which they came.
    std::vector<recorded_request> requests() const { return record_.requests(); }
    /// Those for one model.
    std::vector<recorded_request> requests_for(const std::string& model) const {
        return record_.requests_for(model);
    }
    /// Responses whose client went away before their end. Those that the provider broke off itself
    /// are not among them, but those that it let stall are.
    std::vector<aborted_response> aborted() const { return record_.aborted(); }

    /// Waits until `holds()`, which is called again after each change of the above, on the calling
    /// thread. Returns whether it did hold in time.
    template <class Predicate>
    bool wait_until(const Predicate& holds,
                    std::chrono::milliseconds timeout = std::chrono::seconds(5)) const {
        return record_.wait_until(holds, timeout);
    }

private:
    using tcp = asio::ip::tcp;

    void use_certificate() {
        test_authority authority;
        const bool wrong = options_.certificate() == provider_certificate::wrong_host;
        const issued_certificate shown = authority.issue(
            wrong ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1",
            options_.certificate() == provider_certificate::expired);
        tls_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
        tls_.use_certificate(asio::buffer(shown.certificate), asio::ssl::context::pem);
        tls_.use_private_key(asio::buffer(shown.private_key), asio::ssl::context::pem);
        authority_ = authority.pem();
    }

    asio::awaitable<void> accept_all() {
        while (true) {
            net::error_code error;
            tcp::socket socket(context_);
            co_await acceptor_.async_accept(socket,
                                            asio::redirect_error(asio::use_awaitable, error));
            if (error == asio::error::operation_aborted) co_return;
            if (error) {
                // Out of descriptors, most likely: some come back.
                asio::steady_timer pause(context_, std::chrono::milliseconds(10));
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
                continue;
            }
            auto accepted = std::make_shared<detail::scripted_connection>(
                std::move(socket), record_, pauses_, options_.certificate() ? &tls_ : nullptr,
                options_.key());
            asio::co_spawn(context_, detail::scripted_connection::run(std::move(accepted)),
                           asio::detached);
        }
    }

    provider_options options_;
    std::string authority_;
    detail::provider_record record_;
    detail::pause_list pauses_;
    asio::ssl::context tls_;
    asio::io_context context_{1};
    tcp::acceptor acceptor_;
    unsigned short port_ = acceptor_.local_endpoint().port();
    std::thread thread_;
};

}  // namespace conclave::testing
