// Event streams of web-platform-tests, LaunchDarkly, eventsource-parser and OpenAI, cut in many
// ways; and the big list of naughty strings written and read back.

#include <conclave/sse/parser.hpp>
#include <conclave/sse/writer.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/vectors.hpp"
#include "sse/read_stream.hpp"

namespace {

namespace dom = simdjson::dom;
namespace sse = conclave::sse;
using namespace conclave::testing;

// The parser keeps bytes that are not UTF-8; the vectors have U+FFFD for each.
std::string with_replacements(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t size = 1;
        while (size < 4 && !simdjson::validate_utf8(bytes.data() + at, size))
            ++size;
        const bool valid =
            at + size <= bytes.size() && simdjson::validate_utf8(bytes.data() + at, size);
        text += valid ? bytes.substr(at, size) : std::string_view("\xEF\xBF\xBD");
        at += valid ? size : 1;
    }
    return text;
}

/// What the vectors say of a stream, in their own terms.
struct outcome {
    std::vector<std::array<std::string, 3>> events;
    std::vector<std::uint64_t> retries;
    std::vector<std::string> comments;
    std::string last_event_id;

    friend bool operator==(const outcome&, const outcome&) = default;
    friend std::ostream& operator<<(std::ostream& out, const outcome& all) {
        for (const auto& [type, data, id] : all.events) {
            out << "{\"" << type << "\", \"" << data << "\", \"" << id << "\"}\n";
        }
        for (const std::uint64_t value : all.retries)
            out << "retry " << value << '\n';
        for (const std::string& text : all.comments)
            out << "comment \"" << text << "\"\n";
        return out << "last id \"" << all.last_event_id << "\"\n";
    }
};

outcome expected_of(dom::element expect) {
    const auto text = [](dom::element value) { return std::string(std::string_view(value)); };
    outcome all;
    for (const dom::element event : expect["events"].get_array()) {
        all.events.push_back({text(event["type"]), text(event["data"]), text(event["id"])});
    }
    for (const dom::element value : expect["retry"].get_array())
        all.retries.push_back(value);
    for (const dom::element value : expect["comments"].get_array()) {
        all.comments.push_back(text(value));
    }
    all.last_event_id = text(expect["last_event_id"]);
    return all;
}

outcome outcome_of(const reading& read) {
    outcome all;
    for (const seen_event& event : read.events) {
        if (event.kind == sse::event_kind::message) {
            all.events.push_back({event.type, with_replacements(event.data), event.id});
        }
        if (event.kind == sse::event_kind::retry) all.retries.push_back(event.retry_ms);
        if (event.kind == sse::event_kind::comment) all.comments.push_back(event.data);
    }
    all.last_event_id = read.last_event_id;
    return all;
}

/// The vectors follow the specification to the end of the stream.
sse::parser_options specification() {
    sse::parser_options options = all_reported();
    options.deliver_unterminated = false;
    return options;
}

outcome read_in(const std::vector<std::string_view>& pieces, sse::block_scanner scan) {
    sse::parser parser(specification(), scan);
    return outcome_of(pull(parser, pieces));
}

TEST(SseVectors, EveryStreamGivesItsEventsHoweverItIsCut) {
    dom::parser json;
    std::mt19937_64 random(156);
    std::size_t cases = 0;
    for (const dom::element vector :
         json.load(CONCLAVE_SUITES "/sse-vectors/sse-vectors.json")["cases"].get_array()) {
        ++cases;
        SCOPED_TRACE(std::string(std::string_view(vector["source"])) + ": " +
                     std::string(std::string_view(vector["name"])));
        const outcome expected = expected_of(vector["expect"]);

        std::vector<std::string> chunks;
        std::string whole;
        for (const dom::element chunk : vector["chunks_b64"].get_array()) {
            chunks.push_back(from_base64(chunk));
            whole += chunks.back();
        }
        for (const sse::block_scanner scan : all_scanners()) {
            EXPECT_EQ(read_in({chunks.begin(), chunks.end()}, scan), expected);
            EXPECT_EQ(read_in({whole}, scan), expected);
            EXPECT_EQ(read_in(pieces_of(whole, 1), scan), expected) << "in single bytes";
            EXPECT_EQ(read_in(pieces_of(whole, 2), scan), expected) << "in pairs of bytes";
            for (const std::size_t largest : {3u, 10u, 50u, 200u, 1000u}) {
                for (int round = 0; round < 4; ++round) {
                    const auto pieces = random_pieces(whole, largest, random);
                    EXPECT_EQ(read_in(pieces, scan), expected) << "in random pieces";
                }
            }
            sse::parser pushed(specification(), scan);
            EXPECT_EQ(outcome_of(push(pushed, {whole})), expected) << "through the push form";
        }
    }
    EXPECT_EQ(cases, 156u);
}

TEST(NaughtyStrings, CanBeWrittenAsDataAndComeBackAsOneEventEach) {
    dom::parser json;
    std::size_t strings = 0;
    for (const dom::element entry :
         json.load(CONCLAVE_SUITES "/naughty-strings/blns.json").get_array()) {
        ++strings;
        const std::string_view text = entry;
        std::string stream;
        sse::writer writer(stream);
        writer.event(text, text, text);
        writer.comment(text);
        writer.event("behind");
        sse::parser parser;
        const reading all = pull(parser, pieces_of(stream, 7));
        ASSERT_EQ(all.events.size(), 2u) << text;
        // None of them has a CR, which the format cannot carry, or a line end in a type or id.
        EXPECT_EQ(all.events[0].data, text);
        EXPECT_EQ(all.events[0].type, text.empty() ? "message" : text);
        EXPECT_EQ(all.events[0].id, text);
        EXPECT_EQ(all.events[1].data, "behind");
        EXPECT_EQ(all.events[1].type, "message");
    }
    EXPECT_EQ(strings, 515u);
}

}  // namespace
