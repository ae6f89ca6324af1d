#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace conclave::benchmarks {

/// Told when a reader has got the bytes of a read, and when it asks for more.
class read_observer {
public:
    virtual void before_read() = 0;
    virtual void after_read() = 0;

protected:
    ~read_observer() = default;
};

/// Stands for the socket: each read copies the next piece into the reader's own buffer, which every
/// contender pays for.
class source {
public:
    /// Pieces of one size.
    source(std::string_view bytes, std::size_t size) : bytes_(bytes), largest_(size) {}
    /// Pieces that end at the given offsets.
    source(std::string_view bytes, const std::vector<std::size_t>& ends) : bytes_(bytes) {
        ends_ = ends.data();
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
            largest_ = std::max(largest_, end - begin);
            begin = end;
        }
    }

    void observe_with(read_observer& observer) { observer_ = &observer; }

    /// Size of the largest piece.
    std::size_t largest() const { return largest_; }

    /// Copies the next piece to `to`, where there must be room for the largest. 0 at the end.
    std::size_t read(char* to) {
        if (observer_ != nullptr) [[unlikely]] {
            observer_->before_read();
            const std::size_t size = copy(to);
            observer_->after_read();
            return size;
        }
        return copy(to);
    }

private:
    std::size_t copy(char* to) {
        std::size_t size = std::min(largest_, bytes_.size() - at_);
        if (ends_ != nullptr && size != 0) size = *ends_++ - at_;
        std::memcpy(to, bytes_.data() + at_, size);
        at_ += size;
        return size;
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    std::size_t largest_ = 0;
    const std::size_t* ends_ = nullptr;
    read_observer* observer_ = nullptr;
};

}  // namespace conclave::benchmarks
