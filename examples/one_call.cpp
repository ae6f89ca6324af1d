// One call to one model, the unit that a panel is made of, shown as it comes.

#include <conclave/conclave.hpp>

#include <chrono>
#include <exception>
#include <iostream>

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    auto what = conclave::call("openai/gpt-5.5", "Why is the sky blue?")
                    .instructions("Answer in one sentence.")
                    .max_tokens(500)
                    .timeout(std::chrono::seconds(30));

    auto show = [](const conclave::delta& piece) {
        if (piece.restart) std::cout << "\n(once more)\n";
        std::cout << piece.text << std::flush;
    };
    auto answer = co_await conclave::complete(client, what, show);

    std::cout << '\n';
    if (answer.usage) std::cout << answer.usage->output_tokens << " tokens\n";
    if (answer.cost) std::cout << '$' << *answer.cost << '\n';
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
