// What a reader cannot do without: receiving, and looking at each byte once.

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

std::size_t count_lines(const char* at, const char* end) {
    std::size_t lines = 0;
    while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
        ++lines;
        at = static_cast<const char*>(found) + 1;
    }
    return lines;
}

class copy final : public contender {
public:
    void run(source& from, sink& to) override {
        buffer_.resize(from.largest() + 1);
        while (const std::size_t size = from.read(buffer_.data()))
            to.touch(static_cast<unsigned char>(buffer_[size / 2]));
    }

private:
    std::vector<char> buffer_;
};

// Receives, and finds the LFs of what it received.
class memchr_scan final : public contender {
public:
    void run(source& from, sink& to) override {
        buffer_.resize(from.largest() + 1);
        while (const std::size_t size = from.read(buffer_.data()))
            to.touch(count_lines(buffer_.data(), buffer_.data() + size));
    }

private:
    std::vector<char> buffer_;
};

// Finds the LFs where the bytes are, without receiving them.
class memchr_in_place final : public contender {
public:
    explicit memchr_in_place(std::string_view bytes) : bytes_(bytes) {}
    void run(source&, sink& to) override {
        to.touch(count_lines(bytes_.data(), bytes_.data() + bytes_.size()));
    }

private:
    std::string_view bytes_;
};

}  // namespace

std::unique_ptr<contender> make_copy(const corpus&) { return std::make_unique<copy>(); }
std::unique_ptr<contender> make_memchr(const corpus&) { return std::make_unique<memchr_scan>(); }
std::unique_ptr<contender> make_memchr_in_place(const corpus& of) {
    return std::make_unique<memchr_in_place>(of.bytes);
}

}  // namespace conclave::benchmarks
