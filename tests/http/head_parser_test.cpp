#include <conclave/error.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>

#include <http/pieces.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using conclave::errc;
using conclave::http::head_limits;
using conclave::http::request_head;
using conclave::http::request_parser;
using conclave::http::response_head;
using conclave::http::response_parser;
using namespace std::string_view_literals;

std::string first_line(const response_head& head) {
    return "HTTP/1." + std::to_string(head.minor_version) + " " + std::to_string(head.status) +
           " [" + head.reason + "]";
}

std::string first_line(const request_head& head) {
    return "[" + head.method + "] [" + head.target + "] HTTP/1." +
           std::to_string(head.minor_version);
}

/// What a parser made of an input, as text, and how much of it the parser took.
struct head_outcome {
    std::string text;
    std::size_t consumed = 0;

    bool operator==(const head_outcome&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const head_outcome& value) {
        return out << value.text << " after " << value.consumed << " bytes";
    }
};

template <class Parser>
head_outcome run(Parser& parser, const std::vector<std::string_view>& pieces) {
    head_outcome result;
    for (const std::string_view piece : pieces) {
        const std::size_t consumed = parser.feed(piece);
        EXPECT_LE(consumed, piece.size());
        result.consumed += consumed;
        if (consumed < piece.size()) {
            EXPECT_TRUE(parser.done() || parser.error());
            break;
        }
    }
    if (parser.error()) {
        EXPECT_FALSE(parser.done());
        result.text = parser.error().message();
    } else if (!parser.done()) {
        result.text = "incomplete";
    } else {
        result.text = first_line(parser.head());
        for (const auto& [name, value] : parser.head().header) {
            result.text += " " + name + "=[" + value + "]";
        }
    }
    return result;
}

/// Parses the text whole, and every other way it can be cut, which must give the same.
template <class Parser>
head_outcome parse(std::string_view text, head_limits limits = {}) {
    Parser whole(limits);
    const head_outcome expected = run(whole, {text});
    for (const auto& pieces : conclave::testing::every_split(text)) {
        Parser parser(limits);
        EXPECT_EQ(run(parser, pieces), expected) << text;
    }
    return expected;
}

const std::string malformed = make_error_code(errc::malformed_http).message();
const std::string too_large = make_error_code(errc::head_too_large).message();

TEST(ResponseParser, ReadsStatusReasonVersionAndFields) {
    const std::string_view text =
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/event-stream\r\n"
        "x-Request-Id:abc\r\n"
        "Padded: \t a \t b \t \r\n"
        "Empty:\r\n"
        "Blank: \t\r\n"
        "Odd!#$%&'*+-.^_`|~: :\"\xff\x80\r\n"
        "\r\n";
    const head_outcome expected = {
        "HTTP/1.1 200 [OK] Content-Type=[text/event-stream] x-Request-Id=[abc] "
        "Padded=[a \t b] Empty=[] Blank=[] Odd!#$%&'*+-.^_`|~=[:\"\xff\x80]",
        text.size()};
    EXPECT_EQ(parse<response_parser>(text), expected);
}

TEST(ResponseParser, LeavesWhatFollowsTheHeadAlone) {
    const std::string head = "HTTP/1.0 503 Try Later\r\nA: b\r\n\r\n";
    const head_outcome expected = {"HTTP/1.0 503 [Try Later] A=[b]", head.size()};
    EXPECT_EQ(parse<response_parser>(head + "\r\nbody"), expected);

    response_parser parser;
    ASSERT_EQ(parser.feed(head), head.size());
    EXPECT_EQ(parser.feed("x"), 0u);
    EXPECT_TRUE(parser.done());
}

TEST(ResponseParser, AcceptsWhatServersLeaveOutOfTheReason) {
    EXPECT_EQ(parse<response_parser>("HTTP/1.1 301\r\n\r\n").text, "HTTP/1.1 301 []");
    EXPECT_EQ(parse<response_parser>("HTTP/1.1 301 \r\n\r\n").text, "HTTP/1.1 301 []");
    EXPECT_EQ(parse<response_parser>("HTTP/1.1 999 \xe9t\xe9\r\n\r\n").text,
              "HTTP/1.1 999 [\xe9t\xe9]");
}

