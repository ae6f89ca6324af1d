#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <conclave/json/fields.hpp>

namespace conclave::json {

/// A copy of a text for a `field_reader`, with the readable bytes behind it that the reader needs.
class padded_text {
public:
    explicit padded_text(std::string_view text) : size_(text.size()) {
        bytes_.reserve(size_ + field_reader::padding);
        bytes_.append(text).append(field_reader::padding, ' ');
    }

    /// The text, without what is behind it; valid as long as this object is where it is.
    std::string_view view() const noexcept { return std::string_view(bytes_).substr(0, size_); }

private:
    std::string bytes_;
    std::size_t size_;
};

}  // namespace conclave::json
