#pragma once

#include <conclave/error.hpp>
#include <conclave/http/characters.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace conclave::http {

/// One header field. A `fields` only ever holds well-formed ones.
struct field {
    /// A token; look-ups do not mind its case.
    std::string name;
    /// Any bytes without control characters, TAB excepted.
    std::string value;
};

/// The fields of a head or trailer, in the order in which they were added. Names are compared
/// without regard to case, and kept as given. Nothing gets in that would not be safe to write to a
/// connection. Look-ups are linear in the number of fields. Views it gives out are valid until it
/// is next changed.
class fields {
public:
    /// Goes over the fields in their order.
    using const_iterator = std::vector<field>::const_iterator;

    /// Adds a field after those there are; several may have the same name. Reports
    /// `errc::invalid_header`, and adds nothing, if the name is not a token or the value has a
    /// control character other than TAB. The error does not say what the value was.
    [[nodiscard]] std::error_code add(std::string name, std::string value) {
        if (!is_token(name) || !is_field_value(value)) return errc::invalid_header;
        list_.push_back({std::move(name), std::move(value)});
        return {};
    }

    /// Makes this the only field of its name: in the place of the first one, or else at the end.
    /// Reports what `add` does, and then changes nothing.
    [[nodiscard]] std::error_code set(std::string name, std::string value) {
        if (!is_token(name) || !is_field_value(value)) return errc::invalid_header;
        bool placed = false;
        std::erase_if(list_, [&](field& candidate) {
            if (!equals_ignoring_case(candidate.name, name)) return false;
            if (placed) return true;
            placed = true;
            candidate.value = std::move(value);
            return false;
        });
        if (!placed) list_.push_back({std::move(name), std::move(value)});
        return {};
    }

    /// The value of the first field of this name, if there is one.
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const field& candidate : list_) {
            if (equals_ignoring_case(candidate.name, name)) return candidate.value;
        }
        return std::nullopt;
    }

    /// How many fields have this name.
    std::size_t count(std::string_view name) const noexcept {
        std::size_t total = 0;
        for (const field& candidate : list_) {
            if (equals_ignoring_case(candidate.name, name)) ++total;
        }
        return total;
    }

    /// The values of all fields of this name, in order.
    std::vector<std::string_view> values(std::string_view name) const {
        std::vector<std::string_view> found;
        for (const field& candidate : list_) {
            if (equals_ignoring_case(candidate.name, name)) found.emplace_back(candidate.value);
        }
        return found;
    }

    /// Whether the fields of this name, read as comma-separated lists, have this member; case does
    /// not matter. For `Connection: keep-alive, Upgrade` and its like: lists of plain tokens.
    bool has_token(std::string_view name, std::string_view token) const noexcept {
        for (const field& candidate : list_) {
            if (!equals_ignoring_case(candidate.name, name)) continue;
            std::string_view rest = candidate.value;
            while (true) {
                const std::size_t comma = rest.find(',');
                if (equals_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
                if (comma == rest.npos) break;
                rest.remove_prefix(comma + 1);
            }
        }
        return false;
    }

    /// Number of fields.
    std::size_t size() const noexcept { return list_.size(); }
    /// Whether there are none.
    bool empty() const noexcept { return list_.empty(); }
    /// Removes all fields.
    void clear() noexcept { list_.clear(); }

    /// The first field.
    const_iterator begin() const noexcept { return list_.begin(); }
    /// Behind the last one.
    const_iterator end() const noexcept { return list_.end(); }

private:
    std::vector<field> list_;
};

}  // namespace conclave::http