TEST(ResponseParser, RefusesMalformedHeadsAtTheFirstBadByte) {
    struct {
        std::string_view good;
        std::string_view bad;
    } const cases[] = {
        // Versions and other protocols.
        {"HTTP/", "0.9 200 OK\r\n\r\n"},
        {"HTTP/", "2 200\r\n\r\n"},
        {"HTTP/", "2.0 200 OK\r\n\r\n"},
        {"HTTP/1.", "2 200 OK\r\n\r\n"},
        {"HTTP/1.1", "1 200 OK\r\n\r\n"},
        {"HTTP/", "01.1 200 OK\r\n\r\n"},
        {"HTTP/1.", " 200 OK\r\n\r\n"},
        {"HTTP", " 200 OK\r\n\r\n"},
        {"HT", "P/1.1 200 OK\r\n\r\n"},
        {"", "http/1.1 200 OK\r\n\r\n"},
        {"", "SSH-2.0-OpenSSH_9.2"},
        {"", "\x15\x03\x01"},
        {"", "<html>"},
        {"", " HTTP/1.1 200 OK\r\n\r\n"},
        {"", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"", "\0"sv},
        // Status.
        {"HTTP/1.1 20", " OK\r\n\r\n"},
        {"HTTP/1.1 200", "0 OK\r\n\r\n"},
        {"HTTP/1.1 ", "-1 OK\r\n\r\n"},
        {"HTTP/1.1 ", "+20 OK\r\n\r\n"},
        {"HTTP/1.1 ", "099 OK\r\n\r\n"},
        {"HTTP/1.1 ", "000 OK\r\n\r\n"},
        {"HTTP/1.1 ", " 200 OK\r\n\r\n"},
        {"HTTP/1.1", "\t200 OK\r\n\r\n"},
        {"HTTP/1.1 2", "x0 OK\r\n\r\n"},
        {"HTTP/1.1 ", "OK\r\n\r\n"},
        {"HTTP/1.1", "\r\n\r\n"},
        {"HTTP/1.1 200", "\tOK\r\n\r\n"},
        {"HTTP/1.1 200", "OK\r\n\r\n"},
        // Line ends.
        {"HTTP/1.1 200 OK", "\nA: b\n\n"},
        {"HTTP/1.1 200", "\n\n"},
        {"HTTP/1.1 200 OK\r", "A: b\r\n\r\n"},
        {"HTTP/1.1 200 OK\r", "\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b", "\nC: d\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r", "C: d\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA:", "\nC: d\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", "\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n\r", "\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n\r", "x"},
        // Folding, leading space, and spaces about the name.
        {"HTTP/1.1 200 OK\r\n", " A: b\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", "\tc\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", " \r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length", " : 5\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length", "\t: 5\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA", " b: c\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\n", ": c\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA", "\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nA", "\0: b\r\n\r\n"sv},
        {"HTTP/1.1 200 OK\r\nA: b", "\0c\r\n\r\n"sv},
        {"HTTP/1.1 200 O", "\0K\r\n\r\n"sv},
    };
    for (const auto& [good, bad] : cases) {
        const std::string text = std::string(good) + std::string(bad);
        EXPECT_EQ(parse<response_parser>(text), (head_outcome{malformed, good.size()})) << text;
    }
}

