#include <conclave/error.hpp>
#include <conclave/http/head.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using conclave::errc;
using conclave::http::is_interim;
using conclave::http::keep_alive;
using conclave::http::request_head;
using conclave::http::response_head;
using conclave::http::write_head;

request_head simple_request() {
    request_head head;
    head.method = "POST";
    head.target = "/v1/chat?x=1";
    EXPECT_FALSE(head.header.add("Host", "h"));
    EXPECT_FALSE(head.header.add("X-Empty", ""));
    return head;
}

TEST(Head, RequestIsAppendedAsItGoesOverTheWire) {
    std::string out = "before ";
    ASSERT_FALSE(write_head(simple_request(), out));
    EXPECT_EQ(out, "before POST /v1/chat?x=1 HTTP/1.1\r\nHost: h\r\nX-Empty: \r\n\r\n");
}

TEST(Head, ResponseIsAppendedAsItGoesOverTheWire) {
    response_head head;
    head.status = 404;
    head.reason = "Not Found";
    head.minor_version = 0;
    std::string out;
    ASSERT_FALSE(write_head(head, out));
    EXPECT_EQ(out, "HTTP/1.0 404 Not Found\r\n\r\n");
}

TEST(Head, EveryByteThatAMethodMayNotHaveIsRefused) {
    const std::string_view allowed =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int byte = 0; byte < 256; ++byte) {
        for (const std::size_t at : {0u, 2u, 4u}) {
            request_head head = simple_request();
            head.method.insert(at, 1, static_cast<char>(byte));
            std::string out = "x";
            const bool good = allowed.find(static_cast<char>(byte)) != allowed.npos;
            EXPECT_EQ(write_head(head, out) == errc::invalid_header, !good) << byte;
            EXPECT_EQ(out == "x", !good) << byte;
        }
    }
    request_head head = simple_request();
    head.method.clear();
    std::string out;
    EXPECT_EQ(write_head(head, out), errc::invalid_header);
}

TEST(Head, EveryByteThatATargetMayNotHaveIsRefused) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool good = byte > 32 && byte < 127;
        for (const std::size_t at : {0u, 3u, 9u, 12u}) {
            request_head head = simple_request();
            head.target.insert(at, 1, static_cast<char>(byte));
            std::string out = "x";
            EXPECT_EQ(write_head(head, out) == errc::invalid_url, !good) << byte;
            EXPECT_EQ(out == "x", !good) << byte;
        }
    }
    request_head head = simple_request();
    head.target.clear();
    std::string out;
    EXPECT_EQ(write_head(head, out), errc::invalid_url);
}

TEST(Head, ResponsesThatCannotBeWrittenAreRefused) {
    for (const int status : {-1, 0, 99, 1000}) {
        response_head head;
        head.status = status;
        std::string out;
        EXPECT_EQ(write_head(head, out), errc::invalid_header) << status;
        EXPECT_EQ(out, "");
    }
    for (int byte = 0; byte < 256; ++byte) {
        response_head head;
        head.status = 200;
        head.reason = std::string("O") + static_cast<char>(byte);
        std::string out;
        const bool control = (byte < 32 && byte != '\t') || byte == 127;
        EXPECT_EQ(write_head(head, out) == errc::invalid_header, control) << byte;
    }
}

TEST(Head, ConnectionIsKeptAsTheVersionAndTheFieldSay) {
    struct {
        int minor_version;
        const char* connection;
        bool kept;
    } const cases[] = {
        {1, nullptr, true},
        {0, nullptr, false},
        {1, "close", false},
        {0, "keep-alive", true},
        {1, "keep-alive", true},
        {1, "upgrade, Close", false},
        {0, "close, keep-alive", false},
        {0, "Upgrade", false},
        {1, "closed", true},
    };
    for (const auto& [minor_version, connection, kept] : cases) {
        response_head response;
        request_head request;
        response.minor_version = request.minor_version = minor_version;
        if (connection != nullptr) {
            ASSERT_FALSE(response.header.add("Connection", connection));
            ASSERT_FALSE(request.header.add("Connection", connection));
        }
        EXPECT_EQ(keep_alive(response), kept) << minor_version << connection;
        EXPECT_EQ(keep_alive(request), kept) << minor_version << connection;
    }
}

TEST(Head, EveryOneHundredButSwitchingProtocolsIsInterim) {
    response_head head;
    for (head.status = 100; head.status < 1000; ++head.status) {
        EXPECT_EQ(is_interim(head), head.status < 200 && head.status != 101) << head.status;
    }
}

}  // namespace
