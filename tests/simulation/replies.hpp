#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/scripted_reply.hpp>

#include "simulation/world.hpp"

namespace conclave::simulation {

// What a provider makes of one request.
struct chosen_reply {
    testing::scripted_reply reply = testing::answer("");
    // The whole answer; empty where there is none.
    std::string text;
    // What it costs in USD; nothing where that is not told.
    std::optional<double> cost;
    // How long the client is asked to wait.
    std::optional<std::chrono::milliseconds> retry_after;
};

// Chooses replies of every kind, good and bad.
class reply_chooser {
public:
    explicit reply_chooser(world& in) : world_(in) {}

    // `number` tells the answer from all others.
    chosen_reply choose(const testing::recorded_request& request, std::uint64_t number) {
        chosen_ = chosen_reply();
        if (world_.strikes(fault::silent_provider)) return other(testing::silent());
        if (world_.strikes(fault::error_status)) return error_status();
        if (world_.strikes(fault::malformed_reply)) return malformed();
        return answer(request, number);
    }

private:
    using milliseconds = std::chrono::milliseconds;

    milliseconds some(std::uint64_t least, std::uint64_t most) {
        return milliseconds(static_cast<std::int64_t>(world_.chance.about(least, most)));
    }

    chosen_reply other(testing::scripted_reply reply) {
        chosen_.reply = std::move(reply);
        return chosen_;
    }

    chosen_reply error_status() {
        chosen_.cost = 0.0;
        constexpr std::array<int, 16> codes = {301, 400, 401, 403, 404, 408, 409, 413,
                                               425, 429, 429, 500, 502, 503, 503, 529};
        testing::scripted_reply reply = testing::status(world_.chance.pick(codes));
        if (world_.chance.one_in(10)) reply.header("x-should-retry", "true");
        if (world_.chance.one_in(10)) reply.header("x-should-retry", "false");
        if (world_.strikes(fault::retry_after)) ask_to_wait(reply);
        if (world_.chance.one_in(4)) reply.head_after(some(1, 2000));
        cut(reply);
        return other(reply);
    }

    void ask_to_wait(testing::scripted_reply& reply) {
        constexpr std::array<std::string_view, 5> nonsense = {"-5", "soon", "99999999999999999999",
                                                              "", "Sun, 06 Nov 1994 08:49:37 GMT"};
        switch (world_.chance.between(0, 3)) {
            case 0:
                chosen_.retry_after = some(1, 3000);
                reply.header("retry-after-ms", std::to_string(chosen_.retry_after->count()));
                break;
            case 1:
                chosen_.retry_after = std::chrono::seconds(world_.chance.between(0, 9));
                reply.header("retry-after", std::to_string(chosen_.retry_after->count() / 1000));
                break;
            case 2:
                chosen_.retry_after = std::chrono::hours(1);
                reply.header("retry-after", "3600");
                break;
            default: reply.header("retry-after", std::string(world_.chance.pick(nonsense)));
        }
    }

    chosen_reply malformed() {
        constexpr std::array<std::string_view, 12> replies = {
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]",
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08.",
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            "data: {oops\n\n",
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            ": nothing\n\n",
            "220 mail.test ESMTP\r\n"};
        if (world_.chance.one_in(8)) return other(testing::garbage(300));
        if (world_.chance.one_in(12)) {
            std::string interim;
            for (int i = 0; i < 40; ++i)
                interim += "HTTP/1.1 100 Continue\r\n\r\n";
            return other(testing::raw(std::move(interim)));
        }
        auto reply = testing::raw(std::string(world_.chance.pick(replies)));
        return other(world_.chance.one_in(3) ? reply.stall_after_bytes(4000) : reply);
    }

    chosen_reply answer(const testing::recorded_request& request, std::uint64_t number) {
        chosen_.text = answer_text(request, number);
        testing::scripted_reply reply = testing::answer(chosen_.text);
        if (world_.chance.one_in(4)) reply.reasoning("first I think about it");
        set_cost(reply);
        slow_down(reply);
        frame(reply);
        spoil(reply);
        cut(reply);
        chosen_.reply = std::move(reply);
        return chosen_;
    }

