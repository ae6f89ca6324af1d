#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <conclave/client/attempt.hpp>
#include <conclave/client/client.hpp>
#include <conclave/client/request_loop.hpp>
#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/run_on_strand.hpp>
#include <conclave/wire/embeddings.hpp>

namespace conclave {

namespace detail {

/// Where an endpoint has its embeddings; empty if its format has none.
inline std::string embeddings_target(const endpoint& at) {
    return std::visit(
        [](const auto& format) -> std::string {
            if constexpr (requires { format.embeddings_target(); }) {
                return format.embeddings_target();
            } else {
                return {};
            }
        },
        at.format);
}

/// A request for embeddings on its way.
template <class Transport>
class embedding_loop final : request_loop<Transport> {
    using base = request_loop<Transport>;

public:
    /// `what` has to outlive the run.
    embedding_loop(std::shared_ptr<client_state<Transport>> client, const embedding_request& what)
        : base(std::move(client), what.model(), what.timeout(), what.max_retries(),
               base::time_point::max()),
          what_(what) {}

    /// Runs on the current strand. Throws `error`.
    asio::awaitable<embedding_result> run() {
        co_await this->run_all();
        if (report_.failure) throw error(*report_.failure);
        result_.usage = std::move(report_.usage);
        result_.cost = report_.cost;
        co_return std::move(result_);
    }

private:
    void prepare() override {
        const route to = this->find_endpoint();
        const std::string target = embeddings_target(this->place());
        if (target.empty()) {
            error_details details;
            details.field = "model";
            throw error(errc::no_endpoint,
                        "the endpoint that serves the model speaks a format without embeddings",
                        std::move(details));
        }
        wire::write_embedding_request(what_, to.model, this->request_.body);
        this->make_head(target, "application/json", {});
    }

    void begin_attempt() override { result_ = embedding_result(); }

    asio::awaitable<void> run_attempt(attempt<Transport>& current) override {
        const whole_reply reply = co_await current.fetch(true);
        read_reply_head(reply.head, Transport::wall_clock_type::now(), result_);
        auto failure = wire::read_embedding_reply(reply.body, what_.inputs().size(), result_);
        if (failure) throw reply_error(std::move(*failure), result_.request_id);
    }

    void settle(bool may_be_billed) override {
        this->account(result_.usage, result_.cost, may_be_billed);
    }

    request_report& report() override { return report_; }

    const embedding_request& what_;
    embedding_result result_;
    request_report report_;
};

template <class Transport>
asio::awaitable<embedding_result> perform_embedding(std::shared_ptr<client_state<Transport>> client,
                                                    const embedding_request& what) {
    validate(what);
    embedding_loop<Transport> running(std::move(client), what);
    embedding_result result = co_await running.run();
    co_return result;
}

}  // namespace detail

/// Turns texts into vectors by one model, retries included; the model's endpoint has to speak a
/// format with embeddings, which Chat Completions is.
///
/// Completion signature: `void(std::exception_ptr, embedding_result)`. The exception is an `error`:
/// `errc::invalid_request` and `errc::no_endpoint` before anything is sent, else why the last
/// attempt failed. `usage` and `cost` of the result are those of all attempts together.
///
/// Cancellation: terminal; the connection is closed at once, and the error is `errc::cancelled`.
///
/// Thread-safety: a client may be used by several threads; the request runs on a strand of its own.
template <class Transport, class CompletionToken>
auto async_embed(basic_client<Transport>& via, embedding_request what, CompletionToken&& token) {
    auto operation = [state = via.state(), what = std::move(what)]() mutable {
        return detail::perform_embedding<Transport>(state, what);
    };
    asio::any_io_executor strand = asio::make_strand(via.get_executor());
    return net::run_on_strand<embedding_result>(std::move(strand), std::move(operation),
                                                std::forward<CompletionToken>(token));
}

/// The same as an awaitable: `auto made = co_await embed(client,
/// embedding_request("openai/text-embedding-3-small", "Hi"))`.
template <class Transport>
asio::awaitable<embedding_result> embed(basic_client<Transport>& via, embedding_request what) {
    return async_embed(via, std::move(what), asio::use_awaitable);
}

}  // namespace conclave
