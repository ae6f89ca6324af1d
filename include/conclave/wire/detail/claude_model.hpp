#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace conclave::wire::detail {

// What the name of a model tells of what it takes. Sources: Anthropic's migration guides and the
// comments in @anthropic-ai/sdk 0.137.0 and 1.11.0; reports of those who tried it in autumn 2026.
class claude_model {
public:
    // `name` may have a gateway's prefix, a date or a platform's suffix:
    // `anthropic/claude-sonnet-4.6`, `anthropic.claude-opus-4-1-20250805-v1:0`,
    // `claude-3-7-sonnet-latest`.
    explicit claude_model(std::string_view name) noexcept {
        constexpr std::string_view maker = "claude-";
        const std::size_t begin = name.find(maker);
        if (begin == std::string_view::npos) return;
        is_claude_ = true;
        name.remove_prefix(begin + maker.size());
        int numbers = 0;
        while (!name.empty()) {
            const std::size_t size = std::min(name.find_first_of("-.@:/["), name.size());
            const std::string_view word = name.substr(0, size);
            name.remove_prefix(std::min(size + 1, name.size()));
            if (word.empty()) continue;
            const bool is_number = word.find_first_not_of("0123456789") == word.npos;
            if (is_number && word.size() <= 2 && numbers < 2) {
                int value = 0;
                for (const char digit : word)
                    value = value * 10 + (digit - '0');
                version_ += numbers++ == 0 ? 100 * value : value;
            } else if (is_number || !family_.empty()) {
                break;
            } else {
                family_ = word;
            }
        }
        if (numbers == 0) version_ = newest;
    }

    // No sampling parameter has another value than its default.
    bool refuses_sampling() const noexcept { return is_since(407, 500, 500); }
    // `temperature` and `top_p` not at once.
    bool takes_one_sampling_parameter() const noexcept { return is_claude_ && version_ >= 401; }
    // Thinks as much as `effort` says, instead of a number of tokens.
    bool is_adaptive() const noexcept { return is_since(406, 406, 500); }
    // Does not show what it thinks unless asked to.
    bool hides_thinking() const noexcept { return is_since(407, 500, 500); }
    bool knows_xhigh_effort() const noexcept { return is_since(407, 500, 500); }
    bool can_think() const noexcept { return !is_claude_ || version_ >= 307; }
    // Its thinking cannot be switched off.
    bool always_thinks() const noexcept {
        return is_claude_ && (is_line("opus") ? version_ >= 505 : is_of_newer_line());
    }
    // It can only be kept to what is between two tools.
    bool thinks_between_tools() const noexcept { return is_line("sonnet") && version_ >= 505; }
    // No tool can be forced upon it.
    bool refuses_forced_tools() const noexcept {
        if (is_line("opus") || is_line("sonnet")) return version_ >= 505;
        return is_claude_ && is_of_newer_line() && version_ >= 501;
    }
    // Takes the schema of its answer in a field of its own.
    bool takes_schema() const noexcept { return !is_claude_ || is_since(401, 405, 405); }

private:
    static constexpr int newest = 9900;

    bool is_line(std::string_view family) const noexcept { return is_claude_ && family_ == family; }
    // Fable, Mythos, and what else may come.
    bool is_of_newer_line() const noexcept {
        constexpr std::array<std::string_view, 5> older = {"opus", "sonnet", "haiku", "instant",
                                                           ""};
        return std::find(older.begin(), older.end(), family_) == older.end();
    }
    bool is_since(int opus, int sonnet, int haiku) const noexcept {
        if (is_line("opus")) return version_ >= opus;
        if (is_line("sonnet")) return version_ >= sonnet;
        if (is_line("haiku")) return version_ >= haiku;
        return is_claude_ && is_of_newer_line();
    }

    bool is_claude_ = false;
    std::string_view family_;
    int version_ = 0;  // 4.6 is 406
};

}  // namespace conclave::wire::detail
