#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace conclave::json {

/// The name of an object's member as it is spelled: escapes, which nobody uses there, are not
/// undone. Compares with a literal in a few instructions.
class key {
public:
    operator std::string_view() const noexcept { return {begin_, size_}; }

    template <std::size_t Size>
    friend bool operator==(const key& spelled, const char (&literal)[Size]) noexcept {
        return spelled.size_ == Size - 1 && std::memcmp(spelled.begin_, literal, Size - 1) == 0;
    }

private:
    friend class field_reader;
    key(const char* begin, const char* end) noexcept
        : begin_(begin), size_(static_cast<std::size_t>(end - begin)) {}

    const char* begin_;
    std::size_t size_;
};

/// A value on its way past: valid until the visitor that was handed it returns.
class value {
    friend class field_reader;

    // A place in a text: a byte, and the number of the first quote at or behind it. Not two words
    // of one size, which GCC would put together in a vector, and each step would wait for that.
    struct place {
        const char* at;
        std::uint32_t quote;
    };

    explicit value(const place& begin) noexcept : at_(begin.at), quote_(begin.quote) {}

    const char* at_;
    std::uint32_t quote_;
    place end_{nullptr, 0};  // once it has been read
};

/// What a value is, as told by its first byte.
enum class kind { object, array, string, number, boolean, null, none };

/// A string as it is spelled.
struct spelled_string {
    /// What is between the quotes.
    std::string_view inside;
    bool escaped;
};

}  // namespace conclave::json
