// The cases of llhttp's own test suite, read from its recorded logs. What llhttp accepts and
// refuses is what we do, but for the exceptions listed here by file, line and title; an exception
// that is no longer one fails the test.

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head.hpp>
#include <conclave/http/head_parser.hpp>

#include "conformance/vectors.hpp"
#include "http/pieces.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace conclave::testing;
namespace http = conclave::http;
namespace dom = simdjson::dom;

/// One message as a reader saw it. What was cut off inside the head is not one.
struct message {
    std::string start;
    std::vector<std::pair<std::string, std::string>> header;
    std::string body;
    bool complete = false;

    bool operator==(const message&) const = default;
};

struct transcript {
    std::vector<message> messages;
    bool refused = false;

    bool operator==(const transcript&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const transcript& value) {
        for (const message& one : value.messages) {
            out << one.start;
            for (const auto& [name, text] : one.header)
                out << " {" << name << ": " << text << "}";
            out << " body[" << one.body << "] " << (one.complete ? "complete; " : "incomplete; ");
        }
        return out << (value.refused ? "refused" : "accepted");
    }
};

struct test_case {
    std::string name;
    std::string kind;
    std::string input;
    bool skips_body = false;
    transcript expected;
};

// Reading the cases.

/// The inputs are stored as Latin-1, but the logs were recorded with the same text as UTF-8.
std::string latin1_to_utf8(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x80) {
            result += letter;
        } else {
            result += static_cast<char>(0xc0 | byte >> 6);
            result += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return result;
}

/// The number that follows `key` in a line of the log.
std::optional<std::size_t> number_after(std::string_view line, std::string_view key) {
    const std::size_t at = line.find(key);
    if (at == line.npos) return std::nullopt;
    return std::stoul(std::string(line.substr(at + key.size())));
}

/// Gathers what a log says of one input.
class log_reader {
public:
    void read(std::string_view line) {
        const std::size_t position = number_after(line, "off=").value_or(0);
        reach_ = std::max(reach_, position + number_after(line, " len=").value_or(0));
        if (const std::size_t span = line.find("span["); span != line.npos) {
            return read_span(line.substr(span + 5));
        }
        if (line.find("error code=") != line.npos) {
            // 22 says that another protocol follows, which is no refusal.
            result_.refused = number_after(line, "error code=") != 22u;
        } else if (line.find("header_value complete") != line.npos) {
            current_.header.emplace_back(spans_["header_field"],
                                         http::trim(spans_["header_value"]));
            spans_["header_field"].clear();
            spans_["header_value"].clear();
        } else if (line.find("headers complete") != line.npos) {
            begin_message(number_after(line, "status="));
        } else if (line.find("message complete") != line.npos) {
            result_.messages.back().complete = true;
            spans_.clear();
        }
    }

    const transcript& result() const { return result_; }
    std::size_t reach() const { return reach_; }

private:
    void read_span(std::string_view rest) {
        const std::size_t end = rest.find(']');
        const std::string name(rest.substr(0, end));
        std::string_view text = rest.substr(end + 2);
        if (text == "cr") {
            text = "\r";
        } else if (text == "lf") {
            text = "\n";
        } else {
            text = text.substr(1, text.size() - 2);
        }
        if (name == "body") {
            result_.messages.back().body += text;
        } else {
            spans_[name] += text;
        }
    }

    void begin_message(std::optional<std::size_t> status) {
        const std::string version = "HTTP/" + spans_["version"];
        current_.start = status ? version + " " + std::to_string(*status) + " " + spans_["status"]
                                : spans_["method"] + " " + spans_["url"] + " " + version;
        result_.messages.push_back(std::move(current_));
        current_ = {};
    }

    transcript result_;
    message current_;
    std::map<std::string, std::string> spans_;
    std::size_t reach_ = 0;
};

/// Gives an input back the line end that it lost where it was extracted, which shows in logs that
/// reach beyond it. What llhttp refuses as soon as a field is wrong is made a whole head, since we
/// look at the framing fields when the head is complete.
void restore_end(test_case& one, std::size_t reach) {
    constexpr std::string_view head_end = "\r\n\r\n";
    if (!one.expected.refused) {
        if (reach > one.input.size()) one.input += "\r\n";
    } else if (one.input.find(head_end) != std::string::npos) {
        if (one.input.ends_with("\r\n")) one.input += "\r\n";
    } else {
        one.input += one.input.ends_with("\r\n") ? head_end.substr(2) : head_end;
    }
}

