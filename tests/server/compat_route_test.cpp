// The paths of OpenAI's formats in the real program, held to the description that it serves. What
// OpenAI's own package makes of them is in tests/server/node.

#include "described.hpp"
#include "running_server.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace std::chrono_literals;
using loopback::at;
using loopback::parsed_response;
using serving::description;
using serving::json;
using serving::running_server;

class CompatRoute : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        provider = std::make_unique<scripted_provider>();
        provider->on("plain", answer("Use Postgres.").usage(12, 4).reasoning("Think."));
        provider->on("tools", answer("").tool_call("look", R"({"at":1})"));
        provider->on("refuses", answer("").refusal("I cannot."));
        provider->on("broken", status(429).retry_after(7s));
        provider->on("gone", status(400));
        provider->on("cut", answer("Use Postgres, for all.").close_in_event(3));
        provider->on("slow", answer(std::vector<std::string>(400, "word ")).token_every(50ms));
        provider->on("silent", silent());
        provider->on("long", answer(std::vector<std::string>(20'000, std::string(4096, 'x'))));
        json settings;
        settings["listen"]["port"] = 0;
        settings["client"]["endpoints"] =
            json::array({{{"base_url", provider->base_url()}, {"prefix", "m/"}}});
        settings["panels"]["panel/two"]["models"] = {"m/plain", "m/plain"};
        settings["panels"]["panel/vote"] = {{"models", {"m/plain", "m/plain"}},
                                            {"resolution", "multiple_choice"},
                                            {"choices", {"yes", "no"}}};
        server = std::make_unique<running_server>(settings.dump());
        served = std::make_unique<description>(description::served(*server));
    }
    static void TearDownTestSuite() {
        served.reset();
        server.reset();
        provider.reset();
    }

    // A format of OpenAI's: where it is, and what its answers are called in the description.
    struct format {
        const char* path;
        const char* whole;
        const char* question;
    };
    static constexpr format chat = {"/v3/compat/chat/completions", "ChatCompletion", "messages"};
    static constexpr format responses = {"/v3/compat/responses", "Response", "input"};

    static std::string body(const format& in, const std::string& model, bool stream) {
        json request = {{"model", model}, {"stream", stream}};
        request[in.question] = json::array({{{"role", "user"}, {"content", "Which?"}}});
        return request.dump();
    }

    static parsed_response ask(const format& in, const std::string& model, bool stream = false) {
        parsed_response got = serving::answer_to(*server, "POST", in.path, body(in, model, stream));
        EXPECT_TRUE(got.head.header.find("x-request-id"));
        const auto& answers = served->paths.at(in.path).at("post").at("responses");
        EXPECT_TRUE(answers.contains(std::to_string(got.head.status)));
        if (got.head.status != 200) {
            EXPECT_EQ(served->complaint("CompatibleError", got.body), "");
        } else if (!stream) {
            EXPECT_EQ(served->complaint(in.whole, got.body), "");
        }
        return got;
    }

    static inline std::unique_ptr<scripted_provider> provider;
    static inline std::unique_ptr<running_server> server;
    static inline std::unique_ptr<description> served;
};

TEST_F(CompatRoute, AnswersAreAsDescribed) {
    for (const format& in : {chat, responses}) {
        for (const char* model :
             {"m/plain", "m/tools", "m/refuses", "panel/two", "panel:m/plain+m/gone"})
            EXPECT_EQ(ask(in, model).head.status, 200) << in.path << " " << model;
    }
}

TEST_F(CompatRoute, ErrorsAreAsDescribed) {
    for (const format& in : {chat, responses}) {
        for (const bool stream : {false, true}) {
            const auto unknown = ask(in, "panel/nobody-knows", stream);
            EXPECT_EQ(unknown.head.status, 404);
            EXPECT_NE(at(unknown.body, "/error/message").find(R"(panels are "panel/two")"),
                      std::string::npos);
            EXPECT_EQ(ask(in, "panel:", stream).head.status, 400);
            const auto busy = ask(in, "m/broken", stream);
            EXPECT_EQ(busy.head.status, 429);
            EXPECT_EQ(busy.head.header.find("retry-after").value_or(""), "7");
        }
        EXPECT_EQ(ask(in, "panel:m/gone", false).head.status, 502);
        EXPECT_EQ(ask(in, "m/cut", false).head.status, 502);
    }
}

TEST_F(CompatRoute, ChunksAreAsDescribed) {
    for (const char* model : {"m/plain", "m/tools", "m/refuses", "panel/two"}) {
        auto events = loopback::events_of(ask(chat, model, true).body);
        ASSERT_FALSE(events.empty());
        EXPECT_EQ(events.back(), "[DONE]");
        events.pop_back();
        for (const std::string& chunk : events)
            EXPECT_EQ(served->complaint("ChatCompletionChunk", chunk), "");
    }
}

TEST_F(CompatRoute, AStreamThatFailsSaysSoAtItsEnd) {
    const auto events = loopback::events_of(ask(chat, "m/cut", true).body);
    ASSERT_GE(events.size(), 3U);
    EXPECT_EQ(events.back(), "[DONE]");
    EXPECT_EQ(served->complaint("CompatibleError", events[events.size() - 2]), "");
    EXPECT_EQ(loopback::text_of(events, "content"), "Use Postgres,");
    const std::string response = ask(responses, "m/cut", true).body;
    EXPECT_NE(response.find("event: error\n"), std::string::npos);
    EXPECT_NE(response.find("event: response.failed\n"), std::string::npos);
}

TEST_F(CompatRoute, TheListOfModelsIsAsDescribed) {
    for (const char* path : {"/v3/models", "/v3/compat/models"}) {
        const auto got = serving::answer_to(*server, "GET", path);
        EXPECT_EQ(got.head.status, 200);
        EXPECT_EQ(served->complaint("ModelList", got.body), "");
        EXPECT_EQ(at(got.body, "/data/0/id"), "panel/two");
        EXPECT_EQ(at(got.body, "/data/0/choices"), "absent");
        EXPECT_EQ(at(got.body, "/data/1/id"), "panel/vote");
        EXPECT_EQ(at(got.body, "/data/1/choices/1"), "no");
    }
}

TEST_F(CompatRoute, WhatIsServedIsDescribedAndWhatIsDescribedIsServed) {
    for (const auto& [path, item] : served->paths.items()) {
        // A path that is another one is served like it.
        const bool is_post = item.contains("post") || path == "/v3/beta/roundtable";
        EXPECT_NE(serving::answer_to(*server, is_post ? "POST" : "GET", path, is_post ? "{}" : "")
                      .head.status,
                  404)
            << path;
        EXPECT_EQ(serving::answer_to(*server, "DELETE", path).head.status, 405) << path;
    }
}

TEST_F(CompatRoute, CancelsTheModelsWhenTheClientGoesAway) {
    for (const format& in : {chat, responses}) {
        for (const std::string model : {"m/slow", "m/silent", "panel:m/slow+m/silent"}) {
            const std::size_t seats = model.starts_with("panel:") ? 2 : 1;
            for (const bool stream : {false, true}) {
                const std::size_t before = provider->aborted().size();
                const std::size_t asked = provider->requests().size();
                loopback::plain_client client(server->port());
                client.send(serving::request("POST", in.path, body(in, model, stream)));
                ASSERT_TRUE(provider->wait_until(
                    [&] { return provider->requests().size() == asked + seats; }));
                client.close();
                const auto left = std::chrono::steady_clock::now();
                EXPECT_TRUE(provider->wait_until([&] {
                    return provider->aborted().size() == before + seats;
                })) << in.path
                    << " " << model << " streamed: " << stream;
                // 50 ms are promised; the rest is for a machine that is busy with something else.
                EXPECT_LT(std::chrono::steady_clock::now() - left, 500ms);
            }
        }
    }
}

// 80 MB, of which a client that reads nothing gets what the buffers between hold.
TEST_F(CompatRoute, HoldsTheModelBackForASlowClient) {
    const std::size_t before = server->memory() * 1024;
    loopback::plain_client client(server->port(), 60s);
    client.send(serving::request("POST", chat.path, body(chat, "m/long", true)));
    std::this_thread::sleep_for(2s);
    EXPECT_LT(server->memory() * 1024, before + (std::size_t{32} << 20));
    EXPECT_NE(client.receive(), "");
}

}  // namespace
