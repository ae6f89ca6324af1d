#include <conclave/json/partial.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/json/document.hpp>

namespace {

namespace json = conclave::json;

// Whether `part` can be had from `whole` by leaving out members and elements at the ends of objects
// and arrays.
bool is_beginning_of(const simdjson::dom::element& part, const simdjson::dom::element& whole) {
    if (const auto objects = json::object_of(part)) {
        const auto all = json::object_of(whole);
        if (!all || objects->size() > all->size()) return false;
        auto at = all->begin();
        for (const auto& [key, value] : *objects) {
            if (key != (*at).key || !is_beginning_of(value, (*at).value)) return false;
            ++at;
        }
        return true;
    }
    if (const auto arrays = json::array_of(part)) {
        const auto all = json::array_of(whole);
        if (!all || arrays->size() > all->size()) return false;
        auto at = all->begin();
        for (const simdjson::dom::element each : *arrays) {
            if (!is_beginning_of(each, *at)) return false;
            ++at;
        }
        return true;
    }
    return simdjson::minify(part) == simdjson::minify(whole);
}

// A text with all that JSON has, and white space where it may be.
class partial_maker {
public:
    explicit partial_maker(unsigned seed) : chance_(seed) {}

    std::string container() {
        text_.clear();
        put_value(0, pick(2) == 0 ? 0 : 1);
        return text_;
    }

private:
    std::size_t pick(std::size_t below) { return chance_() % below; }

    void put_space() {
        if (pick(4) == 0) text_ += std::string_view(" \t\r\n").substr(pick(4), 1);
    }
    void put_string() {
        constexpr std::string_view parts[] = {"a",  "\\\"", "\\\\",     "\\u00e9", "}",
                                              "]",  "{",    "\xc3\xa9", ",",       ":",
                                              "[1", "\\n",  "null",     " ",       "\\u005d"};
        text_ += '"';
        for (std::size_t i = pick(5); i > 0; --i)
            text_ += parts[pick(std::size(parts))];
        text_ += '"';
    }
    void put_value(int depth, std::size_t kind) {
        constexpr std::string_view plain[] = {"true",
                                              "false",
                                              "null",
                                              "0",
                                              "-1",
                                              "12",
                                              "1.5",
                                              "-0.25e3",
                                              "1E+2",
                                              "1e-2",
                                              "-0",
                                              "10.0",
                                              "9007199254740993"};
        put_space();
        if (kind < 2 && depth < 5) {
            text_ += kind == 0 ? '{' : '[';
            for (std::size_t i = 0, count = pick(4); i < count; ++i) {
                if (i != 0) text_ += ',';
                put_space();
                if (kind == 0) {
                    put_string();
                    put_space();
                    text_ += ':';
                }
                put_value(depth + 1, pick(4));
            }
            put_space();
            text_ += kind == 0 ? '}' : ']';
        } else if (kind == 2) {
            put_string();
        } else {
            text_ += plain[pick(std::size(plain))];
        }
        put_space();
    }

