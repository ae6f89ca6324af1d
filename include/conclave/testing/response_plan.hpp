#pragma once

#include <conclave/http/chunked.hpp>
#include <conclave/http/head.hpp>
#include <conclave/sse/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/scripted_reply.hpp>
#include <conclave/testing/service.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// Bytes to send after a pause.
struct timed_bytes {
    std::chrono::milliseconds after{0};
    std::string bytes;
};

/// A response as its bytes, and what becomes of the connection behind them: all the decisions of a
/// reply taken, so that playing it is only to wait and to write.
struct response_plan {
    enum class ending { keep_alive, close, stall, drop, reset };

    std::vector<timed_bytes> writes;
    /// Repeated after the writes, if not empty.
    std::string endless;
    ending then = ending::keep_alive;
};

/// Makes the plan of one response.
class response_planner {
public:
    /// `ordinal` tells this response from the provider's others.
    response_planner(const reply_script& script, const service& format,
                     const recorded_request& request, std::uint64_t ordinal, bool keep_alive)
        : script_(script),
          service_(format),
          request_(request),
          ordinal_(ordinal),
          keep_alive_(keep_alive) {}

    /// What `answer_with`'s function throws is passed on.
    response_plan make() {
        using kind = reply_script::kind;
        if (script_.what == kind::silent) {
            plan_.then = response_plan::ending::stall;
            return std::move(plan_);
        }
        if (script_.what == kind::raw) {
            plan_.writes.push_back({script_.head_after, script_.bytes});
            plan_.then = response_plan::ending::close;
        } else {
            fill_body();
            cut_at_event();
            if (script_.chunk_bytes != 0) recut(body_, script_.chunk_bytes);
            frame();
        }
        cut_at_byte();
        if (script_.write_bytes != 0) recut(plan_.writes, script_.write_bytes);
        return std::move(plan_);
    }

    /// A status with a JSON body, as the provider itself answers when nothing is scripted.
    static response_plan plain(int status, std::string body, const service& format,
                               const recorded_request& request, std::uint64_t ordinal,
                               bool keep_alive) {
        reply_script script;
        script.what = reply_script::kind::status;
        script.status = status;
        script.bytes = std::move(body);
        return response_planner(script, format, request, ordinal, keep_alive).make();
    }

private:
    using milliseconds = std::chrono::milliseconds;

    void fill_body() {
        if (script_.what == reply_script::kind::status) {
            body_.push_back(
                {milliseconds(0), script_.bytes.empty()
                                      ? service_.error_body(script_.status, "scripted failure")
                                      : script_.bytes});
            return;
        }
        const planned_answer answer = make_answer();
        streamed_ = request_.stream && !script_.always_whole;
        if (streamed_) return fill_stream(answer);
        std::string text = script_.error_in_stream ? script_.error_in_stream->second
                                                   : service_.whole_answer(answer, request_);
        thinking_ = script_.first_token_after;
        for (std::size_t i = 1; i < answer.tokens.size() + answer.reasoning.size(); ++i)
            thinking_ += pause_before(i);
        body_.push_back({milliseconds(0), std::move(text)});
    }

    planned_answer make_answer() const {
        planned_answer answer;
        answer.id = "chatcmpl-" + std::to_string(ordinal_);
        answer.model = request_.model;
        answer.reasoning = script_.reasoning;
        answer.tokens =
            script_.compute ? split_into_tokens(script_.compute(request_)) : script_.tokens;
        answer.refusal = script_.refusal;
        answer.tool_calls = script_.tool_calls;
        for (std::size_t i = 0; i < answer.tool_calls.size(); ++i)
            answer.tool_calls[i].id = "call_" + std::to_string(ordinal_) + "_" + std::to_string(i);
        answer.finish_reason = script_.finish_reason;
        if (answer.finish_reason.empty())
            answer.finish_reason = answer.tool_calls.empty() ? "stop" : "tool_calls";
        const auto words = split_into_tokens(request_.instructions).size() +
                           split_into_tokens(request_.prompt).size();
        const auto counted =
            std::pair(static_cast<std::int64_t>(words),
                      static_cast<std::int64_t>(answer.reasoning.size() + answer.tokens.size()));
        std::tie(answer.input_tokens, answer.output_tokens) = script_.usage.value_or(counted);
        answer.cost = script_.cost;
        if (!answer.cost && (script_.input_price != 0 || script_.output_price != 0)) {
            answer.cost = (static_cast<double>(answer.input_tokens) * script_.input_price +
                           static_cast<double>(answer.output_tokens) * script_.output_price) /
                          1e6;
        }
        answer.with_usage = script_.with_usage;
        answer.with_done = script_.with_done;
        return answer;
    }

