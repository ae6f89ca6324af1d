// Each format, by texts that have it and texts that do not.

#include <conclave/json/format.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace json = conclave::json;

struct format_case {
    std::string_view name;
    std::vector<std::string_view> having;
    std::vector<std::string_view> lacking;
};

const std::vector<format_case> format_cases = {
    {"date",
     {"2024-02-29", "2000-02-29", "0000-01-01", "9999-12-31"},
     {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-1",
      "2024-01-01 ", "20240101", "2024-01-00", "+2024-01-01", "2024-01-011"}},
    {"time",
     {"00:00:00Z", "23:59:59.999999999z", "12:00:00+23:59", "23:59:60Z", "00:59:60+01:00",
      "18:29:60-05:30"},
     {"", "24:00:00Z", "12:00Z", "12:00:00", "12:00:00.Z", "12:00:00+24:00", "12:00:00+0100",
      "12:00:60Z", "23:59:60+01:00", "12:00:00Zx", "12:00:00 Z"}},
    {"date-time",
     {"2024-02-29T12:00:00Z", "2016-12-31t23:59:60z", "2017-01-01T08:59:60+09:00"},
     {"", "2024-02-29", "2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00",
      "2024-02-29T"}},
    {"duration",
     {"P1Y", "P1Y2M3DT4H5M6S", "PT5M", "P3W", "P0D", "P1M2DT3M"},
     {"", "P", "PT", "P1", "P1DT", "1D", "P1S", "PT1D", "P1Y1D", "PT1H1S", "PW", "P1W1D", "P1D1D",
      "P1M1Y", "P1.5D", "P-1D", "TP1H", "p1d", "P1DT1H1D"}},
    {"email",
     {"a@b", "first.last+tag@example.org", "\"a b\\\"c\"@example.org", "x@[127.0.0.1]",
      "x@[IPv6:::1]", "x@[tag:any!thing]", "!#$%&'*+-/=?^_`{|}~@b"},
     {"",
      "@",
      "a@",
      "@b",
      "a",
      ".a@b",
      "a.@b",
      "a..b@c",
      "a b@c",
      "a@b c",
      "a@-b",
      "a@b-",
      "a@b..c",
      "\"a@b",
      "a@[127.0.0.256]",
      "a@[::1]",
      "a@[tag:]",
      "é@b",
      "a@é",
      "a@b@c",
      "\"\x7f\"@b",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b"}},
    {"idn-email",
     {"é@ü.example", "\"é\"@b", "a@b"},
     {"", "é", "é@", "@é", "é@-é", "é\xFF@b", "a@\xC3"}},
    {"hostname",
     {"a", "a.b", "1.2", "A-b.C", "a--b"},
     {"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "é", "a b", "a.b\n",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
    {"ipv4",
     {"0.0.0.0", "255.255.255.255"},
     {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.",
      "1..2.3"}},
    {"ipv6",
     {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "ABCD::"},
     {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1%eth0",
      "::1/64", "[::1]", "1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:8::"}},
    {"uri",
     {"a:", "http://h", "http://u:p@h:80/p/q?r#f", "urn:a:b", "http://[::1]:8080/",
      "http://[v1.a:b]", "a:/b//c", "http://h:/", "file:///x", "a:b?c?d#e/?f", "s:%41"},
     {"",
      "a",
      "//h",
      "/p",
      "http://h/ ",
      "http://h/%4",
      "http://h/%zz",
      "http://[::1",
      "http://[g::]",
      "http://h:x",
      "1a:b",
      "a_b:c",
      "http://h/é",
      "http://h/[",
      "http://h/#a#b",
      "http://a@b@c",
      "http://[v.a]",
      "http://[v1.]",
      "http://[::1]x",
      "a:\x7f"}},
    {"uri-reference",
     {"", "a", "/a", "//h/p", "?q", "#f", "./a:b", "a/b:c", "../x", "http://h"},
     {"a:b c", "1:b", ":", "a b", "\\", "%", "#a#", "é", "//h:p"}},
    {"iri",
     {"http://é.example/ü?ö#ä", "http://h/\U0001F98A", "a:?\uE000"},
     {"", "é", "http://h/\uE000", "http://h/\uFDD0", "http://h/\xC3", "http://h/ "}},
    {"iri-reference",
     {"", "é", "//é/ü", "#ö", "?\U000F0000"},
     {"\\é", "é:x", "#\U000F0000", "\xFF"}},
    {"uuid",
     {"00000000-0000-0000-0000-000000000000", "ABCDEFab-cdef-0123-4567-89abcdefABCD"},
     {"", "00000000-0000-0000-0000-00000000000", "000000000000-0000-0000-000000000000",
      "g0000000-0000-0000-0000-000000000000", "{0000000-0000-0000-0000-00000000000}"}},
    {"uri-template",
     {"", "a", "{a}", "{+a,b*,c:12}", "/x{/a.b}{?q_1}", "é{%41}", "{|a}", "it's"},
     {"{",    "}", "{}", "{a", "{a b}", "{a:}", "{a:0}",  "{a:12345}", "{.}", "{a.}", "{.a..b}",
      "{a,}", "%", "%4", "<",  "a b",   "\xC3", "{a*:1}", "{a:1*}",    "\"",  "{{a}}"}},
    {"json-pointer",
     {"", "/", "/a/b", "/~0~1", "//", "/é"},
     {"a", "#/a", "/~", "/~2", "/a~", "~0"}},
    {"relative-json-pointer",
     {"0", "1/a", "0#", "10/~1", "2+1/a", "0-10"},
     {"", "a", "/a", "00", "01/a", "-1", "1a", "1#a", "0##", "1/~", "0+", "0+0", "0-01"}},
    {"regex",
     {"", "a", "^a{1,2}$", "(?=a)b", "(?<n>a)\\k<n>", "(a)\\1", "[^]", "\\p{L}", "\\u{1F98A}"},
     {"(", ")", "[", "*", "a**", "\\", "\\a", "(?i)a", "(?<1>a)", "\\1", "\\k<n>", "\\p{X}", "\\x1",
      "[b-a]", "a{2,1}"}},
};

TEST(Format, IsHadByTheseTextsAndNotByThose) {
    for (const format_case& one : format_cases) {
        for (const std::string_view text : one.having)
            EXPECT_EQ(json::matches_format(one.name, text), true) << one.name << ": " << text;
        for (const std::string_view text : one.lacking)
            EXPECT_EQ(json::matches_format(one.name, text), false) << one.name << ": " << text;
    }
}

TEST(Format, EveryoneNamedByTheSpecificationIsThereAndNoOther) {
    for (int value = 0; value <= static_cast<int>(json::format::regex); ++value) {
        const auto which = static_cast<json::format>(value);
        EXPECT_EQ(json::format_named(json::name_of(which)), which);
        EXPECT_EQ(json::can_check(which),
                  which != json::format::idn_hostname || json::detail::has_idn);
    }
    for (const std::string_view name : {"", "Date", "date ", "color", "idn_hostname"}) {
        EXPECT_FALSE(json::format_named(name)) << name;
        EXPECT_FALSE(json::matches_format(name, "x")) << name;
    }
}

TEST(Format, LongTextsTakeTimeInProportion) {
    const std::string many(50'000, 'a');
    for (int value = 0; value <= static_cast<int>(json::format::regex); ++value) {
        const auto which = static_cast<json::format>(value);
        if (!json::can_check(which)) continue;
        for (const std::string_view part :
             {"", ".", "é", "{", "(", "a:", "~", "\"", "\xE3\x80\x82"}) {
            std::string text;
            while (text.size() < 5'000)
                text.append(part).append("1a");
            json::matches_format(which, text);
        }
        json::matches_format(which, many);
    }
}

#if CONCLAVE_WITH_IDN2

TEST(Format, InternationalisedHostNamesFollowIdna2008) {
    for (const std::string_view name :
         {"a", "A.b", "bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA", "例え。テスト",
          "l·l", "ςß", "א.ב", "אב1", "क्\u200Dष"}) {
        EXPECT_EQ(json::matches_format("idn-hostname", name), true) << name;
    }
    for (const std::string_view name :
         {"",      ".",          "a..b",         "a.",
          "a_b",   "Bücher",     "-ü",           "ü-",
          "üü--ü", "l·",         "\u0300a",      "1.א",
          "א.1a",  "אa",         "א1\u0660",     "xn--bcher-kvb-",
          "xn--a", "xn--",       "xn--\xC3\xBC", "a\u200Db",
          "\xFF",  "cafe\u0301", "a b",          "xn--zzzzzzzzzzzzzz99999"}) {
        EXPECT_EQ(json::matches_format("idn-hostname", name), false) << name;
    }
    // the rule on digits holds for what Punycode stands for as well
    EXPECT_EQ(json::matches_format("hostname", "xn--bcher-kva"), true);
    EXPECT_EQ(json::matches_format("hostname", "xn--1-zhc74b"), false);
    const std::string_view with_zero("\xC3\xBC\0\xC3\xBC", 5);
    EXPECT_EQ(json::matches_format("idn-hostname", with_zero), false);
}

#endif

}  // namespace
