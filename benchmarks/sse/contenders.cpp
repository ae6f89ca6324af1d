#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contender.hpp"

namespace conclave::benchmarks {

std::span<const candidate> candidates() {
    static constexpr auto all = std::to_array<candidate>({
        {"copy", output::nothing, make_copy},
        {"memchr", output::nothing, make_memchr},
        {"memchr_in_place", output::nothing, make_memchr_in_place},
        {"presplit", output::deltas, make_presplit},
        {"presplit_avx2", output::deltas, make_presplit_avx2},
        {"nlohmann", output::deltas, make_nlohmann},
        {"handbuilt", output::deltas, make_handbuilt},
        {"in_place", output::deltas, make_in_place},
        {"framing", output::events, make_framing},
        {"general", output::deltas, make_general},
        {"delta", output::deltas, make_delta},
    });
    return all;
}

namespace {

// Appends to `to` what the line says, or to `events` when it ends an event that has data.
void take_line(std::string_view line, reference_event& to, bool& has_data,
               std::vector<reference_event>& events) {
    if (line.empty()) {
        if (has_data) {
            to.data.pop_back();
            if (to.type.empty()) to.type = "message";
            events.push_back(to);
        }
        to = {};
        has_data = false;
        return;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
        to.data.append(value).push_back('\n');
        has_data = true;
    } else if (name == "event") {
        to.type = value;
    }
}

}  // namespace

std::vector<reference_event> reference_events(std::string_view stream) {
    std::vector<reference_event> events;
    reference_event current;
    bool has_data = false;
    if (stream.starts_with("\xEF\xBB\xBF")) stream.remove_prefix(3);
    while (!stream.empty()) {
        const std::size_t end = stream.find_first_of("\r\n");
        if (end == stream.npos) break;
        const std::size_t next = stream.substr(end).starts_with("\r\n") ? end + 2 : end + 1;
        take_line(stream.substr(0, end), current, has_data, events);
        stream.remove_prefix(next);
    }
    return events;
}

}  // namespace conclave::benchmarks
