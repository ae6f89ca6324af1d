// Holds every answer to a JSON Schema, and shows what is complete of each while it grows.

#include <conclave/conclave.hpp>

#include <exception>
#include <iostream>

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    auto request = conclave::roundtable_request("Tabs or spaces, and why?")
                       .model("openai/gpt-5.5")
                       .model("anthropic/claude-sonnet-4-6")
                       .model("gemini/gemini-2.5-pro")
                       .output_schema(R"({
                           "type": "object",
                           "properties": {
                               "pick": {"enum": ["tabs", "spaces"]},
                               "reasons": {"type": "array", "items": {"type": "string"}},
                               "caveat": {"type": "string"}
                           },
                           "required": ["pick", "reasons"]
                       })");

    conclave::growing_answers growing;
    auto show = [&growing](const conclave::roundtable_event& seen) {
        if (!growing.add(seen) || seen.type != conclave::event_type::model_delta) return;
        std::cout << seen.model << ": " << growing.seat(seen.model_index) << '\n';
    };
    auto answer = co_await conclave::roundtable(client, request, show);

    for (const auto& result : answer.results) {
        std::cout << (result.schema_valid == true ? "valid" : "not valid") << " after "
                  << result.attempts << " attempts: " << result.text() << '\n';
        if (result.schema_error) std::cout << "  " << *result.schema_error << '\n';
    }
    std::cout << answer.text() << '\n';
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
