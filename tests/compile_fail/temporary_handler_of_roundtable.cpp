// expect: name the handler first
// compiler: gcc12

#include <conclave/conclave.hpp>

#include <string>

asio::awaitable<std::string> ask(conclave::client& via, std::string prefix) {
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
