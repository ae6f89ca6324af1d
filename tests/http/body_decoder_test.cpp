#include <conclave/error.hpp>
#include <conclave/http/body_decoder.hpp>
#include <conclave/http/chunked.hpp>
#include <conclave/http/head.hpp>

#include <http/pieces.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using conclave::errc;
using conclave::http::body_decoder;
using conclave::http::request_head;
using conclave::http::response_head;
using namespace std::string_view_literals;

using field_list = std::vector<std::pair<std::string, std::string>>;

response_head response(const field_list& list, int status = 200, int minor_version = 1) {
    response_head head;
    head.status = status;
    head.minor_version = minor_version;
    for (const auto& [name, value] : list)
        EXPECT_FALSE(head.header.add(name, value));
    return head;
}

request_head request(const field_list& list, int minor_version = 1) {
    request_head head;
    head.method = "POST";
    head.target = "/";
    head.minor_version = minor_version;
    for (const auto& [name, value] : list)
        EXPECT_FALSE(head.header.add(name, value));
    return head;
}

body_decoder decoder_of(const field_list& list) {
    body_decoder decoder;
    EXPECT_FALSE(body_decoder::for_response("POST", response(list), decoder));
    return decoder;
}

const field_list chunked = {{"Transfer-Encoding", "chunked"}};

struct outcome {
    std::string body;
    std::size_t consumed = 0;
    bool done = false;
    std::error_code error;

    bool operator==(const outcome&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const outcome& value) {
        return out << "[" << value.body << "] after " << value.consumed << " bytes"
                   << (value.done ? ", done" : "") << ", " << value.error.message();
    }
};

outcome run(body_decoder decoder, const std::vector<std::string_view>& pieces) {
    outcome result;
    for (const std::string_view piece : pieces) {
        std::string buffer(piece);
        const body_decoder::piece decoded = decoder.decode(buffer);
        const char* begin = buffer.data();
        EXPECT_LE(decoded.consumed, buffer.size());
        EXPECT_GE(decoded.payload.data(), begin);
        EXPECT_LE(decoded.payload.data() + decoded.payload.size(), begin + decoded.consumed);
        result.body.append(decoded.payload.data(), decoded.payload.size());
        result.consumed += decoded.consumed;
        if (decoded.consumed < piece.size()) {
            EXPECT_TRUE(decoder.done() || decoder.error());
            break;
        }
    }
    result.done = decoder.done();
    result.error = decoder.error();
    EXPECT_FALSE(result.done && result.error);
    return result;
}

/// Decodes the text whole, and every other way it can be cut, which must give the same.
outcome decode(const body_decoder& decoder, std::string_view text) {
    const outcome expected = run(decoder, {text});
    for (const auto& pieces : conclave::testing::every_split(text)) {
        EXPECT_EQ(run(decoder, pieces), expected) << text;
    }
    return expected;
}

TEST(BodyDecoder, SomeResponsesHaveNoBodyWhateverTheirFieldsSay) {
    struct {
        const char* method;
        int status;
    } const cases[] = {{"HEAD", 200}, {"HEAD", 500}, {"GET", 100},     {"GET", 101},
                       {"GET", 204},  {"GET", 304},  {"CONNECT", 200}, {"CONNECT", 299}};
    const field_list lists[] = {{}, {{"Content-Length", "5"}}, {{"Transfer-Encoding", "chunked"}}};
    for (const auto& [method, status] : cases) {
        for (const field_list& list : lists) {
            body_decoder decoder = decoder_of(chunked);
            ASSERT_FALSE(body_decoder::for_response(method, response(list, status), decoder));
            EXPECT_TRUE(decoder.done()) << method << status;
            EXPECT_TRUE(decoder.complete_at_close());
            EXPECT_EQ(decoder.content_length(), 0u);
            EXPECT_EQ(decode(decoder, "HTTP/1.1"), (outcome{"", 0, true, {}}));
        }
    }
}

