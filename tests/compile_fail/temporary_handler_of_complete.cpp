// expect: name the handler first
// compiler: gcc12

#include <conclave/conclave.hpp>

#include <string>

asio::awaitable<std::string> ask(conclave::client& via, std::string prefix) {
    std::string seen;
#ifdef SHOULD_FAIL
    auto answer = co_await conclave::complete(via, conclave::call("m/a", "Which database?"),
                                              [prefix, &seen](const conclave::delta& piece) {
                                                  seen += prefix + std::string(piece.text);
                                              });
#else
    auto on_delta = [prefix, &seen](const conclave::delta& piece) {
        seen += prefix + std::string(piece.text);
    };
    auto answer =
        co_await conclave::complete(via, conclave::call("m/a", "Which database?"), on_delta);
    auto same =
        co_await conclave::complete(via, conclave::call("m/a", "Which database?"),
                                    [&seen](const conclave::delta& piece) { seen += piece.text; });
#endif
    co_return answer.text + seen;
}
