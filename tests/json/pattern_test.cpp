// Regular expressions of ECMA-262 on RE2.

#include <conclave/json/pattern.hpp>

#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

#if CONCLAVE_WITH_RE2

namespace {

namespace json = conclave::json;

struct pattern_case {
    std::string_view pattern;
    std::vector<std::string_view> found;
    std::vector<std::string_view> not_found;
};

const std::vector<pattern_case> pattern_cases = {
    {"", {"", "a"}, {}},
    {"a|^b$|", {"", "x"}, {}},
    {"^a$", {"a"}, {"a\n", "\na", "ba", "", "b\na\n"}},
    {"^(?:a|)$", {"", "a"}, {"b"}},
    {"^.$", {"a", "é", "\U0001F98A", "\t"}, {"", "\n", "\r", "\u2028", "\u2029", "ab"}},
    {"^\\s$",
     {" ", "\t", "\v", "\f", "\u00A0", "\u1680", "\u3000", "\uFEFF", "\u2028"},
     {"", "a", "\u200B", "\x1C", "\u0085"}},
    {"^\\S$",
     {"a", "\u200B", "\u180E", "é", "\U0001F98A", "\x7F", "\u0085"},
     {" ", "\u00A0", "\n", "\u2029", "\uFEFF"}},
    {"^[\\S]$", {"a"}, {" "}},
    {"^[^\\S]$", {" ", "\uFEFF"}, {"a"}},
    {"^[^\\s\\d]$", {"a", "é"}, {" ", "1", "\u3000"}},
    {"^\\d\\D$", {"1a", "1\u0661"}, {"11", "\u0661a"}},
    {"^\\w\\W$", {"_é", "a-"}, {"éa", "ab"}},
    {"\\bfoo\\b", {"foo", "a foo!", "éfoo"}, {"foobar", "_foo"}},
    {"^\\u00e9\\u{1F98A}\\uD83E\\uDD8A\\x41\\cJ\\0\\/$",
     {std::string_view("é🦊🦊A\n\0/", 14)},
     {"é"}},
    {"^[\\b\\cA-\\cC\\u{61}-\\u{63}]+$",
     {"\b\x01\x02"
      "abc"},
     {"d", "\x04"}},
    {"^[]$", {}, {"", "]", "a"}},
    {"^[^]$", {"a", "\n", "🦊"}, {"", "aa"}},
    {"^[\\]\\[^a-]+$", {"][^a-"}, {"b"}},
    {"^[\\w-.]+$", {"a-.b"}, {"/"}},
    {"^[a-\\d]+$", {"a-1"}, {"b"}},
    {"^\\-\\_\\@\\#\\ \\'$", {"-_@# '"}, {"-"}},
    {"^]}{a{x}{,2}$", {"]}{a{x}{,2}"}, {"a"}},
    {"^[[:alpha:]]$", {"a]", ":]", "[]"}, {"b]", "a"}},
    {"^\\p{L}\\p{Lu}\\P{Lu}$", {"aÉé"}, {"aéÉ"}},
    {"^\\p{Letter}\\p{gc=Nd}\\p{digit}\\p{General_Category=Punctuation}$", {"é1\u0661!"}, {"1111"}},
    {"^\\p{Script=Greek}[\\p{sc=Cyrl}\\p{ASCII}]\\P{ASCII}\\p{Any}$",
     {"λжé🦊", "λaé\n"},
     {"aaaa"}},
    {"^[^\\p{Script=Han}]$", {"a"}, {"漢"}},
    {"^(?<year>\\d{4})-(?<m>\\d{2})$", {"2024-02"}, {"2024-2"}},
    {"^a{0}b{2}c{2,}d{1,3}e?f*?g+?h{2}?$",
     {"bbccdghh", "bbcccdddeffgghh"},
     {"abbccdghh", "bbcdghh"}},
    {"^(a+)+$", {"aaaa"}, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}},
    {"^[\\uD800-\\uDFFF]$", {}, {"a", "🦊"}},
    {"🐲*$", {"🐲🐲"}, {}},
};

TEST(Pattern, MeansWhatEcma262Says) {
    for (const pattern_case& one : pattern_cases) {
        const json::pattern compiled(one.pattern);
        for (const std::string_view text : one.found)
            EXPECT_TRUE(compiled.found_in(text)) << one.pattern << " in " << text;
        for (const std::string_view text : one.not_found)
            EXPECT_FALSE(compiled.found_in(text)) << one.pattern << " in " << text;
    }
}

std::string refusal_of_pattern(std::string_view text) {
    try {
        json::pattern compiled(text);
    } catch (const conclave::error& refused) {
        EXPECT_EQ(refused.code(), conclave::errc::invalid_schema);
        return refused.what();
    }
    return "none";
}