TEST(BodyDecoder, AResponseToConnectThatIsAnErrorHasABody) {
    body_decoder decoder;
    ASSERT_FALSE(
        body_decoder::for_response("CONNECT", response({{"Content-Length", "2"}}, 407), decoder));
    EXPECT_EQ(decode(decoder, "nono"), (outcome{"no", 2, true, {}}));
}

TEST(BodyDecoder, WithoutLengthAResponseLastsUntilTheConnectionEnds) {
    const body_decoder decoder = decoder_of({});
    EXPECT_FALSE(decoder.content_length());
    EXPECT_TRUE(decoder.complete_at_close());
    EXPECT_EQ(decode(decoder, "all\r\nof it"), (outcome{"all\r\nof it", 10, false, {}}));
}

TEST(BodyDecoder, WithoutLengthARequestHasNoBody) {
    body_decoder decoder = decoder_of(chunked);
    ASSERT_FALSE(body_decoder::for_request(request({}), decoder));
    EXPECT_EQ(decoder.content_length(), 0u);
    EXPECT_EQ(decode(decoder, "GET "), (outcome{"", 0, true, {}}));
}

TEST(BodyDecoder, ALengthEndsTheBodyThere) {
    const body_decoder decoder = decoder_of({{"content-length", "5"}});
    EXPECT_EQ(decoder.content_length(), 5u);
    EXPECT_FALSE(decoder.complete_at_close());
    EXPECT_EQ(decode(decoder, "hello"), (outcome{"hello", 5, true, {}}));
    EXPECT_EQ(decode(decoder, "hello, world"), (outcome{"hello", 5, true, {}}));
    EXPECT_EQ(decode(decoder, "hell"), (outcome{"hell", 4, false, {}}));
    EXPECT_EQ(decode(decoder_of({{"Content-Length", "0"}}), "x"), (outcome{"", 0, true, {}}));
}

TEST(BodyDecoder, ALengthHasOneToNineteenDigitsAndNothingElse) {
    struct {
        const char* value;
        std::optional<std::uint64_t> length;
    } const cases[] = {
        {"0", 0},
        {"003", 3},
        {"9999999999999999999", 9'999'999'999'999'999'999u},
        {"0000000000000000001", 1},
        {"10000000000000000000", {}},
        {"00000000000000000001", {}},
        {"99999999999999999999", {}},
        {"+5", {}},
        {"-1", {}},
        {"5, 5", {}},
        {"5,5", {}},
        {"5,", {}},
        {"5 5", {}},
        {"0x5", {}},
        {"5a", {}},
        {"a", {}},
        {"5.0", {}},
        {"5;", {}},
        {"", {}},
        {"\"5\"", {}},
    };
    for (const auto& [value, length] : cases) {
        body_decoder of_response;
        body_decoder of_request;
        const field_list list = {{"Content-Length", value}};
        const auto refused = length ? std::error_code() : make_error_code(errc::malformed_http);
        EXPECT_EQ(body_decoder::for_response("GET", response(list), of_response), refused) << value;
        EXPECT_EQ(body_decoder::for_request(request(list), of_request), refused) << value;
        EXPECT_EQ(of_response.content_length(), length.value_or(0)) << value;
        EXPECT_EQ(of_request.content_length(), length.value_or(0)) << value;
    }
}