std::vector<test_case> load(std::string_view kind) {
    std::vector<test_case> cases;
    dom::parser parser;
    const std::string path = CONCLAVE_SUITES "/llhttp/llhttp-cases.json";
    for (const dom::element entry : parser.load(path).get_array()) {
        if (std::string_view(entry["kind"]) != kind) continue;
        test_case one;
        one.kind = kind;
        const std::string_view file = entry["file"];
        one.name = std::string(file.substr(file.rfind('/') + 1)) + ":" +
                   std::to_string(entry["line"].get_int64().value()) + " " +
                   std::string(std::string_view(entry["title"]));
        one.input = latin1_to_utf8(from_base64(std::string_view(entry["input_b64"])));
        one.skips_body = entry["meta"]["skipBody"].error() == simdjson::SUCCESS;
        log_reader log;
        for (const dom::element line : entry["log"].get_array())
            log.read(std::string_view(line));
        one.expected = log.result();
        restore_end(one, log.reach());
        EXPECT_LE(log.reach(), one.input.size()) << one.name;
        cases.push_back(std::move(one));
    }
    return cases;
}

// Reading the inputs.

std::string start_of(const http::response_head& head) {
    return "HTTP/1." + std::to_string(head.minor_version) + " " + std::to_string(head.status) +
           " " + head.reason;
}

std::string start_of(const http::request_head& head) {
    return head.method + " " + head.target + " HTTP/1." + std::to_string(head.minor_version);
}

/// Reads all messages of a connection with the library's own parts, from pieces of any size.
template <class Parser>
class connection_reader {
public:
    explicit connection_reader(bool skips_body) : skips_body_(skips_body) {}

    void feed(std::string_view text) {
        while (!text.empty() && !result_.refused && !other_protocol_) {
            if (in_body_) {
                feed_body(text);
            } else if (!keeps_alive_) {
                result_.refused = true;
            } else {
                feed_head(text);
            }
        }
    }

    const transcript& result() const { return result_; }

private:
    void feed_head(std::string_view& text) {
        text.remove_prefix(parser_.feed(text));
        if (parser_.error()) result_.refused = true;
        if (!parser_.done()) return;
        const auto head = parser_.release();
        message& next = result_.messages.emplace_back();
        next.start = start_of(head);
        for (const auto& [name, value] : head.header)
            next.header.emplace_back(name, value);
        keeps_alive_ = http::keep_alive(head);
        in_body_ = !choose_body(head);
        if (in_body_) return finish_body();
        result_.refused = true;
        result_.messages.pop_back();
    }

    std::error_code choose_body(const http::response_head& head) {
        switches_ = head.status == 101;
        return http::body_decoder::for_response(skips_body_ ? "HEAD" : "GET", head, body_);
    }

    std::error_code choose_body(const http::request_head& head) {
        switches_ = head.method == "CONNECT" ||
                    (head.header.has_token("connection", "upgrade") && head.header.find("upgrade"));
        return http::body_decoder::for_request(head, body_);
    }

    void feed_body(std::string_view& text) {
        std::string buffer(text);
        const http::body_decoder::piece decoded = body_.decode(buffer);
        result_.messages.back().body.append(decoded.payload.data(), decoded.payload.size());
        text.remove_prefix(decoded.consumed);
        if (body_.error()) result_.refused = true;
        finish_body();
    }

    void finish_body() {
        if (!body_.done()) return;
        result_.messages.back().complete = true;
        in_body_ = false;
        other_protocol_ = switches_;
    }

    Parser parser_;
    http::body_decoder body_;
    transcript result_;
    bool skips_body_;
    bool in_body_ = false;
    bool keeps_alive_ = true;
    bool switches_ = false;
    bool other_protocol_ = false;
};

template <class Parser>
transcript read(const test_case& one, const std::vector<std::string_view>& pieces) {
    connection_reader<Parser> reader(one.skips_body);
    for (const std::string_view piece : pieces)
        reader.feed(piece);
    return reader.result();
}

/// Reads an input in every split there is, all of which must give the same.
template <class Parser>
transcript read(const test_case& one) {
    const transcript whole = read<Parser>(one, {one.input});
    for (const auto& pieces : conclave::testing::every_split(one.input)) {
        EXPECT_EQ(read<Parser>(one, pieces), whole) << one.name;
    }
    return whole;
}

enum class verdict {
    /// llhttp accepts, we refuse.
    stricter,
    /// llhttp refuses, we accept.
    laxer,
    /// Both accept or both refuse, but what was read up to there differs.
    other,
};

struct exception {
    verdict kind;
    std::string_view reason;
};

using exceptions = std::map<std::string_view, exception>;

