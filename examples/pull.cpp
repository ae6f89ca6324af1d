// Pulls events at its own pace. A slow reader makes the library stop reading from the sockets.

#include <conclave/conclave.hpp>

#include <exception>
#include <iostream>

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    auto request = conclave::roundtable_request("Tabs or spaces?")
                       .model("openai/gpt-5.5")
                       .model("gemini/gemini-2.5-pro");

    auto stream = conclave::roundtable_stream(client, request);
    // GCC 12 may miscompile an await in a condition. This one is safe because `stream` is a local
    // of the same coroutine, at its outermost scope.
    while (auto seen = co_await stream.next()) {
        if (seen->type == conclave::event_type::model_done) {
            std::cout << seen->model << ":\n" << seen->result->text() << "\n\n";
        }
        if (seen->type == conclave::event_type::summary_done) std::cout << seen->data << '\n';
    }
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