TEST(BodyDecoder, FramingThatCanBeReadInTwoWaysIsRefused) {
    struct {
        field_list list;
        int minor_version;
    } const cases[] = {
        {{{"Content-Length", "5"}, {"Content-Length", "6"}}, 1},
        {{{"Content-Length", "5"}, {"content-length", "5"}}, 1},
        {{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}, 1},
        {{{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}, 1},
        {{{"Transfer-Encoding", "identity"}, {"Content-Length", "5"}}, 1},
        {{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}, 1},
        {{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}}, 1},
        {{{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}}, 1},
        {{{"Transfer-Encoding", "chunked, chunked"}}, 1},
        {{{"Transfer-Encoding", "gzip, chunked"}}, 1},
        {{{"Transfer-Encoding", "chunked, gzip"}}, 1},
        {{{"Transfer-Encoding", "xchunked"}}, 1},
        {{{"Transfer-Encoding", "chunkedchunked"}}, 1},
        {{{"Transfer-Encoding", "chunked;a=b"}}, 1},
        {{{"Transfer-Encoding", "chunked,"}}, 1},
        {{{"Transfer-Encoding", "\"chunked\""}}, 1},
        {{{"Transfer-Encoding", "identity"}}, 1},
        {{{"Transfer-Encoding", "gzip"}}, 1},
        {{{"Transfer-Encoding", ""}}, 1},
        {{{"Transfer-Encoding", "chunked"}}, 0},
    };
    for (const auto& [list, minor_version] : cases) {
        body_decoder decoder = decoder_of({{"Content-Length", "77"}});
        EXPECT_EQ(body_decoder::for_response("GET", response(list, 200, minor_version), decoder),
                  errc::malformed_http)
            << list[0].second;
        EXPECT_EQ(body_decoder::for_request(request(list, minor_version), decoder),
                  errc::malformed_http)
            << list[0].second;
        EXPECT_EQ(decoder.content_length(), 77u) << "changed by a refusal";
    }
}

TEST(BodyDecoder, ChunksAreJoined) {
    const body_decoder decoder = decoder_of({{"transfer-encoding", "Chunked"}});
    EXPECT_FALSE(decoder.content_length());
    EXPECT_FALSE(decoder.complete_at_close());
    const std::string_view text =
        "5\r\nhello\r\n06\r\n world\r\nA\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n";
    const outcome expected = {"hello world0123456789abcdefghijk", text.size(), true, {}};
    EXPECT_EQ(decode(decoder, text), expected);
    EXPECT_EQ(decode(decoder, std::string(text) + "HTTP/1.1 200 OK\r\n"), expected);
}

TEST(BodyDecoder, ExtensionsAndTrailersAreDropped) {
    for (const std::string_view text : {
             "3;a\r\nabc\r\n0\r\n\r\n"sv,
             "3;a;b=c;d=\"e;=\\\"\\\\\t\xff\";f\r\nabc\r\n0;z=1\r\n\r\n"sv,
             "3\r\nabc\r\n0\r\nA: b\r\nContent-Length: 5\r\nEmpty:\r\n\r\n"sv,
             "3\r\nabc\r\n000\r\nA:\t b \xff\r\n\r\n"sv,
             "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n"sv,
         }) {
        EXPECT_EQ(decode(decoder_of(chunked), text), (outcome{"abc", text.size(), true, {}}))
            << text;
    }
}

