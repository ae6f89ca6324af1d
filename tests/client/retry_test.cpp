#include <conclave/client/retry.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace {

using namespace conclave;
using namespace std::chrono_literals;
using conclave::detail::backoff;
using conclave::detail::is_transient;
using conclave::detail::parse_http_date;
using conclave::detail::parse_retry_after;
using std::chrono::milliseconds;

error failed_with(int code, std::string provider_code = {}) {
    error_details details;
    details.http_status = code;
    details.provider_code = std::move(provider_code);
    return error(errc::http_status, {}, details);
}

error in_stream(std::string provider_code, int code = 0) {
    error_details details;
    details.http_status = code;
    details.provider_code = std::move(provider_code);
    return error(errc::provider_error, {}, details);
}

TEST(Retry, IsForStatusesThatPass) {
    for (const int code : {408, 409, 425, 429, 500, 502, 503, 504, 529, 599})
        EXPECT_TRUE(is_transient(failed_with(code))) << code;
    for (const int code : {101, 204, 300, 301, 400, 401, 402, 403, 404, 405, 410, 413, 422, 499})
        EXPECT_FALSE(is_transient(failed_with(code))) << code;
}

TEST(Retry, IsNotForAnAccountThatIsEmpty) {
    for (const char* code : {"insufficient_quota", "credit_balance_exhausted", "quota_exceeded",
                             "project_spend_limit_exceeded", "enforced_spend_limit_reached"}) {
        EXPECT_FALSE(is_transient(failed_with(429, code))) << code;
        EXPECT_FALSE(is_transient(in_stream(code, 429))) << code;
    }
}

TEST(Retry, IsForFailuresOfTheNetworkAndCutStreams) {
    for (const errc code :
         {errc::resolve_failed, errc::connect_failed, errc::connection_lost, errc::resolve_timeout,
          errc::connect_timeout, errc::tls_timeout, errc::truncated_stream})
        EXPECT_TRUE(is_transient(error(code))) << error(code).what();
}

TEST(Retry, IsNotForWhatWouldFailAgain) {
    for (const errc code :
         {errc::cancelled, errc::invalid_request, errc::no_endpoint, errc::tls_failed,
          errc::model_timeout, errc::invalid_url, errc::invalid_header, errc::malformed_http,
          errc::head_too_large, errc::body_too_large, errc::encoded_body, errc::event_too_large,
          errc::malformed_json, errc::malformed_reply, errc::refused, errc::proxy_failed})
        EXPECT_FALSE(is_transient(error(code))) << error(code).what();
}

TEST(Retry, IsForErrorsInsideAReplyOfTheSameKinds) {
    for (const char* code :
         {"rate_limit_exceeded", "overloaded_error", "server_error", "timeout",
          "service_unavailable", "gateway_timeout", "too_many_requests", "deadline_exceeded"})
        EXPECT_TRUE(is_transient(in_stream(code))) << code;
    EXPECT_TRUE(is_transient(in_stream("", 503)));
    for (const char* code : {"", "invalid_request_error", "context_length_exceeded", "Timeout"})
        EXPECT_FALSE(is_transient(in_stream(code))) << code;
    EXPECT_FALSE(is_transient(in_stream("", 400)));
}

TEST(Retry, IsForTheProviderToSay) {
    error_details details;
    details.http_status = 400;
    details.should_retry = true;
    EXPECT_TRUE(is_transient(error(errc::http_status, {}, details)));
    details.http_status = 503;
    details.should_retry = false;
    EXPECT_FALSE(is_transient(error(errc::http_status, {}, details)));
}

// 1994-11-06 08:49:37 UTC.
constexpr auto moment = std::chrono::sys_seconds(784111777s);

std::optional<milliseconds> wait(const std::string& value,
                                 const std::string& name = "Retry-After") {
    http::fields header;
    EXPECT_FALSE(header.add(name, value)) << value;
    return parse_retry_after(header, moment);
}

TEST(RetryAfter, IsInSeconds) {
    EXPECT_EQ(wait("0"), 0ms);
    EXPECT_EQ(wait("2"), 2s);
    EXPECT_EQ(wait("1.5"), 1500ms);
    EXPECT_EQ(wait("0.0001"), 0ms);
    EXPECT_EQ(wait("120"), 120s);
}

