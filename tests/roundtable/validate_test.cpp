#include <conclave/roundtable/validate.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/wire/validate_call.hpp>

#include "random_values.hpp"
#include "refusal.hpp"

namespace conclave {
namespace {

using std::chrono::milliseconds;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::string not_utf8 = "caf\xe9";

roundtable_request good() { return roundtable_request("?").model("a").model(panel_model("b")); }
roundtable_request with_seat(const panel_model& seat) {
    return roundtable_request("?").model("a").model(seat);
}
roundtable_request vote_on(std::vector<std::string> choices) {
    return good().resolve_by(resolution::multiple_choice).choices(std::move(choices));
}

std::string refused(const roundtable_request& request) {
    return tests::refused_field([&] { validate(request); });
}
std::string refused(const call& request) {
    return tests::refused_field([&] { validate(request); });
}

TEST(ValidateRequest, AcceptsEveryValueInRange) {
    EXPECT_EQ(refused(good()), "");
    EXPECT_EQ(refused(with_seat(panel_model("a").temperature(0).top_p(0).max_tokens(1))), "");
    EXPECT_EQ(refused(with_seat(panel_model("a").temperature(2).top_p(1))), "");
    EXPECT_EQ(refused(good().max_retries(0).timeout(milliseconds(1))), "");
    EXPECT_EQ(refused(good().max_retries(3).timeout(milliseconds(300'000))), "");
    EXPECT_EQ(refused(good().output_schema("{}").summary_model("c").instructions("i")), "");
    EXPECT_EQ(refused(vote_on({"only one"})), "");
    EXPECT_EQ(refused(vote_on({"yes", "Yes"})), "");
    tests::random_values random(3);
    for (int round = 0; round < 200; ++round)
        EXPECT_EQ(refused(random.request()), "");
}

TEST(ValidateRequest, NamesTheTextThatIsEmpty) {
    EXPECT_EQ(refused(roundtable_request("").model("a")), "input");
    EXPECT_EQ(refused(roundtable_request("?")), "models");
    EXPECT_EQ(refused(with_seat(panel_model(""))), "models[1].name");
}

TEST(ValidateRequest, RefusesEveryControlCharacterInAName) {
    for (int byte = 0; byte < 0x80; ++byte) {
        const std::string name = std::string("a") + static_cast<char>(byte) + "b";
        const bool control = byte < 0x20 || byte == 0x7f;
        EXPECT_EQ(refused(with_seat(panel_model(name))), control ? "models[1].name" : "") << byte;
        EXPECT_EQ(refused(good().summary_model(name)), control ? "summary_model" : "") << byte;
    }
}

TEST(ValidateRequest, NamesTheNumberThatIsOutOfRange) {
    for (const double value : {-0.001, 2.001, -infinity, infinity, not_a_number}) {
        EXPECT_EQ(refused(with_seat(panel_model("a").temperature(value))), "models[1].temperature");
    }
    for (const double value : {-0.001, 1.001, infinity, not_a_number}) {
        EXPECT_EQ(refused(with_seat(panel_model("a").top_p(value))), "models[1].top_p");
    }
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
        EXPECT_EQ(refused(with_seat(panel_model("a").max_tokens(value))), "models[1].max_tokens");
    }
    for (const int value : {-1, 4, 1'000'000'000, INT32_MIN}) {
        EXPECT_EQ(refused(good().max_retries(value)), "max_retries");
    }
    for (const auto value : {milliseconds(0), milliseconds(-1), milliseconds(300'001),
                             milliseconds::max(), milliseconds::min()}) {
        EXPECT_EQ(refused(good().timeout(value)), "timeout_ms");
    }
}

TEST(ValidateRequest, NamesTheChoiceThatIsEmptyOrRepeated) {
    EXPECT_EQ(refused(vote_on({})), "choices");
    EXPECT_EQ(refused(vote_on({"a", ""})), "choices[1]");
    EXPECT_EQ(refused(vote_on({"a", "b", "a"})), "choices[2]");
    EXPECT_EQ(refused(good().choices({"a", "a"})), "choices[1]");
}

TEST(ValidateRequest, TakesNoSchemaTogetherWithChoices) {
    EXPECT_EQ(refused(vote_on({"a"}).output_schema("{}")), "output_schema");
}

TEST(ValidateRequest, RefusesASchemaThatIsNotAJsonObject) {
    for (const char* schema : {"true", "false", "null", "[]", "\"{}\"", "1", " ", "{", "{} {}",
                               "{},\"models\":[]", "{\"a\":}", "{'a':1}"}) {
        EXPECT_EQ(refused(good().output_schema(schema)), "output_schema") << schema;
    }
    EXPECT_EQ(refused(good().output_schema(" {\"type\" : \"object\"}\n")), "");
}

TEST(ValidateRequest, NamesTheTextThatIsNotUtf8) {
    EXPECT_EQ(refused(roundtable_request(not_utf8).model("a")), "input");
    EXPECT_EQ(refused(with_seat(panel_model(not_utf8))), "models[1].name");
    EXPECT_EQ(refused(good().instructions(not_utf8)), "instructions");
    EXPECT_EQ(refused(vote_on({"a", not_utf8})), "choices[1]");
    EXPECT_EQ(refused(good().summary_model(not_utf8)), "summary_model");
    EXPECT_EQ(refused(good().output_schema("{\"a\":\"" + not_utf8 + "\"}")), "output_schema");
    for (const char* text : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
        EXPECT_EQ(refused(good().instructions(text)), "instructions");
    }
}

TEST(ValidateRequest, QuotesNoValueInItsComplaint) {
    const std::string secret = "sk-canary-0123456789";
    try {
        validate(with_seat(panel_model(secret + "\r\n")));
        FAIL();
    } catch (const error& refusal) {
        EXPECT_EQ(std::string(refusal.what()).find("canary"), std::string::npos);
    }
}

TEST(ValidateCall, AcceptsEveryValueInRange) {
    EXPECT_EQ(refused(call("m", "?")), "");
    EXPECT_EQ(refused(call("m", "?").temperature(2).top_p(1).max_tokens(1).output_schema("{}")),
              "");
    EXPECT_EQ(refused(call("m", "?").max_retries(3).timeout(milliseconds(300'000))), "");
    EXPECT_EQ(refused(call("m").add(message("?")).add(message(message_role::assistant, "!"))), "");
}

TEST(ValidateCall, NamesTheFieldItRefuses) {
    EXPECT_EQ(refused(call("", "?")), "model");
    EXPECT_EQ(refused(call("m\r\nx: y", "?")), "model");
    EXPECT_EQ(refused(call(not_utf8, "?")), "model");
    EXPECT_EQ(refused(call("m")), "messages");
    EXPECT_EQ(refused(call("m", "?").add(message(""))), "messages[1]");
    EXPECT_EQ(refused(call("m", not_utf8)), "messages[0]");
    EXPECT_EQ(refused(call("m", "?").instructions(not_utf8)), "instructions");
    EXPECT_EQ(refused(call("m", "?").temperature(not_a_number)), "temperature");
    EXPECT_EQ(refused(call("m", "?").temperature(2.1)), "temperature");
    EXPECT_EQ(refused(call("m", "?").top_p(-1)), "top_p");
    EXPECT_EQ(refused(call("m", "?").max_tokens(0)), "max_tokens");
    EXPECT_EQ(refused(call("m", "?").output_schema("true")), "output_schema");
    EXPECT_EQ(refused(call("m", "?").max_retries(4)), "max_retries");
    EXPECT_EQ(refused(call("m", "?").timeout(milliseconds(0))), "timeout_ms");
}

}  // namespace
}  // namespace conclave
