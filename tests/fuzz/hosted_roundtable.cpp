// What a server says of a roundtable that it runs, from any bytes: as a stream, as a whole reply
// and as the body of an error. Each seat begins and reports once, whatever is said, and a stream
// says the same however it is cut.

#include <conclave/roundtable/hosted_frames.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <conclave/sse/parser.hpp>

namespace {

using namespace conclave;

void require(bool condition) {
    if (!condition) std::abort();
}

class checking_sink final : public detail::event_sink {
public:
    void emit(const roundtable_event& seen) override {
        require(!over);
        const std::size_t seat = seen.model_index;
        switch (seen.type) {
            case event_type::model_start: require(seats.at(seat)++ == 0); break;
            case event_type::model_delta: shown.at(seat) += seen.delta; [[fallthrough]];
            case event_type::model_retry: require(seats.at(seat) == 1); break;
            case event_type::model_done:
            case event_type::model_error:
                require(seats.at(seat)++ == 1);
                require(seen.result != nullptr && seen.result->index == seat);
                require(seen.result->ok() == (seen.type == event_type::model_done));
                break;
            case event_type::summary_start: summarising = true; break;
            case event_type::summary_delta:
            case event_type::summary_retry:
            case event_type::summary_done: require(summarising); break;
            case event_type::done:
                over = true;
                require(seen.response != nullptr && seen.response->results.size() == 2);
                require(seats[0] == 2 && seats[1] == 2);
                break;
            case event_type::error: require(false); break;
        }
        for (const std::string_view text : {seen.delta, seen.error, seen.data})
            require(simdjson::validate_utf8(text.data(), text.size()));
        log.append(to_string(seen.type)).append(seen.delta).append("|");
    }

    std::array<int, 2> seats{};
    std::array<std::string, 2> shown;
    bool summarising = false;
    bool over = false;
    std::string log;
};

struct session {
    session() : frames(request, server, trace, sink) {}

    static roundtable_request make_request() {
        roundtable_request made("Which?");
        made.model("m/a").model("m/b").output_schema("{}");
        return made;
    }

    const roundtable_request request = make_request();
    const endpoint server{"http://127.0.0.1", "sk-0123456789"};
    const std::string trace = "trace";
    checking_sink sink;
    detail::hosted_frames frames;
};

struct reading {
    bool done;
    std::string log;
    std::string message;
    std::string response;
};

reading read_stream(std::string_view stream, std::size_t step) {
    session now;
    sse::parser events;
    const auto on_event = [&](const sse::event& event) { now.frames.read(event); };
    for (std::size_t at = 0; at < stream.size(); at += step)
        events.feed(stream.substr(at, step), on_event);
    events.finish(on_event);
    const bool done = now.frames.finish(events.stray_lines()) == wire::stream_status::done;
    require(done == now.sink.over);
    if (!done) {
        require(!now.frames.failure().message.empty());
        now.frames.abandon(error(errc::cancelled));
        require(now.sink.seats[0] % 2 == 0 && now.sink.seats[1] % 2 == 0);
    }
    return {done, now.sink.log, now.frames.failure().message,
            done ? now.frames.response().to_json() : std::string()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);

    session whole;
    require(whole.frames.read_whole(input).has_value() != whole.sink.over);
    session refused;
    require(refused.frames.read_error_body(input) == refused.sink.over);

    const reading at_once = read_stream(input, size + 1);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
        const reading cut = read_stream(input, step);
        require(cut.done == at_once.done);
        require(cut.log == at_once.log);
        require(cut.message == at_once.message);
        require(cut.response == at_once.response);
    }
    return 0;
}