TEST(RetryAfter, IsInMillisecondsWhereItSaysSo) {
    EXPECT_EQ(wait("250", "retry-after-ms"), 250ms);
    EXPECT_EQ(wait("250.9", "Retry-After-Ms"), 250ms);
    http::fields both;
    EXPECT_FALSE(both.add("Retry-After", "7"));
    EXPECT_FALSE(both.add("retry-after-ms", "30"));
    EXPECT_EQ(parse_retry_after(both, moment), 30ms);
    EXPECT_FALSE(both.set("retry-after-ms", "soon"));
    EXPECT_EQ(parse_retry_after(both, moment), 7s);
}

TEST(RetryAfter, IsADateOrNowIfThatHasPassed) {
    EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:37 GMT"), 0ms);
    EXPECT_EQ(wait("Sun, 06 Nov 1994 08:50:07 GMT"), 30s);
    EXPECT_EQ(wait("Mon, 07 Nov 1994 08:49:37 GMT"), 24h);
    EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:36 GMT"), 0ms);
    EXPECT_EQ(wait("Thu, 01 Jan 1970 00:00:00 GMT"), 0ms);
    EXPECT_EQ(wait("Sat, 01 Jan 0000 00:00:00 GMT"), 0ms);
}

TEST(RetryAfter, OfMoreThanAnyDeadlineIsStillAWait) {
    // Fits a `steady_clock::duration`, with which it is compared.
    constexpr auto longest =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::duration::max());
    for (const char* value :
         {"1e15", "99999999999999999999", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
        const auto asked = wait(value);
        ASSERT_TRUE(asked) << value;
        EXPECT_GT(*asked, 24h * 365) << value;
        EXPECT_LT(*asked, longest) << value;
    }
    EXPECT_LT(*wait("1e300", "retry-after-ms"), longest);
}

TEST(RetryAfter, IsIgnoredWhereItMakesNoSense) {
    for (const char* value : {"", "-1", "-0.5", "+5", "soon", "5 s", "5,6", "0x10", "1e400", "inf",
                              "nan", "-inf", "1994-11-06T08:49:37Z"}) {
        EXPECT_FALSE(wait(value)) << value;
        EXPECT_FALSE(wait(value, "retry-after-ms")) << value;
    }
    EXPECT_FALSE(parse_retry_after(http::fields(), moment));
}

TEST(HttpDate, IsReadInItsOneCurrentForm) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), moment);
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT"),
              std::chrono::sys_seconds(1709164800s));
    // A leap second.
    EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT"),
              std::chrono::sys_seconds(1483228800s));
}

TEST(HttpDate, IsNothingElse) {
    const std::string good = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                             "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
                             "Wed, 29 Feb 2023 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                             "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
                             "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT"})
        EXPECT_FALSE(parse_http_date(text)) << text;
    // No other character will do where a digit, a space or a colon is; the names are not so strict.
    for (std::size_t i = 3; i < good.size(); ++i) {
        if (i >= 8 && i < 11) continue;
        for (const char wrong : {' ', '-', '+', 'x', ':', '\0', '/'}) {
            std::string text = good;
            text[i] = wrong;
            EXPECT_EQ(parse_http_date(text).has_value(), text == good) << text;
        }
    }
}

TEST(Backoff, DoublesUpToEightSeconds) {
    const milliseconds longest[] = {500ms, 1s, 2s, 4s, 8s, 8s, 8s, 8s, 8s, 8s, 8s};
    for (int retry = 0; retry < 11; ++retry) {
        milliseconds most = 0ms;
        milliseconds least = 1h;
        std::uint64_t random = 1;
        for (int i = 0; i < 20'000; ++i) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const auto picked = backoff(retry, random >> 16);
            most = std::max(most, picked);
            least = std::min(least, picked);
        }
        EXPECT_LE(most, longest[retry]);
        EXPECT_GT(most, longest[retry] * 9 / 10);
        EXPECT_GE(least, 0ms);
        EXPECT_LT(least, longest[retry] / 10);
    }
    EXPECT_LE(backoff(std::numeric_limits<int>::max(), ~std::uint64_t{0}), 8s);
}

}  // namespace
