#include <conclave/wire/embeddings.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using conclave::embedding_request;
using conclave::embedding_result;
using conclave::errc;
using vectors = std::vector<std::vector<float>>;

std::string body_of(const embedding_request& request, std::string_view model = "m") {
    std::string body;
    conclave::wire::write_embedding_request(request, model, body);
    return body;
}

struct embedding_reading {
    std::optional<conclave::wire::failure> failure;
    embedding_result result;
};

embedding_reading read_vectors(std::string_view body, std::size_t count) {
    embedding_reading got;
    got.failure = conclave::wire::read_embedding_reply(body, count, got.result);
    return got;
}

std::string with_data(const std::string& data) {
    return R"({"object":"list","data":[)" + data + "]}";
}

// What is said of a reply that is none.
std::string embedding_complaint(const std::string& body, std::size_t count = 2) {
    const auto got = read_vectors(body, count);
    EXPECT_TRUE(got.failure.has_value()) << body;
    EXPECT_TRUE(got.result.vectors.empty());
    return got.failure ? got.failure->message : "";
}

TEST(Embeddings, RequestAsksForNumbers) {
    EXPECT_EQ(body_of(embedding_request("x/m", "one"), "m"),
              R"({"model":"m","input":["one"],"encoding_format":"float"})");
    EXPECT_EQ(body_of(embedding_request("m").add("one \"1\"").add("tw\xC3\xB6").dimensions(256)),
              "{\"model\":\"m\",\"input\":[\"one \\\"1\\\"\",\"tw\xC3\xB6\"],\"dimensions\":256,"
              "\"encoding_format\":\"float\"}");
}

TEST(Embeddings, AreReadAsNumbers) {
    const auto got = read_vectors(R"({
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -1, 1e-3]},
                 {"object": "embedding", "index": 1, "embedding": [0, 0.5, 3]}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8}})",
                                  2);
    ASSERT_FALSE(got.failure) << got.failure->message;
    EXPECT_EQ(got.result.vectors, (vectors{{0.25F, -1.0F, 0.001F}, {0.0F, 0.5F, 3.0F}}));
    EXPECT_EQ(got.result.model, "text-embedding-3-small");
    ASSERT_TRUE(got.result.usage.has_value());
    EXPECT_EQ(got.result.usage->input_tokens, 8);
    EXPECT_EQ(got.result.usage->output_tokens, 0);
    EXPECT_EQ(got.result.cost, std::nullopt);
}

TEST(Embeddings, AreReadAsBase64) {
    // 1, -2 and 0.5: 0000803f 000000c0 0000003f
    const auto got = read_vectors(
        with_data(R"({"index":0,"embedding":"AACAPwAAAMAAAAA/"},{"index":1,"embedding":[1,2,3]})"),
        2);
    ASSERT_FALSE(got.failure) << got.failure->message;
    EXPECT_EQ(got.result.vectors, (vectors{{1.0F, -2.0F, 0.5F}, {1.0F, 2.0F, 3.0F}}));
    for (const char* text : {"AACAPw==", "AACAPw", "AACAPw\\u003d="}) {
        const auto one =
            read_vectors(with_data(R"({"index":0,"embedding":")" + std::string(text) + "\"}"), 1);
        ASSERT_FALSE(one.failure) << text;
        EXPECT_EQ(one.result.vectors, (vectors{{1.0F}}));
    }
}

TEST(Embeddings, AreInTheOrderOfTheTextsWhateverThatOfTheReply) {
    const auto got = read_vectors(with_data(R"({"embedding":[2],"index":2},
        {"index":0,"embedding":[0.5]},{"embedding":[1],"index":1.0})"),
                                  3);
    ASSERT_FALSE(got.failure) << got.failure->message;
    EXPECT_EQ(got.result.vectors, (vectors{{0.5F}, {1.0F}, {2.0F}}));
    const auto unnumbered = read_vectors(with_data(R"({"embedding":[2]},{"embedding":[1]})"), 2);
    ASSERT_FALSE(unnumbered.failure);
    EXPECT_EQ(unnumbered.result.vectors, (vectors{{2.0F}, {1.0F}}));
}

TEST(Embeddings, HaveTheCostThatTheProviderStates) {
    const auto cost = [](const std::string& members) {
        return read_vectors(R"({"data":[{"embedding":[1]}],)" + members + "}", 1).result.cost;
    };
    EXPECT_EQ(cost(R"("cost":0.5)"), 0.5);
    EXPECT_EQ(cost(R"("usage":{"prompt_tokens":1,"cost":0.25})"), 0.25);
    EXPECT_EQ(cost(R"("usage":{"prompt_tokens":1,"opper":{"cost":{"total":0.125}}})"), 0.125);
    EXPECT_EQ(cost(R"("cost":-1)"), std::nullopt);
    EXPECT_EQ(cost(R"("usage":{"prompt_tokens":1})"), std::nullopt);
}

