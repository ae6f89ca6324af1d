#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace conclave {

/// An optional whose value lies apart from it: as small as a pointer while it has none, which is
/// most of the time in events. Copies are deep, and compare by their values; moved from, it is
/// empty. Not thread-safe.
template <class T>
class boxed {
public:
    /// Without a value.
    boxed() = default;
    /// Without a value.
    boxed(std::nullopt_t) noexcept {}
    /// With this value.
    boxed(T value) : held_(std::make_unique<T>(std::move(value))) {}
    boxed(const boxed& other) {
        if (other) emplace(*other);
    }
    boxed(boxed&&) noexcept = default;
    boxed& operator=(boxed other) noexcept {
        held_ = std::move(other.held_);
        return *this;
    }
    ~boxed() = default;

    /// Whether there is a value.
    bool has_value() const noexcept { return held_ != nullptr; }
    /// The same.
    explicit operator bool() const noexcept { return has_value(); }

    /// The value, which there has to be.
    T& operator*() noexcept { return *held_; }
    /// The same, to read.
    const T& operator*() const noexcept { return *held_; }
    /// A member of the value.
    T* operator->() noexcept { return held_.get(); }
    /// The same, to read.
    const T* operator->() const noexcept { return held_.get(); }

    /// Makes a value of these in place of any there is.
    template <class... Arguments>
    T& emplace(Arguments&&... arguments) {
        held_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        return *held_;
    }

    friend bool operator==(const boxed& one, const boxed& other) {
        return one && other ? *one == *other : one.has_value() == other.has_value();
    }
    friend bool operator==(const boxed& one, const T& value) { return one && *one == value; }

private:
    std::unique_ptr<T> held_;
};

}  // namespace conclave
