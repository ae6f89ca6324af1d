// A caller that goes away, in two ways. Either closes every connection of the panel at once.

#include <conclave/conclave.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <system_error>

using namespace asio::experimental::awaitable_operators;

// Within a coroutine: whichever of the two ends first cancels the other and waits for its end.
asio::awaitable<void> ask_for_a_moment(conclave::client& client,
                                       conclave::roundtable_request request) {
    asio::steady_timer moment(client.get_executor(), std::chrono::milliseconds(10));
    auto first =
        co_await (conclave::roundtable(client, request) || moment.async_wait(asio::use_awaitable));
    std::cout << (first.index() == 0 ? "answered" : "out of time") << '\n';
}

int main() {
    asio::io_context context;
    conclave::client client(context, conclave::client_options::from_environment());
    const auto request = conclave::roundtable_request("Tabs or spaces?")
                             .model("openai/gpt-5.5")
                             .model("anthropic/claude-sonnet-4-6");

    asio::co_spawn(context, ask_for_a_moment(client, request), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });

    // Anywhere else: a signal, emitted when, say, a server's own client hangs up.
    asio::cancellation_signal caller_left;
    const auto show = [](std::exception_ptr failure, const conclave::roundtable_response&) {
        try {
            if (failure) std::rethrow_exception(failure);
            std::cout << "answered\n";
        } catch (const std::system_error& why) {
            std::cout << why.what() << '\n';
        }
    };
    conclave::async_roundtable(client, request,
                               asio::bind_cancellation_slot(caller_left.slot(), show));
    asio::steady_timer hang_up(context, std::chrono::milliseconds(10));
    hang_up.async_wait(
        [&](std::error_code) { caller_left.emit(asio::cancellation_type::terminal); });

    try {
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
