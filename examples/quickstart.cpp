// One question, three models, one answer. Set OPPER_API_KEY, OPENAI_API_KEY or CONCLAVE_BASE_URL.

#include <conclave/conclave.hpp>

#include <exception>
#include <iostream>

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};

    auto answer = co_await conclave::roundtable(
        client,
        conclave::roundtable_request("What is the best database for a multi-tenant SaaS, and why?")
            .model("openai/gpt-5.5")
            .model("anthropic/claude-sonnet-4-6")
            .model("gemini/gemini-2.5-pro"));

    std::cout << answer.text() << "\n$" << answer.meta.total_cost << '\n';
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
