#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/json/writer.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/reasoning_parts.hpp>
#include <conclave/wire/reasoning_part.hpp>

namespace conclave::wire::detail {

// Keeps the blocks of thinking that Claude wants back unchanged: a text with its signature, which
// comes behind it, or what is encrypted. Sources: Anthropic's guide to extended thinking; the types
// and the MessageStream of @anthropic-ai/sdk 1.11.0.
class anthropic_thinking {
public:
    // The signature of a block of a stream, whose text is what has been shown since the last.
    [[gnu::noinline]] void sign(std::optional<std::int64_t> index, std::string_view signature,
                                completion& to) {
        const bool again = index && index == signed_index_ && !to.reasoning_parts.empty();
        if (again) {
            to.reasoning_parts.pop_back();
        } else {
            begin_ = end_;
        }
        end_ = to.reasoning.size();
        signed_index_ = index;
        add_signed(std::string_view(to.reasoning).substr(begin_, end_ - begin_), signature, to);
    }

    [[gnu::noinline]] static void add_signed(std::string_view thinking, std::string_view signature,
                                             completion& to) {
        std::string json;
        json::writer out(json);
        out.begin_object();
        out.member("type", "thinking");
        out.member("thinking", thinking);
        out.member("signature", signature);
        out.end_object();
        add_reasoning_part(reasoning_part::format::anthropic_messages, std::move(json), to);
    }

    [[gnu::noinline]] static void add_redacted(std::string_view data, completion& to) {
        std::string json;
        json::writer out(json);
        out.begin_object();
        out.member("type", "redacted_thinking");
        out.member("data", data);
        out.end_object();
        add_reasoning_part(reasoning_part::format::anthropic_messages, std::move(json), to);
    }

private:
    // Where the text of the last signed block is in the answer's reasoning.
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::optional<std::int64_t> signed_index_;
};

}  // namespace conclave::wire::detail