TEST(BodyDecoder, MalformedChunksAreRefusedAtTheFirstBadByte) {
    struct {
        std::string_view good;
        std::string_view bad;
    } const cases[] = {
        // Sizes.
        {"", "-2\r\nab\r\n0\r\n\r\n"},
        {"", "+2\r\nab\r\n0\r\n\r\n"},
        {"0", "x5\r\nabcde\r\n0\r\n\r\n"},
        {"1111111111111111", "1\r\na"},
        {"0000000000000000", "1\r\na"},
        {"", "\r\n\r\n"},
        {"", " 2\r\nab\r\n0\r\n\r\n"},
        {"2", " \r\nab\r\n0\r\n\r\n"},
        {"2", "\t;a\r\nab\r\n0\r\n\r\n"},
        {"", "g\r\n"},
        {"2", "_0\r\n"},
        {"2", "\0\r\nab"sv},
        {"", ";a\r\n"},
        {"", "\xff"},
        // Line ends.
        {"2", "\nab\r\n0\r\n\r\n"},
        {"2\r", "ab\r\n0\r\n\r\n"},
        {"2\r", "\r\nab"},
        {"2\r\nab", "0\r\n\r\n"},
        {"2\r\nab", "c\r\n0\r\n\r\n"},
        {"2\r\nab", "\n0\r\n\r\n"},
        {"2\r\nab\r", "0\r\n\r\n"},
        {"2\r\nab\r", "\r\n0\r\n\r\n"},
        {"2\r\nab\r\n", "\r\n0\r\n\r\n"},
        {"2\r\nab\r\n0\r\n", "\n"},
        {"2\r\nab\r\n0\r\n\r", "x"},
        {"2\r\nab\r\n0", "\n\n"},
        // Extensions.
        {"2;", "\r\nab"},
        {"2;a=", "\r\nab"},
        {"2;a", " \r\nab"},
        {"2;", " a\r\nab"},
        {"2;a", "\nab"},
        {"2;a;", ";b\r\nab"},
        {"2;a=b", "=c\r\nab"},
        {"2;a=\"b", "\r\nab"},
        {"2;a=\"b\\", "\r\"\r\nab"},
        {"2;a=\"b\"", "c\r\nab"},
        {"2;a=\"b", "\0\"\r\nab"sv},
        {"2;a", "\0\r\nab"sv},
        // Trailers.
        {"0\r\n", " a: b\r\n\r\n"},
        {"0\r\n", ": b\r\n\r\n"},
        {"0\r\na", " : b\r\n\r\n"},
        {"0\r\na", "\r\n\r\n"},
        {"0\r\na: b", "\n\r\n"},
        {"0\r\na: b\r", "c: d\r\n\r\n"},
        {"0\r\na: b", "\0\r\n\r\n"sv},
        {"0\r\na: b\r\n", " folded\r\n\r\n"},
        {"0\r\na", "\0: b\r\n\r\n"sv},
    };
    for (const auto& [good, bad] : cases) {
        const std::string text = std::string(good) + std::string(bad);
        const std::string body = good.starts_with("2\r\nab") ? "ab" : "";
        EXPECT_EQ(decode(decoder_of(chunked), text),
                  (outcome{body, good.size(), false, errc::malformed_http}))
            << text;
    }
}

TEST(BodyDecoder, ABodyCutAnywhereIsIncompleteAndNotAnError) {
    const std::string_view text = "3;a=\"b\"\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n";
    for (std::size_t length = 0; length < text.size(); ++length) {
        body_decoder decoder = decoder_of(chunked);
        std::string buffer(text.substr(0, length));
        EXPECT_EQ(decoder.decode(buffer).consumed, length);
        EXPECT_FALSE(decoder.done()) << length;
        EXPECT_FALSE(decoder.complete_at_close()) << length;
        EXPECT_FALSE(decoder.error()) << length;
    }
}

TEST(BodyDecoder, AnErrorStays) {
    body_decoder decoder = decoder_of(chunked);
    std::string bad = "2x";
    EXPECT_EQ(decoder.decode(bad).consumed, 1u);
    for (std::string good : {"\r", "\n", "ab", "\r\n0\r\n\r\n"}) {
        const body_decoder::piece after = decoder.decode(good);
        EXPECT_EQ(after.consumed, 0u);
        EXPECT_TRUE(after.payload.empty());
    }
    EXPECT_EQ(decoder.error(), errc::malformed_http);
    EXPECT_FALSE(decoder.complete_at_close());
}

TEST(BodyDecoder, AHugeChunkDoesNotOverflow) {
    body_decoder decoder = decoder_of(chunked);
    std::string buffer = "ffffffffffffffff\r\nabc";
    const body_decoder::piece decoded = decoder.decode(buffer);
    EXPECT_EQ(decoded.payload.size(), 3u);
    std::string more(1000, 'x');
    EXPECT_EQ(decoder.decode(more).payload.size(), 1000u);
    EXPECT_FALSE(decoder.done());
    EXPECT_FALSE(decoder.error());
}

TEST(BodyDecoder, ThePayloadBeginsWhereItsFirstByteStood) {
    body_decoder decoder = decoder_of(chunked);
    std::string buffer = "5\r\nhello\r\n6\r\n world\r\n1\r\n!\r\n0\r\n\r\n";
    const body_decoder::piece decoded = decoder.decode(buffer);
    EXPECT_EQ(decoded.payload.data(), buffer.data() + 3);
    EXPECT_EQ(std::string_view(decoded.payload.data(), decoded.payload.size()), "hello world!");
    EXPECT_EQ(decoded.consumed, buffer.size());
}

