#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <conclave/client/attempt.hpp>
#include <conclave/client/observer.hpp>
#include <conclave/client/reply_reader.hpp>
#include <conclave/http/head.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/sse/parser.hpp>
#include <conclave/wire/any_format.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/reasoning_part.hpp>

namespace conclave::detail {

/// Reads one model's answer, in whichever format, and tells an observer as it comes.
class completion_reader final : public reply_reader {
public:
    /// Both have to outlive it.
    completion_reader(const wire::any_format& format, call_observer& observer)
        : format_(format), observer_(observer), stream_(format) {}

    void read_head(const http::response_head& head,
                   std::chrono::system_clock::time_point now) override {
        read_reply_head(head, now, answer());
    }

    std::optional<wire::failure> read_whole(std::string_view body) override {
        auto failed = std::visit(
            [&](const auto& format) { return format.read_reply(body, answer()); }, format_);
        if (failed) return failed;
        delta all;
        all.text = answer().text;
        all.reasoning = answer().reasoning;
        all.refusal = answer().refusal;
        if (!all.empty()) observer_.on_delta(all);
        return std::nullopt;
    }

    bool read_events(sse::parser& events) override {
        bool any = false;
        stream_.read_all(events, [&](const delta& piece) {
            any = true;
            observer_.on_delta(piece);
        });
        return any;
    }
    wire::stream_status state() const override { return stream_.state(); }
    wire::stream_status finish(std::string_view stray) override { return stream_.finish(stray); }
    const wire::failure& failure() const override { return stream_.error(); }
    std::size_t size() override {
        const completion& so_far = stream_.result();
        std::size_t size = so_far.text.size() + so_far.reasoning.size() + so_far.refusal.size();
        for (const tool_call& each : so_far.tool_calls)
            size += each.name.size() + each.arguments.size();
        for (const reasoning_part& each : so_far.reasoning_parts)
            size += each.json.size();
        return size;
    }
    bool is_full() const noexcept override { return observer_.is_full(); }
    asio::awaitable<void> ready() override { return observer_.ready(); }

    /// The answer, or what has come of it.
    completion& answer() { return stream_.result(); }

private:
    const wire::any_format& format_;
    call_observer& observer_;
    wire::any_stream_reader stream_;
};

}  // namespace conclave::detail