    void fill_stream(const planned_answer& answer) {
        auto events = service_.stream_events(answer, request_);
        if (const auto& failure = script_.error_in_stream) {
            events.resize(std::min(events.size(), failure->first));
            events.push_back(
                {event_kind::closing, failure->second, std::string(service_.error_event_type())});
        }
        // A client stops reading at the end of the answer: an endless body must not have one.
        if (!script_.endless_unit.empty()) {
            std::erase_if(events, [](const auto& e) { return e.kind == event_kind::closing; });
        }
        std::size_t tokens = 0;
        for (const planned_event& event : events) {
            timed_bytes piece;
            if (event.kind == event_kind::token) {
                piece.after = tokens == 0 ? script_.first_token_after : pause_before(tokens);
                ++tokens;
            }
            sse::writer(piece.bytes).event(event.data, event.type);
            body_.push_back(std::move(piece));
        }
    }

    /// The pause before a token: splitmix64 of its number makes the jitter.
    milliseconds pause_before(std::size_t token) const {
        const auto spread = static_cast<std::uint64_t>(script_.jitter.count());
        if (spread == 0) return script_.token_every;
        std::uint64_t mixed = (token + 1) * 0x9e3779b97f4a7c15u;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        mixed ^= mixed >> 31;
        const auto offset = static_cast<std::int64_t>(mixed % (2 * spread + 1));
        const milliseconds pause = script_.token_every - script_.jitter + milliseconds(offset);
        return std::max(pause, milliseconds(0));
    }

    void cut_at_event() {
        if (script_.fault == reply_fault::none || !script_.fault_counts_events) return;
        complete_ = false;
        announced_ = body_size();
        plan_.then = faulty_ending();
        if (script_.fault_after >= body_.size()) return;
        body_.resize(script_.fault_after + 1);
        body_.back().bytes.resize(body_.back().bytes.size() / 2);
    }

    void cut_at_byte() {
        if (script_.fault == reply_fault::none || script_.fault_counts_events) return;
        plan_.then = faulty_ending();
        plan_.endless.clear();
        std::size_t left = script_.fault_after;
        for (auto piece = plan_.writes.begin(); piece != plan_.writes.end(); ++piece) {
            if (piece->bytes.size() > left) {
                piece->bytes.resize(left);
                plan_.writes.erase(piece + 1, plan_.writes.end());
                return;
            }
            left -= piece->bytes.size();
        }
    }

    response_plan::ending faulty_ending() const {
        switch (script_.fault) {
            case reply_fault::close: return response_plan::ending::drop;
            case reply_fault::reset: return response_plan::ending::reset;
            default: return response_plan::ending::stall;
        }
    }

    /// Joins what follows without a pause, and cuts it into pieces of `size`.
    static void recut(std::vector<timed_bytes>& pieces, std::size_t size) {
        std::vector<timed_bytes> cut;
        for (const timed_bytes& piece : pieces) {
            std::string_view rest = piece.bytes;
            if (!cut.empty() && piece.after.count() == 0) {
                std::string& last = cut.back().bytes;
                const std::size_t room = std::min(size - last.size(), rest.size());
                last.append(rest.substr(0, room));
                rest.remove_prefix(room);
            }
            milliseconds pause = piece.after;
            for (; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) {
                cut.push_back({pause, std::string(rest.substr(0, size))});
                pause = milliseconds(0);
            }
        }
        pieces = std::move(cut);
    }