void expect_exception(const test_case& one, const transcript& actual, const exception& known) {
    const std::string why =
        one.name + ": no longer an exception (" + std::string(known.reason) + ")";
    if (known.kind == verdict::other) {
        EXPECT_EQ(actual.refused, one.expected.refused) << why;
        EXPECT_NE(actual, one.expected) << why;
    } else {
        EXPECT_NE(actual.refused, one.expected.refused) << why;
        EXPECT_EQ(actual.refused, known.kind == verdict::stricter) << why;
    }
}

/// Runs all cases of a kind, of which there are `total`, and `refused` that llhttp refuses.
template <class Parser>
void run_cases(std::string_view kind, std::ptrdiff_t total, std::ptrdiff_t refused,
               exceptions known) {
    const std::vector<test_case> cases = load(kind);
    EXPECT_EQ(std::ssize(cases), total);
    EXPECT_EQ(std::ranges::count_if(cases, [](const auto& one) { return one.expected.refused; }),
              refused);
    for (const test_case& one : cases) {
        const transcript actual = read<Parser>(one);
        const auto found = known.find(one.name);
        if (found == known.end()) {
            EXPECT_EQ(actual, one.expected) << one.name;
        } else {
            expect_exception(one, actual, found->second);
            known.erase(found);
        }
    }
    for (const auto& [name, reason] : known)
        ADD_FAILURE() << "no such case: " << name;
}

constexpr exception empty_line = {verdict::stricter,
                                  "an empty line before a head belongs to no message"};
constexpr exception not_http = {verdict::stricter, "RTSP and ICE are other protocols"};
constexpr exception old_version = {verdict::stricter, "only HTTP/1.0 and HTTP/1.1 have this form"};
constexpr exception coding = {verdict::stricter, "chunked is the one transfer coding we read"};
constexpr exception any_method = {verdict::laxer, "a method is any token; its user judges it"};
constexpr exception refused_sooner = {verdict::other,
                                      "the head is refused, before llhttp refuses the body"};

TEST(Llhttp, ResponsesAreReadAlike) {
    run_cases<http::response_parser>(
        "response", 76, 24,
        {
            {"connection.md:492 HTTP 304 with Content-Length", empty_line},
            {"connection.md:586 HTTP 100 first, then 400", empty_line},
            {"pipelining.md:4 Should parse multiple events", empty_line},
            {"sample.md:695 Response starting with CRLF", empty_line},
            {"sample.md:40 RTSP response", not_http},
            {"sample.md:60 ICE response", not_http},
            {"sample.md:645 HTTP version 0.9", old_version},
            {"transfer-encoding.md:43 `chunked` before other transfer-encoding", coding},
            {"transfer-encoding.md:74 multiple transfer-encoding where chunked is not the last one",
             coding},
            {"transfer-encoding.md:110 `chunkedchunked` transfer-encoding does not enable chunked "
             "enconding",
             coding},
        });
}

TEST(Llhttp, RequestsAreReadAlike) {
    run_cases<http::request_parser>(
        "request", 134, 56,
        {
            {"connection.md:156 CRLF between requests, implicit `keep-alive`", empty_line},
            {"pipelining.md:4 Should parse multiple events", empty_line},
            {"sample.md:288 Prefix newline", empty_line},
            {"sample.md:478 Request starting with CRLF", empty_line},
            {"method.md:372 SOURCE request with ICE", not_http},
            {"method.md:400 OPTIONS request with RTSP", not_http},
            {"method.md:430 ANNOUNCE request with RTSP", not_http},
            {"sample.md:314 No HTTP version", old_version},
            {"transfer-encoding.md:751 POST with `chunked` as last transfer-encoding", coding},
            {"transfer-encoding.md:793 POST with `chunked` as last transfer-encoding (multiple "
             "headers)",
             coding},
            {"invalid.md:66 HTTP protocol and ANNOUNCE method", any_method},
            {"invalid.md:356 Invalid method", any_method},
            {"method.md:458 PRI request HTTP2",
             {verdict::other, "PRI is any method, and what follows it is refused"}},
            {"method.md:96 CONNECT with body",
             {verdict::other, "who serves no CONNECT must not take its body for a request"}},
            {"content-length.md:444 Content-Length reset when no body is received",
             {verdict::other, "llhttp was told not to expect the body of a request"}},
            {"transfer-encoding.md:464 Ignoring `pigeons`", refused_sooner},
            {"transfer-encoding.md:840 POST with `chunkedchunked` as transfer-encoding",
             refused_sooner},
        });
}

}  // namespace