TEST(ResponseParser, RefusesEveryByteThatANameOrValueOrReasonMayNotHave) {
    const std::string_view name_characters =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int code = 0; code < 256; ++code) {
        const char byte = static_cast<char>(code);
        const bool control = (code < 32 && byte != '\t') || code == 127;
        response_parser name;
        name.feed("HTTP/1.1 200 OK\r\nX" + std::string(1, byte) + "Y: z\r\n\r\n");
        EXPECT_EQ(name.done(), byte == ':' || name_characters.find(byte) != std::string_view::npos)
            << code;
        response_parser value;
        value.feed("HTTP/1.1 200 OK\r\nX: y" + std::string(1, byte) + "z\r\n\r\n");
        EXPECT_EQ(value.done(), !control) << code;
        response_parser reason;
        reason.feed("HTTP/1.1 200 O" + std::string(1, byte) + "K\r\n\r\n");
        EXPECT_EQ(reason.done(), !control) << code;
    }
}

TEST(ResponseParser, AHeadCutAnywhereIsIncompleteAndNotAnError) {
    const std::string_view text = "HTTP/1.1 200 OK\r\nA: b\r\nC:\r\n\r\n";
    for (std::size_t length = 0; length < text.size(); ++length) {
        response_parser parser;
        EXPECT_EQ(parser.feed(text.substr(0, length)), length);
        EXPECT_FALSE(parser.done());
        EXPECT_FALSE(parser.error());
        EXPECT_EQ(parser.untouched(), length == 0);
    }
}