    std::size_t body_size() const {
        std::size_t size = 0;
        for (const timed_bytes& piece : body_)
            size += piece.bytes.size();
        return size;
    }

    void frame() {
        body_framing how = script_.framing;
        if (how == body_framing::automatic) {
            how = streamed_ || !script_.endless_unit.empty() ? body_framing::chunked
                                                             : body_framing::content_length;
        }
        const bool chunked = how == body_framing::chunked;
        plan_.writes.push_back({script_.head_after + thinking_, head(how)});
        for (timed_bytes& piece : body_) {
            if (!chunked) {
                plan_.writes.push_back(std::move(piece));
                continue;
            }
            timed_bytes framed{piece.after, {}};
            http::append_chunk(framed.bytes, piece.bytes);
            plan_.writes.push_back(std::move(framed));
        }
        if (!complete_) return;
        if (!script_.endless_unit.empty()) {
            plan_.then = response_plan::ending::drop;
            append_endless(chunked);
        } else if (chunked) {
            plan_.writes.push_back({milliseconds(0), {}});
            http::append_last_chunk(plan_.writes.back().bytes);
        }
        if (plan_.then == response_plan::ending::keep_alive &&
            (!keep_alive_ || how == body_framing::close_delimited)) {
            plan_.then = response_plan::ending::close;
        }
    }

    void append_endless(bool chunked) {
        constexpr std::size_t enough = 16 * 1024;
        std::string repeated;
        do {
            repeated += script_.endless_unit;
        } while (repeated.size() < enough);
        if (streamed_ && script_.endless_unit == "x") {
            plan_.writes.push_back({milliseconds(0), {}});
            std::string& opening = plan_.writes.back().bytes;
            if (chunked) {
                http::append_chunk(opening, "data: ");
            } else {
                opening = "data: ";
            }
        }
        if (chunked) {
            http::append_chunk(plan_.endless, repeated);
        } else {
            plan_.endless = std::move(repeated);
        }
    }

    std::string head(body_framing how) const {
        http::response_head head;
        head.status = script_.status;
        head.reason = script_.status == 200 ? "OK" : "Scripted";
        const auto set = [&](std::string name, std::string value) {
            if (head.header.set(std::move(name), std::move(value))) {
                throw std::invalid_argument("a scripted header field is not well-formed");
            }
        };
        set("content-type", streamed_ ? "text/event-stream" : "application/json");
        set(std::string(service_.request_id_field()), "req_" + std::to_string(ordinal_));
        if (how == body_framing::chunked) set("transfer-encoding", "chunked");
        if (how == body_framing::content_length) {
            const std::size_t whole = complete_ ? body_size() : announced_;
            set("content-length",
                std::to_string(script_.endless_unit.empty() ? whole : endless_body_limit));
        }
        if (!keep_alive_ || how == body_framing::close_delimited) set("connection", "close");
        if (script_.head_padding != 0) set("x-padding", std::string(script_.head_padding, 'p'));
        for (const auto& [name, value] : script_.header)
            set(name, value);
        std::string text;
        if (http::write_head(head, text)) {
            throw std::invalid_argument("a scripted status is not of three digits");
        }
        return text;
    }

    const reply_script& script_;
    const service& service_;
    const recorded_request& request_;
    std::uint64_t ordinal_;
    bool keep_alive_;
    bool streamed_ = false;
    /// Whether the body was not cut, and how many bytes it had if it was.
    bool complete_ = true;
    std::size_t announced_ = 0;
    milliseconds thinking_{0};
    std::vector<timed_bytes> body_;
    response_plan plan_;
};

}  // namespace conclave::testing::detail