    std::mt19937 chance_;
    std::string text_;
};

TEST(Partial, HasWhatIsCompleteSoFar) {
    json::partial answer;
    EXPECT_EQ(answer.text(), "");
    EXPECT_TRUE(answer.append(R"(Here it is: {"title": "Go", "tags": ["a", "b)"));
    EXPECT_EQ(answer.text(), R"({"title": "Go", "tags": ["a"]})");
    EXPECT_FALSE(answer.append("c"));
    EXPECT_TRUE(answer.append("\","));
    EXPECT_EQ(answer.text(), R"({"title": "Go", "tags": ["a", "bc"]})");
    EXPECT_TRUE(answer.append(R"({"n":12)"));
    EXPECT_EQ(answer.text(), R"({"title": "Go", "tags": ["a", "bc",{}]})");
    EXPECT_FALSE(answer.append("3"));
    EXPECT_TRUE(answer.append(" "));
    EXPECT_EQ(answer.text(), R"({"title": "Go", "tags": ["a", "bc",{"n":123}]})");
    EXPECT_FALSE(answer.is_complete());
    EXPECT_TRUE(answer.append("}]}\n``` And more {"));
    EXPECT_EQ(answer.text(), R"({"title": "Go", "tags": ["a", "bc",{"n":123 }]})");
    EXPECT_TRUE(answer.is_complete());
    EXPECT_FALSE(answer.append("[1]"));
    answer.clear();
    EXPECT_EQ(answer.text(), "");
    EXPECT_TRUE(answer.append("[1"));
    EXPECT_EQ(answer.text(), "[]");
}

TEST(Partial, PassesOverWhatIsNoJson) {
    json::partial answer;
    answer.append(R"(I use {braces} and [brackets, then {"a": nothing} but at last {"b":[2]})");
    EXPECT_EQ(answer.text(), R"({"b":[2]})");
    EXPECT_TRUE(answer.is_complete());
    answer.clear();
    answer.append(R"({"a":1 "b":2})");
    EXPECT_EQ(answer.text(), "");
    answer.append(std::string(3000, '['));
    EXPECT_LE(answer.text().size(), 2048u);
    EXPECT_FALSE(answer.is_complete());
}

TEST(Partial, IsTheBeginningOfTheWholeWhereverItIsCut) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        const std::string whole = partial_maker(seed).container();
        json::document expected;
        ASSERT_FALSE(json::document::parse(whole, expected)) << whole;
        json::partial growing;
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            const std::string before(growing.text());
            const bool changed = growing.append(whole.substr(cut, 1));
            const std::string shown(growing.text());
            EXPECT_TRUE(changed || shown == before) << whole << " at " << cut;
            json::partial at_once;
            at_once.append(std::string_view(whole).substr(0, cut + 1));
            ASSERT_EQ(shown, at_once.text()) << whole << " at " << cut;
            if (shown.empty()) continue;
            json::document part;
            ASSERT_FALSE(json::document::parse(shown, part)) << shown;
            ASSERT_TRUE(is_beginning_of(part.root(), expected.root())) << shown << " of " << whole;
        }
        EXPECT_TRUE(growing.is_complete());
        EXPECT_EQ(growing.text(), json::detail::trim_space(whole));
    }
}

TEST(Grammar, AcceptsWhatAParserDoes) {
    std::mt19937 chance(7);
    constexpr std::string_view bytes = "{}[]\",:0123.-+eEtrufalsn \\\"\n/";
    for (unsigned seed = 0; seed < 3000; ++seed) {
        std::string text = partial_maker(seed).container();
        for (std::size_t changes = chance() % 3; changes > 0 && !text.empty(); --changes) {
            const std::size_t at = chance() % text.size();
            const char byte = bytes[chance() % bytes.size()];
            switch (chance() % 3) {
                case 0: text[at] = byte; break;
                case 1: text.insert(at, 1, byte); break;
                default: text.erase(at, 1);
            }
        }
        json::document parsed;
        const bool is_json = !json::document::parse(text, parsed);
        const bool is_value = json::detail::is_value_text(text);
        // a number too large and half a character are beyond the grammar
        if (is_json) {
            EXPECT_TRUE(is_value) << text;
        } else if (text.find_first_of("eE\xc3\xa9") == text.npos && text.size() < 400 &&
                   text.find("9007") == text.npos) {
            EXPECT_FALSE(is_value) << text;
        }
    }
}

TEST(Grammar, KnowsTheEdges) {
    for (const std::string_view text : {"0", "-0", "1e5", "\"\"", "null", " [ ] ", "{}", "1.0E-0",
                                        "\"\\u00Ff\\/\"", "true", "[[],{}]"})
        EXPECT_TRUE(json::detail::is_value_text(text)) << text;
    for (const std::string_view text :
         {"",    "01",    "-",       "1.",  "1e",      ".5",          "+1",
          "nul", "truee", "[1,]",    "{,}", "[",       "\"",          "\"\n\"",
          "'a'", "{1:2}", "{\"a\"}", "1 2", "\"\\x\"", "\"\\u12g4\"", "{\"a\":1,}",
          "[]]", "}",     "1,",      "NaN", "- 1"})
        EXPECT_FALSE(json::detail::is_value_text(text)) << text;
    EXPECT_TRUE(json::detail::is_value_text(std::string(1024, '[') + std::string(1024, ']')));
    EXPECT_FALSE(json::detail::is_value_text(std::string(1025, '[') + std::string(1025, ']')));
}

}  // namespace
