#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::detail {

/// A value of a configuration, and where it stands. All functions throw `error` with
/// `errc::invalid_request`, naming the place and never quoting the value, which may be a key, if it
/// is not what they read.
class setting {
public:
    setting(const simdjson::dom::element& value, std::string path)
        : value_(value), path_(std::move(path)) {}

    /// Where it stands: `endpoints[0].prefix`.
    const std::string& path() const noexcept { return path_; }
    /// Whether it is an array.
    bool is_list() const noexcept { return value_.is_array(); }

    /// Calls `read(name, setting)` for each member, which returns whether there is one of that
    /// name.
    template <class Reader>
    void each_member(Reader&& read) const {
        const auto whole = json::object_of(value_);
        if (!whole) refuse("must be an object");
        check_names(*whole);
        for (const auto& [name, value] : *whole) {
            const std::string path =
                (path_.empty() ? "" : path_ + ".") + wire::one_line(name, longest_name);
            if (!read(name, setting(value, path))) {
                throw invalid_field(path, "is unknown here");
            }
        }
    }

    /// Calls `read(name, setting)` for each entry of an object whose names are free.
    template <class Reader>
    void each_entry(Reader&& read) const {
        const auto whole = json::object_of(value_);
        if (!whole) refuse("must be an object");
        check_names(*whole);
        for (const auto& [name, value] : *whole)
            read(name, setting(value, path_ + "[\"" + wire::one_line(name, longest_name) + "\"]"));
    }

    /// Calls `read(setting)` for each element of an array.
    template <class Reader>
    void each_element(Reader&& read) const {
        const auto list = json::array_of(value_);
        if (!list) refuse("must be an array");
        std::size_t index = 0;
        for (const simdjson::dom::element value : *list)
            read(setting(value, path_ + "[" + std::to_string(index++) + "]"));
    }

    /// A string.
    std::string text() const {
        const auto found = json::string_of(value_);
        if (!found) refuse("must be a string");
        return std::string(*found);
    }
    /// A string that is not empty.
    std::string filled_text() const {
        std::string found = text();
        if (found.empty()) refuse("must not be empty");
        return found;
    }

    // Each reads what its argument holds, and returns true, for chains of names.
    bool read(std::string& to) const {
        to = text();
        return true;
    }
    bool read(std::vector<std::string>& to) const {
        to.clear();
        each_element([&](const setting& each) { to.push_back(each.filled_text()); });
        return true;
    }
    template <std::same_as<bool> Boolean>
    bool read(Boolean& to) const {
        const auto truth = json::boolean_of(value_);
        if (!truth) refuse("must be true or false");
        to = *truth;
        return true;
    }
    /// A count or a size.
    bool read(std::size_t& to) const {
        to = static_cast<std::size_t>(whole_number(std::int64_t{1} << 40));
        return true;
    }
    bool read(std::uint32_t& to) const {
        to = static_cast<std::uint32_t>(whole_number(1'000'000));
        return true;
    }
    /// A count of tokens.
    bool read(std::int64_t& to) const {
        to = whole_number(std::int64_t{1} << 40);
        return true;
    }
    /// A time in milliseconds, a day at most.
    bool read(std::chrono::milliseconds& to) const {
        to = std::chrono::milliseconds(whole_number(86'400'000));
        return true;
    }
    /// A value that may be left out.
    template <class Value>
    bool read(std::optional<Value>& to) const {
        return read(to.emplace());
    }
    /// A price.
    bool read(std::optional<double>& to) const {
        to = json::number_of(value_);
        if (!to || !std::isfinite(*to) || *to < 0) refuse("must be a number, at least 0");
        return true;
    }
    /// A whole number from 0 on that is not more.
    std::int64_t whole_number(std::int64_t most) const {
        const auto number = json::integer_of(value_);
        if (!number || *number < 0 || *number > most) {
            refuse("must be a whole number from 0 to " + std::to_string(most));
        }
        return *number;
    }
    /// A number that is neither less nor more.
    double number(int least, int most) const {
        const auto found = json::number_of(value_);
        if (!found || !(*found >= least && *found <= most)) {
            refuse("must be a number from " + std::to_string(least) + " to " +
                   std::to_string(most));
        }
        return *found;
    }

private:
    static constexpr std::size_t longest_name = 100;

    [[noreturn]] void refuse(std::string_view why) const {
        throw invalid_field(path_.empty() ? "configuration" : path_, why);
    }

    // The second of two of a name would be ignored in silence.
    void check_names(const simdjson::dom::object& whole) const {
        std::vector<std::string_view> names;
        for (const auto& [name, value] : whole)
            names.push_back(name);
        std::sort(names.begin(), names.end());
        const auto repeated = std::adjacent_find(names.begin(), names.end());
        if (repeated == names.end()) return;
        refuse("has \"" + wire::one_line(*repeated, longest_name) + "\" twice");
    }

    simdjson::dom::element value_;
    std::string path_;
};

}  // namespace conclave::detail