TEST(ResponseParser, AnErrorStaysUntilReset) {
    response_parser parser;
    EXPECT_EQ(parser.feed("HTTP/1.1 2x0 OK\r\n\r\n"), 10u);
    EXPECT_EQ(parser.error(), errc::malformed_http);
    EXPECT_EQ(parser.feed("00 OK\r\n\r\n"), 0u);
    EXPECT_EQ(parser.error(), errc::malformed_http);
    parser.reset();
    EXPECT_FALSE(parser.error());
    EXPECT_TRUE(parser.untouched());
    parser.feed("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(parser.head().status, 200);
}

TEST(ResponseParser, TenThousandInterimHeadsAreReadOneByOne) {
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += "HTTP/1.1 100 Continue\r\nA: b\r\n\r\n";
    text += "HTTP/1.1 200 OK\r\nC: d\r\n\r\nbody";
    response_parser parser;
    std::string_view rest = text;
    int interim = 0;
    response_head head;
    while (true) {
        rest.remove_prefix(parser.feed(rest));
        ASSERT_TRUE(parser.done());
        head = parser.release();
        if (!is_interim(head)) break;
        ++interim;
    }
    EXPECT_EQ(interim, 10'000);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header.size(), 1u);
    EXPECT_EQ(rest, "body");
}

TEST(ResponseParser, HeadsUpToTheLimitAreRead) {
    const std::string start = "HTTP/1.1 200 OK\r\nA: ";
    const std::string end = "\r\n\r\n";
    for (const std::size_t excess : {std::size_t{0}, std::size_t{1}}) {
        const std::string text =
            start + std::string(100 - start.size() - end.size() + excess, 'x') + end;
        const head_outcome result = parse<response_parser>(text, {.bytes = 100, .fields = 1});
        EXPECT_EQ(result.consumed, 100u);
        EXPECT_EQ(result.text == too_large, excess == 1) << result;
    }
}

TEST(ResponseParser, FieldsUpToTheLimitAreRead) {
    const std::string start = "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n";
    const head_limits limits{.bytes = 1000, .fields = 2};
    EXPECT_EQ(parse<response_parser>(start + "\r\n", limits).text, "HTTP/1.1 200 [OK] A=[1] B=[2]");
    EXPECT_EQ(parse<response_parser>(start + "C: 3\r\n\r\n", limits),
              (head_outcome{too_large, start.size()}));
}

TEST(ResponseParser, ByDefaultTakesNoMoreThan64KiBAnd256Fields) {
    for (const std::string_view line : {"x", "x: y\r\n", "HTTP"}) {
        response_parser parser;
        std::size_t consumed = parser.feed("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 100'000 && !parser.error(); ++i)
            consumed += parser.feed(line);
        EXPECT_EQ(parser.error(), errc::head_too_large);
        EXPECT_EQ(consumed, line == "x: y\r\n" ? 17u + 256u * 6u : 64u * 1024u);
    }
    response_parser parser;
    EXPECT_EQ(parser.feed("HTTP/1.1 200 " + std::string(1'000'000, 'x')), 64u * 1024u);
    EXPECT_EQ(parser.error(), errc::head_too_large);
}

TEST(RequestParser, ReadsMethodTargetVersionAndFields) {
    const std::string_view text =
        "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
    EXPECT_EQ(
        parse<request_parser>(std::string(text) + "abc"),
        (head_outcome{"[POST] [/v1/chat/completions?a=b] HTTP/1.1 Host=[h] Content-Length=[3]",
                      text.size()}));
    EXPECT_EQ(parse<request_parser>("M-X * HTTP/1.0\r\n\r\n").text, "[M-X] [*] HTTP/1.0");
}

TEST(RequestParser, RefusesMalformedRequestLinesAtTheFirstBadByte) {
    struct {
        std::string_view good;
        std::string_view bad;
    } const cases[] = {
        {"", " GET / HTTP/1.1\r\n\r\n"},
        {"", "\r\nGET / HTTP/1.1\r\n\r\n"},
        {"GET", "\t/ HTTP/1.1\r\n\r\n"},
        {"GET ", " / HTTP/1.1\r\n\r\n"},
        {"GET / ", " HTTP/1.1\r\n\r\n"},
        {"GET /", "\r\n\r\n"},
        {"GET /", "\nHost: x\n\n"},
        {"GET /a ", "b HTTP/1.1\r\n\r\n"},
        {"GET /a", "\tb HTTP/1.1\r\n\r\n"},
        {"GET /", "\xc3\xa9 HTTP/1.1\r\n\r\n"},
        {"GET /", "\0 HTTP/1.1\r\n\r\n"sv},
        {"GET / HTTP/1.1", " \r\n\r\n"},
        {"GET / HTTP/1.1", "\n\n"},
        {"GET / HTTP/1.1\r", "\r\n\r\n"},
        {"GET / ", "http/1.1\r\n\r\n"},
        {"GET / HTTP/", "2.0\r\n\r\n"},
        {"GET / HTTP/", "0.9\r\n\r\n"},
        {"GET", ": / HTTP/1.1\r\n\r\n"},
        {"GET / HTTP/1.1\r\n", " Host: x\r\n\r\n"},
        {"GET / HTTP/1.1\r\nHost", " : x\r\n\r\n"},
    };
    for (const auto& [good, bad] : cases) {
        const std::string text = std::string(good) + std::string(bad);
        EXPECT_EQ(parse<request_parser>(text), (head_outcome{malformed, good.size()})) << text;
    }
}

TEST(RequestParser, RefusesEveryByteThatAMethodOrTargetMayNotHave) {
    const std::string_view method_characters =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int code = 0; code < 256; ++code) {
        const char byte = static_cast<char>(code);
        request_parser method;
        method.feed("G" + std::string(1, byte) + "T / HTTP/1.1\r\n\r\n");
        EXPECT_EQ(method.done(), method_characters.find(byte) != std::string_view::npos) << code;
        request_parser target;
        target.feed("GET /a" + std::string(1, byte) + "b HTTP/1.1\r\n\r\n");
        EXPECT_EQ(target.done(), code > 32 && code < 127) << code;
    }
}

TEST(RequestParser, ReadsWhatWriteHeadWrites) {
    request_head head;
    head.method = "PUT";
    head.target = "/x?y";
    ASSERT_FALSE(head.header.add("Host", "h:1"));
    ASSERT_FALSE(head.header.add("X", "\xc3\xa9 \t,"));
    std::string text;
    ASSERT_FALSE(write_head(head, text));
    EXPECT_EQ(parse<request_parser>(text),
              (head_outcome{"[PUT] [/x?y] HTTP/1.1 Host=[h:1] X=[\xc3\xa9 \t,]", text.size()}));
}

}  // namespace
