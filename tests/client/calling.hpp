#pragma once

// Calls over a client of their own, to their end.

#include "net/running.hpp"

#include <conclave/client/complete.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace calling {

namespace asio = conclave::asio;
using namespace std::chrono_literals;
using running::at_once;
using running::error_of;
using running::stall;
using running::time_of;

/// The key in every test; to be found in no error.
inline const std::string canary = "sk-canary-9f31c07e55aa4d21";

/// A client of the provider, with the key and trust that it asks for.
inline conclave::client_options options_for(const conclave::testing::scripted_provider& provider) {
    conclave::client_options options;
    options.endpoints.emplace_back(provider.base_url(), canary);
    options.tls.ca_pem = provider.certificate_authority();
    return options;
}

inline conclave::client_options options_for(std::string base_url) {
    conclave::client_options options;
    options.endpoints.emplace_back(std::move(base_url), canary);
    return options;
}

inline conclave::call question(std::string model = "m") {
    return conclave::call(std::move(model), "Why so?");
}

/// What came of a call.
struct result {
    conclave::completion answer;
    conclave::error failure{conclave::errc{}, "no error"};
    /// The deltas as they came: text, `(reasoning)`, `{refusal}`, `|` for a restart.
    std::string shown;
    /// What was thrown, whatever it is.
    std::exception_ptr thrown;
    std::chrono::steady_clock::duration taken{};

    conclave::errc code() const { return static_cast<conclave::errc>(failure.code().value()); }
    std::string what() const { return failure.what(); }
    bool says(std::string_view words) const { return what().find(words) != std::string::npos; }
};

class caller {
public:
    explicit caller(conclave::client_options options) : via(context, std::move(options)) {}
    explicit caller(const conclave::testing::scripted_provider& provider)
        : caller(options_for(provider)) {}

    /// Asks, and cancels that after a while, if one is given.
    result ask(conclave::call what, std::function<void(const conclave::delta&)> also = nullptr,
               std::optional<std::chrono::milliseconds> cancel_after = std::nullopt) {
        result got;
        const auto on_delta = [&](const conclave::delta& piece) {
            if (piece.restart) got.shown += '|';
            got.shown += piece.text;
            if (!piece.reasoning.empty()) got.shown.append("(").append(piece.reasoning).append(")");
            if (!piece.refusal.empty()) got.shown.append("{").append(piece.refusal).append("}");
            if (also) also(piece);
        };
        const auto operation = [&]() -> asio::awaitable<void> {
            got.answer = co_await conclave::complete(via, std::move(what), on_delta);
        };
        run(operation, cancel_after, got);
        return got;
    }

    template <class Operation>
    void run(Operation operation, std::optional<std::chrono::milliseconds> cancel_after,
             result& got) {
        asio::cancellation_signal signal;
        asio::steady_timer timer(context);
        if (cancel_after) {
            timer.expires_after(*cancel_after);
            timer.async_wait([&](conclave::net::error_code ended) {
                if (!ended) signal.emit(asio::cancellation_type::terminal);
            });
        }
        const auto on_end = [&](std::exception_ptr thrown) {
            got.thrown = thrown;
            timer.cancel();
        };
        asio::co_spawn(context, operation, asio::bind_cancellation_slot(signal.slot(), on_end));
        context.restart();
        got.taken = time_of([&] { context.run_for(60s); });
        if (!context.stopped()) {
            std::cerr << "the call has not ended after a minute\n";
            std::abort();
        }
        try {
            if (got.thrown) std::rethrow_exception(got.thrown);
        } catch (const conclave::error& failure) {
            got.failure = failure;
        } catch (...) {
            got.failure = conclave::error(conclave::errc{}, "not one of ours");
        }
    }

    asio::io_context context{1};
    conclave::client via;
};

}  // namespace calling