TEST(Embeddings, HaveNoUsageThatMakesNoSense) {
    for (const char* usage : {"null", "{}", "7", R"({"prompt_tokens":-1})",
                              R"({"prompt_tokens":1e300})", R"({"prompt_tokens":"8"})"}) {
        const auto got =
            read_vectors(R"({"data":[{"embedding":[1]}],"usage":)" + std::string(usage) + "}", 1);
        EXPECT_FALSE(got.failure) << usage;
        EXPECT_FALSE(got.result.usage) << usage;
    }
}

TEST(Embeddings, ThatAreNotOnePerTextAreRefused) {
    EXPECT_EQ(embedding_complaint(with_data(R"({"index":0,"embedding":[1]})")),
              "the reply has 1 embeddings for 2 texts");
    EXPECT_EQ(embedding_complaint(with_data("")), "the reply has 0 embeddings for 2 texts");
    const std::string one = R"({"index":0,"embedding":[1]},)";
    EXPECT_EQ(embedding_complaint(with_data(one + one + R"({"index":1,"embedding":[1]})")),
              "the reply has two embeddings of one text");
    for (const char* index : {"2", "-1", "9007199254740993", "1e300", "\"0\"", "null", "0.5"}) {
        EXPECT_EQ(
            embedding_complaint(with_data(one + R"({"embedding":[1],"index":)" + index + "}")),
            "the reply has an embedding of a text that was not sent")
            << index;
    }
    EXPECT_EQ(embedding_complaint(with_data(one + R"({"index":1,"embedding":[1,2]})")),
              "the reply has embeddings of different lengths");
    EXPECT_EQ(embedding_complaint("{}"), "the reply has no list of embeddings in it");
    EXPECT_EQ(embedding_complaint(R"({"data":{}})"), "the reply has no list of embeddings in it");
}

TEST(Embeddings, ThatAreNotOfNumbersAreRefused) {
    for (const char* vector :
         {"[]", "[null]", "[\"1\"]", "[[1]]", "[1e39]", "[-1e999]", "{}", "null", "7", "\"\"",
          "\"AAAA\"", "\"A\"", "\"AACAPwAA\"", "\"AAC*Pw==\"", "\"AACA Pw==\"", "\"AACA=Pw=\"",
          "\"AACAfw==\"" /* infinity */, "\"AADAfw==\"" /* no number */}) {
        EXPECT_EQ(embedding_complaint(
                      with_data(R"({"index":0,"embedding":)" + std::string(vector) + "}"), 1),
                  "the reply has an embedding that is not of numbers")
            << vector;
    }
    EXPECT_EQ(embedding_complaint(with_data("7"), 1),
              "the reply has an embedding that is not of numbers");
    EXPECT_EQ(embedding_complaint(with_data(R"({"index":0})"), 1),
              "the reply has an embedding that is not of numbers");
}

TEST(Embeddings, OfAReplyThatIsNoneAreAFailureOfItsKind) {
    for (const char* body : {"", "[]", "<html>", "{\"data\":[", R"({"data":[{"embedding":[1}]})"}) {
        const auto got = read_vectors(body, 1);
        ASSERT_TRUE(got.failure) << body;
        EXPECT_EQ(got.failure->code, errc::malformed_json) << body;
    }
    const auto told = read_vectors(R"({"error":{"message":"no such model","code":404}})", 1);
    ASSERT_TRUE(told.failure);
    EXPECT_EQ(told.failure->code, errc::provider_error);
    EXPECT_EQ(told.failure->message, "no such model");
    EXPECT_EQ(told.failure->status, 404);
    EXPECT_EQ(read_vectors("{}", 1).failure->code, errc::malformed_reply);
}

TEST(Embeddings, CutShortAreNeverTakenForWhole) {
    const std::string body =
        with_data(R"({"index":1,"embedding":[0.5,1]},{"index":0,"embedding":"AACAPwAAAMA="})");
    ASSERT_FALSE(read_vectors(body, 2).failure);
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_TRUE(read_vectors(body.substr(0, size), 2).failure) << size;
}

TEST(Embeddings, RequestThatIsNotFitIsRefusedByItsField) {
    const auto refused = [](const embedding_request& what) {
        try {
            conclave::validate(what);
        } catch (const conclave::error& failure) {
            EXPECT_EQ(failure.code(), errc::invalid_request);
            return failure.field();
        }
        return std::string();
    };
    EXPECT_EQ(refused(embedding_request("m", "a")), "");
    EXPECT_EQ(refused(embedding_request("", "a")), "model");
    EXPECT_EQ(refused(embedding_request("a\r", "a")), "model");
    EXPECT_EQ(refused(embedding_request("m")), "input");
    EXPECT_EQ(refused(embedding_request("m", "a").add("")), "input[1]");
    EXPECT_EQ(refused(embedding_request("m", "\xFF")), "input[0]");
    EXPECT_EQ(refused(embedding_request("m", "a").dimensions(0)), "dimensions");
    EXPECT_EQ(refused(embedding_request("m", "a").max_retries(4)), "max_retries");
    EXPECT_EQ(refused(embedding_request("m", "a").timeout(std::chrono::milliseconds(0))),
              "timeout_ms");
    embedding_request many("m");
    for (int i = 0; i < 2048; ++i)
        many.add("a");
    EXPECT_EQ(refused(many), "");
    EXPECT_EQ(refused(many.add("a")), "input");
}

}  // namespace