TEST(Pattern, WhatCannotBeDoneInLinearTimeIsRefusedByName) {
    for (const auto& [text, name] :
         {std::tuple{"a(?=b)", "lookahead"},
          {"a(?!b)", "lookahead"},
          {"(?<=a)b", "lookbehind"},
          {"(?<!a)b", "lookbehind"},
          {"(a)\\1", "a back-reference"},
          {"(?<x>a)\\k<x>", "a back-reference"},
          {"\\p{Alphabetic}", "a property of characters that RE2 does not know"},
          {"\\p{scx=Greek}", "a property of characters that RE2 does not know"},
          {"(a{100000}){100000}", "more repetitions than are allowed"}}) {
        const std::string what = refusal_of_pattern(text);
        EXPECT_NE(what.find(std::string("is not supported: ") + name), what.npos) << what;
    }
}

TEST(Pattern, WhatIsNoRegularExpressionIsRefusedWithItsPlace) {
    EXPECT_EQ(refusal_of_pattern("a(b"),
              "The regular expression \"a(b\" is not valid: a ( is not closed (at byte 3).");
    EXPECT_EQ(
        refusal_of_pattern(std::string(40, 'a') + "é" + std::string(60, 'b') + ")").size(),
        std::string("The regular expression \"\" is not valid: a ) closes nothing (at byte 102).")
                .size() +
            80 + std::string("…").size());
    for (const std::string_view text :
         {"a)",          "[a",         "*",           "a|*",           "a**",          "a{2}{3}",
          "{1}",         "^*",         "\\b+",        "(?i)a",         "(?P<n>a)",     "(?#c)",
          "(?>a)",       "(?",         "(?<",         "(?<a",          "(?<a-b>c)",    "(?<1>a)",
          "(?<>a)",      "\\a",        "\\Z",         "\\z",           "\\A",          "\\e",
          "\\c1",        "\\c",        "\\",          "\\x1",          "\\u12",        "\\u{}",
          "\\u{110000}", "\\u{12",     "\\01",        "\\1",           "\\k<n>",       "\\k",
          "[b-a]",       "[\\B]",      "[\\1]",       "\\p",           "\\pL",         "\\p{",
          "\\p{}",       "\\p{Greek}", "\\p{letter}", "\\p{Script=X}", "\\p{Foo=Bar}", "a{2,1}",
          "\xFF",        "[\xC3]",     "\\\xC3\xA9",  "(?<\xFFn>a)"}) {
        EXPECT_NE(refusal_of_pattern(text).find("is not valid"), std::string::npos) << text;
    }
}

TEST(Pattern, CountsBeyondAThousandAreTaken) {
    const json::pattern many("^.{2,5000}$");
    EXPECT_FALSE(many.found_in("a"));
    EXPECT_TRUE(many.found_in(std::string(5000, 'a')));
    EXPECT_FALSE(many.found_in(std::string(5001, 'a')));
    const json::pattern nested("^(?:[a-z]{1,64}\\.){1,20}x{1500,}$");
    EXPECT_TRUE(nested.found_in(std::string(64, 'a') + "." + std::string(1500, 'x')));
    EXPECT_FALSE(nested.found_in(std::string(65, 'a') + "." + std::string(1500, 'x')));
    EXPECT_FALSE(nested.found_in("a." + std::string(1499, 'x')));
}

TEST(Pattern, DeepAndHugeOnesAreRefusedOrCompiled) {
    EXPECT_NE(refusal_of_pattern(std::string(100'000, '(')).find("200 groups"), std::string::npos);
    EXPECT_EQ(refusal_of_pattern(std::string(150, '(') + "a" + std::string(150, ')')), "none");
    EXPECT_NE(refusal_of_pattern("(((a{999}){999}){999}){999}").find("more repetitions"),
              std::string::npos);
    EXPECT_NE(refusal_of_pattern("(?:\\p{L}{1000}){50}").find("not supported"), std::string::npos);
}

TEST(Pattern, TimeIsLinearAlsoWhereBacktrackingWouldNotEnd) {
    const std::string text(100'000, 'a');
    EXPECT_FALSE(json::pattern("^(?:(?:a*)*)*b$").found_in(text));
    EXPECT_FALSE(json::pattern("(?:a?){500}a{500}b").found_in(text));
}

TEST(Pattern, OneIsSharedByThreads) {
    const json::pattern compiled("^[a-z]+(?:-[a-z]+)*$");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([copy = compiled] {
            for (int round = 0; round < 200; ++round)
                EXPECT_TRUE(
                    copy.found_in("a-b-" + std::string(static_cast<std::size_t>(round + 1), 'x')));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace

#endif
