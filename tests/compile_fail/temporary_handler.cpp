// expect: name the handler first
// errors: 2
// compiler: gcc12

#include <conclave/client/complete.hpp>
#include <conclave/roundtable/roundtable.hpp>

#include <string>

// Both doors in one file, since the compiler spends nearly all of its time on what they include.

asio::awaitable<std::string> ask_one(conclave::client& via, std::string prefix) {
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

asio::awaitable<std::string> ask_all(conclave::client& via, std::string prefix) {
    std::string seen;
#ifdef SHOULD_FAIL
    auto answer = co_await conclave::roundtable(
        via, conclave::roundtable_request("Which database?").model("m/a"),
        [prefix, &seen](const conclave::roundtable_event& event) {
            seen += prefix + std::string(event.delta);
        });
#else
    auto on_event = [prefix, &seen](const conclave::roundtable_event& event) {
        seen += prefix + std::string(event.delta);
    };
    auto answer = co_await conclave::roundtable(
        via, conclave::roundtable_request("Which database?").model("m/a"), on_event);
    auto same = co_await conclave::roundtable(
        via, conclave::roundtable_request("Which database?").model("m/a"),
        [&seen](const conclave::roundtable_event& event) { seen += event.delta; });
#endif
    co_return answer.text() + seen;
}
