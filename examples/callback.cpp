// Without coroutines: any completion token of Asio will do. Here a callback, and then a future.

#include <conclave/conclave.hpp>

#include <asio/use_future.hpp>

#include <exception>
#include <iostream>
#include <thread>

namespace {

void show(const conclave::roundtable_response& answer) {
    for (const auto& [choice, count] : answer.meta.votes)
        std::cout << choice << ": " << count << '\n';
}

}  // namespace

int main() {
    try {
        asio::io_context context;
        conclave::client client(context, conclave::client_options::from_environment());
        const auto request = conclave::roundtable_request("Tabs or spaces?")
                                 .model("openai/gpt-5.5")
                                 .model("anthropic/claude-sonnet-4-6")
                                 .model("gemini/gemini-2.5-pro")
                                 .resolve_by(conclave::resolution::multiple_choice)
                                 .choices({"tabs", "spaces"});

        conclave::async_roundtable(
            client, request,
            [](std::exception_ptr failure, const conclave::roundtable_response& answer) {
                if (failure) std::rethrow_exception(failure);
                show(answer);
            });
        context.run();

        context.restart();
        auto future = conclave::async_roundtable(client, request, asio::use_future);
        std::thread worker([&context] { context.run(); });
        future.wait();
        worker.join();
        show(future.get());
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
