// The same call, run by a server: Opper's with OPPER_API_KEY, or the one at CONCLAVE_BASE_URL.

#include <conclave/conclave.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

asio::awaitable<void> ask() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value != nullptr ? value : "");
    };
    auto options = conclave::client_options::from_environment();
    if (const auto base = variable("CONCLAVE_BASE_URL"); !base.empty()) {
        options.hosted_roundtable.emplace(base, variable("CONCLAVE_API_KEY"));
    } else {
        options.hosted_roundtable.emplace("https://api.opper.ai", variable("OPPER_API_KEY"));
    }
    conclave::client client{co_await asio::this_coro::executor, options};

    auto request = conclave::roundtable_request("What is the best database for a SaaS, and why?")
                       .model("openai/gpt-5.5")
                       .model("anthropic/claude-sonnet-4-6");
    auto show = [](const conclave::roundtable_event& seen) {
        if (seen.type == conclave::event_type::model_done) std::cout << seen.model << " is done\n";
        if (seen.type == conclave::event_type::summary_delta) std::cout << seen.delta << std::flush;
    };
    auto answer = co_await conclave::roundtable(client, request, show);

    std::cout << '\n' << answer.id << ", $" << answer.meta.total_cost << '\n';
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
