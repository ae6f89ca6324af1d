#include <conclave/wire/provider_error.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <conclave/wire/chat_completions.hpp>

namespace {

using conclave::errc;
using conclave::wire::failure;
using conclave::wire::one_line;
using conclave::wire::read_provider_error;

struct shape {
    std::string_view body;
    std::string_view message;
    std::string_view code;
};

class ErrorBody : public testing::TestWithParam<shape> {};

TEST_P(ErrorBody, IsReadInEveryShape) {
    const failure read = conclave::wire::chat_completions::read_error(503, GetParam().body);
    EXPECT_EQ(read.message, GetParam().message);
    EXPECT_EQ(read.provider_code, GetParam().code);
    EXPECT_EQ(read.status, 503);
    EXPECT_EQ(read.code, errc::http_status);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ErrorBody,
    testing::Values(
        // OpenAI
        shape{R"({"error":{"message":"Rate limit reached","type":"requests","param":null,)"
              R"("code":"rate_limit_exceeded"}})",
              "Rate limit reached", "rate_limit_exceeded"},
        shape{R"({"error":{"message":"Bad","type":"invalid_request_error","code":null}})", "Bad",
              "invalid_request_error"},
        // OpenRouter
        shape{R"({"error":{"code":402,"message":"Insufficient credits","metadata":{"a":[1]}}})",
              "Insufficient credits", "402"},
        shape{R"({"error":{"code":503,"type":"overloaded","message":"m"}})", "m", "overloaded"},
        // Ollama, and others that say it in one word
        shape{R"({"error":"model not found"})", "model not found", ""},
        shape{R"("Unauthorized")", "Unauthorized", ""},
        // vLLM
        shape{R"({"object":"error","message":"too long","type":"BadRequestError","code":400})",
              "too long", "BadRequestError"},
        // Opper, both its ages
        shape{R"({"error":{"code":"not_found","message":"no such model","details":{"x":1}}})",
              "no such model", "not_found"},
        shape{R"({"type":"NotFoundError","message":"Not found","detail":"function x"})",
              "Not found: function x", "NotFoundError"},
        // FastAPI
        shape{R"({"detail":"Invalid token"})", "Invalid token", ""},
        shape{R"({"detail":[{"loc":["body","model"],"msg":"field required","type":"missing"}]})",
              "field required", ""},
        // Anthropic behind a gateway, Google's array, Fastify
        shape{R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
              "Overloaded", "overloaded_error"},
        shape{R"([{"error":{"code":503,"message":"quota","status":"RESOURCE_EXHAUSTED"}}])",
              "quota", "RESOURCE_EXHAUSTED"},
        shape{R"({"statusCode":503,"error":"Service Unavailable","message":"draining"})",
              "draining", "Service Unavailable"},
        // an error inside a choice
        shape{R"({"choices":[{"error":{"code":502,"message":"upstream"}}]})", "upstream", "502"},
        // nothing that says what is wrong
        shape{"", "no explanation given", ""}, shape{" \r\n ", "no explanation given", ""},
        shape{R"({"error":null})", R"({"error":null})", ""},
        shape{R"({"ok":false})", R"({"ok":false})", ""}, shape{"[]", "[]", ""},
        // not JSON
        shape{"upstream connect error or disconnect/reset\nbefore headers",
              "upstream connect error or disconnect/reset before headers", ""},
        shape{"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center>nginx",
              "502 Bad Gateway", ""},
        shape{"<html><body>down</body></html>", "<html><body>down</body></html>", ""},
        shape{R"({"error":{"message":"cut)", R"({"error":{"message":"cut)", ""}));

TEST(ErrorInsideAReply, StandsForTheStatusOfItsCode) {
    const auto stands_for = [](std::string_view body) {
        return read_provider_error(0, body).status;
    };
    EXPECT_EQ(stands_for(R"({"error":{"code":429,"message":"m"}})"), 429);
    EXPECT_EQ(stands_for(R"({"error":{"code":"529","message":"m"}})"), 529);
    EXPECT_EQ(stands_for(R"({"error":{"code":502.0,"message":"m"}})"), 502);
    EXPECT_EQ(stands_for(R"({"error":{"code":"server_error","status":500}})"), 500);
    for (const std::string_view code :
         {"200", "399", "600", "-429", "4294967725", "429.5", "\"4x9\"", "\"0429\"", "1e10",
          "9223372036854775807", "null", "[429]"}) {
        EXPECT_EQ(stands_for(R"({"error":{"code":)" + std::string(code) + R"(,"message":"m"}})"), 0)
            << code;
    }
    EXPECT_EQ(read_provider_error(0, "{}").code, errc::provider_error);
}

TEST(ErrorInsideAReply, DoesNotOverruleTheStatusOfTheReply) {
    EXPECT_EQ(read_provider_error(500, R"({"error":{"code":429,"message":"m"}})").status, 500);
}

TEST(OneLine, IsFitForATerminal) {
    EXPECT_EQ(one_line("  a\r\n\tb \x1b[31mc\x7f ", 100), "a b [31mc");
    EXPECT_EQ(one_line("a\xC2\x85z\xC2\x9Bz", 100), "a z z");
    EXPECT_EQ(one_line("Zoë \xff 🦊", 100), "Zoë \xEF\xBF\xBD 🦊");
    EXPECT_EQ(one_line("", 100), "");
    EXPECT_EQ(one_line({"a\0b", 3}, 100), "a b");
}

TEST(OneLine, IsCutBetweenCharacters) {
    for (std::size_t limit = 0; limit < 30; ++limit) {
        const std::string line = one_line("ab é 🦊🦊 cdef 日本", limit);
        EXPECT_TRUE(simdjson::validate_utf8(line));
        EXPECT_LE(line.size(), limit + 3);
        if (limit < 25) {
            EXPECT_TRUE(line.ends_with("…")) << line;
        }
    }
    EXPECT_EQ(one_line("12345", 5), "12345");
}

TEST(ErrorBodyTexts, AreBounded) {
    const std::string giant(5'000'000, 'x');
    EXPECT_LE(read_provider_error(500, giant).message.size(), 210U);
    const failure told = read_provider_error(
        500, R"({"error":{"message":")" + giant + R"(","code":")" + giant + R"("}})");
    EXPECT_LE(told.message.size(), 1010U);
    EXPECT_LE(told.provider_code.size(), 210U);
    EXPECT_LE(read_provider_error(500, "<title>" + giant).message.size(), 210U);
}

TEST(ErrorBodyTexts, SurviveHostileBodies) {
    for (const std::string& body :
         {std::string(200'000, '['), std::string(200'000, '{'), std::string("\xff\xfe\x00", 3),
          std::string(R"({"error":{"message":"\ud800"}})"), std::string(R"({"error":[[[]]]})"),
          std::string(R"({"error":1e400})"), std::string(R"([[[{"error":"x"}]]])"),
          std::string(R"({"choices":[]})"), std::string(R"({"choices":{"0":{}}})"),
          std::string(R"({"detail":[]})"), std::string(R"({"detail":[1]})")}) {
        const failure read = read_provider_error(500, body);
        EXPECT_FALSE(read.message.empty());
        EXPECT_TRUE(simdjson::validate_utf8(read.message));
    }
}

}  // namespace
