// Watches the answers grow. The handler is called in place, with views into the receive buffer.

#include <conclave/conclave.hpp>

#include <exception>
#include <iostream>

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    auto request = conclave::roundtable_request("Tabs or spaces?")
                       .model("openai/gpt-5.5")
                       .model("anthropic/claude-sonnet-4-6");

    // Named, and not written into the call: GCC 12 destroys a temporary closure twice there.
    auto show = [](const conclave::roundtable_event& seen) {
        using conclave::event_type;
        if (seen.type == event_type::model_start) std::cout << seen.model << " is asked\n";
        if (seen.type == event_type::model_retry) {
            std::cout << seen.model << " is asked again: " << seen.error << '\n';
        }
        if (seen.type == event_type::model_done) {
            std::cout << seen.model << " answered in " << seen.result->duration.count() << " ms\n";
        }
        if (seen.type == event_type::model_error) {
            std::cout << seen.model << " failed: " << seen.error << '\n';
        }
        if (seen.type == event_type::summary_delta) std::cout << seen.delta << std::flush;
    };
    auto answer = co_await conclave::roundtable(client, request, show);
    std::cout << "\n$" << answer.meta.total_cost << '\n';
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, ask(), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
    try {
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