TEST(BodyDecoder, DataOfOneChunkStaysWhereItIs) {
    body_decoder decoder = decoder_of(chunked);
    std::string first = "a\r\n01234";
    const std::string first_before = first;
    EXPECT_EQ(decoder.decode(first).payload.data(), first.data() + 3);
    EXPECT_EQ(first, first_before);
    std::string second = "56789\r\n3";
    const std::string second_before = second;
    const body_decoder::piece decoded = decoder.decode(second);
    EXPECT_EQ(decoded.payload.data(), second.data());
    EXPECT_EQ(decoded.payload.size(), 5u);
    EXPECT_EQ(second, second_before);
    std::string third = "0\r\n";
    EXPECT_TRUE(decoder.decode(third).payload.empty());
}

TEST(BodyDecoder, PlainBodiesAreNotMoved) {
    for (const field_list& list : {field_list{}, field_list{{"Content-Length", "10"}}}) {
        body_decoder decoder = decoder_of(list);
        std::string buffer = "0123456789";
        const body_decoder::piece decoded = decoder.decode(buffer);
        EXPECT_EQ(decoded.payload.data(), buffer.data());
        EXPECT_EQ(buffer, "0123456789");
        EXPECT_EQ(decoded.consumed, 10u);
    }
}

TEST(BodyDecoder, AnEmptyInputChangesNothing) {
    for (const field_list& list : {field_list{}, field_list{{"Content-Length", "1"}}, chunked}) {
        body_decoder decoder = decoder_of(list);
        const body_decoder::piece decoded = decoder.decode({});
        EXPECT_EQ(decoded.consumed, 0u);
        EXPECT_TRUE(decoded.payload.empty());
        EXPECT_FALSE(decoder.done());
    }
}

TEST(BodyDecoder, ExtensionsAndTrailersAreLimitedInSum) {
    // What counts is all but the size, the line end, the data and the closing empty line.
    const std::string extension = ";" + std::string(8'191, 'e');
    const std::string trailer = "t:" + std::string(8'188, 'v') + "\r\n";
    const std::string text = "1" + extension + "\r\nx\r\n0\r\n" + trailer + "\r\n";
    EXPECT_EQ(run(decoder_of(chunked), {text}), (outcome{"x", text.size(), true, {}}));
    EXPECT_EQ(
        run(decoder_of(chunked), {"1" + extension + "e\r\nx\r\n0\r\n" + trailer + "\r\n"}).error,
        errc::body_too_large);
    EXPECT_EQ(run(decoder_of(chunked), {"1" + extension + "\r\nx\r\n0;a\r\n" + trailer}).error,
              errc::body_too_large);
}

TEST(BodyDecoder, AFloodOfExtensionsOrTrailersEndsEarly) {
    for (const std::string_view start : {"1;"sv, "1;a=\""sv, "0\r\nt:"sv}) {
        const outcome result =
            run(decoder_of(chunked), {std::string(start) + std::string(1 << 20, 'x')});
        EXPECT_EQ(result.error, errc::body_too_large) << start;
        EXPECT_LT(result.consumed, 16u * 1024u + 8u) << start;
    }
    std::string trailers = "0\r\n";
    while (trailers.size() < 10u << 20)
        trailers += "name: value\r\n";
    EXPECT_EQ(run(decoder_of(chunked), {trailers}).error, errc::body_too_large);
}

TEST(BodyDecoder, AMillionTinyChunksAreFine) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i)
        conclave::http::append_chunk(text, "x");
    conclave::http::append_last_chunk(text);
    body_decoder decoder = decoder_of(chunked);
    const body_decoder::piece decoded = decoder.decode(text);
    EXPECT_EQ(decoded.payload.size(), 1'000'000u);
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(
        std::string_view(decoded.payload.data(), decoded.payload.size()).find_first_not_of('x'),
        std::string_view::npos);
}

}  // namespace
