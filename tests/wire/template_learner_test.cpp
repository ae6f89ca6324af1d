#include <conclave/wire/template_learner.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/wire/detail/template_matcher.hpp>

namespace {

using conclave::wire::event_template;
using conclave::wire::hole;
using conclave::wire::template_learner;
using conclave::wire::template_rules;

constexpr std::array<std::string_view, 1> noise = {"o"};
constexpr std::array<std::string_view, 1> counters = {"n"};
constexpr template_rules rules = {.noise = noise, .counters = counters, .padded = true};

// The template of an event of which `json` is the payload, as text: `<target>` for a hole. Empty if
// none was learned.
std::string learned(std::string_view json, std::string_view target, std::string_view end = "\n\n") {
    std::string raw = "event: e\ndata: ";
    const std::size_t begin = raw.size();
    raw.append(json).append(end);
    const std::size_t size = raw.size();
    raw.append(64, '"');
    const std::string_view all(raw);
    template_learner learner(rules);
    event_template made;
    if (!learner.learn(all.substr(0, size), all.substr(begin, json.size()), target, made))
        return {};
    std::string text;
    for (const event_template::segment* each = made.segments();; ++each) {
        text.append(made.literal(*each), each->size);
        if (each->after == hole::end) return text;
        constexpr std::array<std::string_view, 5> names = {"", "<target>", "<noise>", "<integer>",
                                                           "<spaces>"};
        text += names[static_cast<std::size_t>(each->after)];
    }
}

TEST(TemplateLearner, LeavesOpenTheTargetAndWhatTheRulesName) {
    EXPECT_EQ(learned(R"({"a":[{"t":"x"}],"n":12,"o":"yz","n2":3})", "x"),
              "event: e\ndata: "
              R"({"a":[{"t":"<target>"}],"n":<integer>,"o":"<noise>","n2":3<spaces>})"
              "\n\n");
    EXPECT_EQ(learned(R"({"t":"x"}   )", "x", "\r\n\r\n"),
              "event: e\ndata: {\"t\":\"<target>\"<spaces>}   \r\n\r\n");
    EXPECT_EQ(learned(R"({"t":"x"   })", "x"), "event: e\ndata: {\"t\":\"<target>\"<spaces>}\n\n");
}

TEST(TemplateLearner, FindsATargetThatIsSpelledWithEscapes) {
    EXPECT_EQ(learned(R"({"t":"a\n\u00e9"})", "a\né"),
              "event: e\ndata: {\"t\":\"<target>\"<spaces>}\n\n");
}

TEST(TemplateLearner, LeavesNothingElseOpen) {
    // other kinds than the rules say, and names that are spelled differently
    EXPECT_EQ(learned(R"({"t":"x","n":1.5,"o":1,"N":1,"o2":"o"})", "x"),
              "event: e\ndata: "
              R"({"t":"<target>","n":1.5,"o":1,"N":1,"o2":"o"<spaces>})"
              "\n\n");
}

TEST(TemplateLearner, LearnsEventsWithoutATarget) {
    EXPECT_EQ(learned(R"({"n":1,"t":""})", ""),
              "event: e\ndata: {\"n\":<integer>,\"t\":\"\"<spaces>}\n\n");
}

TEST(TemplateLearner, LearnsNothingFromWhatItCannotBeSureOf) {
    for (const std::string_view json : {R"({"t":"y"})",          // the target is not there
                                        R"({"t":"x","u":"x"})",  // it is there twice
                                        R"({"x":1})",            // it is a name
                                        R"({"t":"x")", R"({"t":"x"}})", R"(["x"])", ""}) {
        EXPECT_EQ(learned(json, "x"), "") << json;
    }
    EXPECT_EQ(learned(R"({"t":"x"})", "x", "\r\r"), "") << "an LF may follow";
    EXPECT_EQ(
        learned("{\"t\":\"x\",\"d\":" + std::string(100, '[') + std::string(100, ']') + "}", "x"),
        "");
    EXPECT_EQ(learned("{\"t\":\"x\",\"d\":\"" + std::string(5000, 'y') + "\"}", "x"), "");
    std::string many = "{\"t\":\"x\"";
    for (int i = 0; i < 20; ++i)
        many += ",\"n\":1";
    EXPECT_EQ(learned(many + "}", "x"), "");
}

TEST(TemplateLearner, CanLearnAgainAfterAFailure) {
    template_learner learner(rules);
    event_template made;
    const std::string bad = "data: {\"t\":\"x\"\n\n" + std::string(64, ' ');
    EXPECT_FALSE(learner.learn(std::string_view(bad).substr(0, 16),
                               std::string_view(bad).substr(6, 8), "x", made));
    const std::string good = "data: {\"t\":\"x\"}\n\n" + std::string(64, ' ');
    const std::string_view raw = std::string_view(good).substr(0, 17);
    ASSERT_TRUE(learner.learn(raw, raw.substr(6, 9), "x", made));
    std::string_view target;
    bool escaped = false;
    EXPECT_EQ(conclave::wire::detail::match_template(made, raw, target, escaped), 17U);
    EXPECT_EQ(target, "x");
}

}  // namespace
