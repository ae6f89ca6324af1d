// Strings that break naive programs, wherever a caller's or a provider's text may stand.

#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/roundtable/request_json.hpp>
#include <conclave/wire/chat_completions.hpp>
#include <conclave/wire/validate_call.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace json = conclave::json;

std::vector<std::string> naughty_strings() {
    simdjson::dom::parser parser;
    std::vector<std::string> strings;
    for (const simdjson::dom::element entry :
         parser.load(CONCLAVE_SUITES "/naughty-strings/blns.json").get_array()) {
        strings.emplace_back(std::string_view(entry));
    }
    return strings;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

// The field that a call is refused for; empty if it is not.
std::string refused_field(const conclave::call& what) {
    try {
        validate(what);
    } catch (const conclave::error& refused) {
        return std::string(refused.field());
    }
    return {};
}

TEST(NaughtyStrings, ThereAreAsManyAsThereShouldBe) { EXPECT_EQ(naughty_strings().size(), 515u); }

TEST(NaughtyStrings, AsPromptsReachTheProviderAsTheyAre) {
    for (const std::string& text : naughty_strings()) {
        SCOPED_TRACE(text);
        conclave::call what("m", text);
        what.instructions(text);
        if (text.empty()) {
            EXPECT_EQ(refused_field(what), "messages[0]");
            continue;
        }
        EXPECT_EQ(refused_field(what), "");
        std::string body;
        conclave::wire::chat_completions().write_request(what, text, true, body);
        json::document parsed;
        ASSERT_FALSE(json::document::parse(body, parsed));
        const auto at = [&](std::string_view pointer) {
            return std::string_view(parsed.root().at_pointer(pointer));
        };
        EXPECT_EQ(at("/model"), text);
        EXPECT_EQ(at("/messages/0/content"), text);
        EXPECT_EQ(at("/messages/1/content"), text);
    }
}

TEST(NaughtyStrings, AsAnswersComeBackAsTheyWere) {
    for (const std::string& text : naughty_strings()) {
        SCOPED_TRACE(text);
        std::string body = R"({"choices":[{"message":{"content":)";
        json::writer(body).string(text);
        body += "}}]}";
        conclave::completion answer;
        EXPECT_FALSE(conclave::wire::chat_completions::read_reply(body, answer).has_value());
        EXPECT_EQ(answer.text, text);
    }
}

TEST(NaughtyStrings, AsModelNamesAreRefusedIfTheyHaveControlCharacters) {
    for (const std::string& text : naughty_strings()) {
        SCOPED_TRACE(text);
        const bool refused = text.empty() || has_control(text);
        EXPECT_EQ(refused_field(conclave::call(text, "q")), refused ? "model" : "");
    }
}

TEST(NaughtyStrings, AsHeaderValuesAreRefusedIfTheyHaveControlCharacters) {
    for (const std::string& text : naughty_strings()) {
        SCOPED_TRACE(text);
        conclave::http::fields header;
        std::string tabless = text;
        std::replace(tabless.begin(), tabless.end(), '\t', ' ');
        EXPECT_EQ(static_cast<bool>(header.set("X-Text", text)), has_control(tabless));
    }
}

TEST(NaughtyStrings, InARequestsJsonSurviveTheWayThereAndBack) {
    for (const std::string& text : naughty_strings()) {
        SCOPED_TRACE(text);
        if (text.empty()) continue;
        conclave::roundtable_request asked(text);
        asked.model("m").instructions(text);
        EXPECT_EQ(conclave::roundtable_request::from_json(asked.to_json()), asked);
    }
}

}  // namespace