    // Different each time, so that an answer in the wrong place is noticed.
    std::string answer_text(const testing::recorded_request& request, std::uint64_t number) {
        constexpr std::array<std::string_view, 8> words = {" tabs", " \"spaces\"", " na\u00efve",
                                                           " \\n",  "\n",          " \U0001f9ff",
                                                           " \t",   " and so on"};
        const bool wrong = world_.strikes(fault::withheld_answer);
        if (const auto begin = request.output_schema.find("\"enum\":[");
            begin != std::string::npos) {
            return wrong ? "neither"
                         : "{\"choice\":\"" + pick_choice(request.output_schema) + "\"}";
        }
        std::string text = request.model + " says " + std::to_string(number);
        for (auto count = world_.chance.between(0, 12); count > 0; --count)
            text += world_.chance.pick(words);
        if (request.output_schema.empty() || wrong) return text;
        std::string quoted;
        json::writer out(quoted);
        out.begin_object();
        out.member("answer", text);
        out.end_object();
        return quoted;
    }

    std::string pick_choice(const std::string& schema) {
        std::vector<std::string> choices;
        for (const std::string_view candidate : {"red", "green", "blue"}) {
            if (schema.find(candidate) != std::string::npos) choices.emplace_back(candidate);
        }
        return choices.empty() ? "red" : choices[world_.chance.between(0, choices.size() - 1)];
    }

    void set_cost(testing::scripted_reply& reply) {
        if (world_.chance.one_in(3)) return;
        chosen_.cost = static_cast<double>(world_.chance.between(1, 1000)) / 1e5;
        reply.cost(*chosen_.cost);
    }

    void slow_down(testing::scripted_reply& reply) {
        if (world_.chance.one_in(2)) reply.token_every(some(1, 20));
        if (!world_.strikes(fault::slow_answer)) return;
        if (world_.chance.one_in(2)) reply.head_after(some(10, 60'000));
        if (world_.chance.one_in(2)) reply.first_token_after(some(10, 60'000));
        if (world_.chance.one_in(2)) reply.token_every(some(10, 10'000), milliseconds(5));
    }

    void frame(testing::scripted_reply& reply) {
        if (!world_.strikes(fault::odd_framing)) return;
        using testing::body_framing;
        constexpr std::array<body_framing, 3> framings = {
            body_framing::content_length, body_framing::chunked, body_framing::close_delimited};
        if (world_.chance.one_in(2)) reply.framing(world_.chance.pick(framings));
        if (world_.chance.one_in(2)) reply.always_whole();
        if (world_.chance.one_in(2)) reply.without_done();
        if (world_.chance.one_in(3)) reply.without_usage();
        if (world_.chance.one_in(3)) reply.chunk_bytes(world_.chance.about(4, 400));
        if (world_.chance.one_in(3)) reply.write_bytes(world_.chance.about(16, 400));
        if (world_.chance.one_in(6)) reply.giant_head(world_.chance.about(1000, 200'000));
    }

    void spoil(testing::scripted_reply& reply) {
        constexpr std::array<std::string_view, 5> errors = {
            R"({"error":{"message":"no","code":"overloaded_error"}})",
            R"({"error":{"message":"no","code":429}})",
            R"({"error":{"message":"no","type":"invalid_request_error"}})", R"({"error":"no"})",
            "{oops"};
        if (world_.strikes(fault::error_in_stream)) {
            reply.error_in_stream(std::string(world_.chance.pick(errors)),
                                  world_.chance.between(0, 8));
        }
        if (world_.strikes(fault::withheld_answer)) {
            if (world_.chance.one_in(2)) {
                reply.refusal("I would rather not.");
            } else {
                reply.finish_reason("content_filter");
            }
        }
        if (world_.strikes(fault::endless_reply)) {
            constexpr std::array<std::string_view, 3> units = {
                "x", ": x\n\n",
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"on \"}}]}\n\n"};
            reply.endless_body(std::string(world_.chance.pick(units)));
        }
    }

    void cut(testing::scripted_reply& reply) {
        if (world_.strikes(fault::early_end)) {
            // In good order, whatever tells the end of the body, but for what ends an answer.
            reply.error_in_stream(R"({"choices":[]})", world_.chance.between(0, 10));
            if (world_.chance.one_in(2)) reply.framing(testing::body_framing::close_delimited);
        }
        if (world_.strikes(fault::cut_in_event)) {
            const std::size_t events = world_.chance.between(0, 12);
            switch (world_.chance.between(0, 2)) {
                case 0: reply.stall_in_event(events); break;
                case 1: reply.close_in_event(events); break;
                default: reply.reset_in_event(events);
            }
        } else if (world_.strikes(fault::cut_at_byte)) {
            const std::size_t bytes = world_.chance.about(1, 4000) - 1;
            switch (world_.chance.between(0, 2)) {
                case 0: reply.stall_after_bytes(bytes); break;
                case 1: reply.close_after_bytes(bytes); break;
                default: reply.reset_after_bytes(bytes);
            }
        }
    }

    world& world_;
    chosen_reply chosen_;
};

}  // namespace conclave::simulation
