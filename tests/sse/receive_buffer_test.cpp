#include <conclave/sse/receive_buffer.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace {

using conclave::sse::receive_buffer;

// Drives a buffer as a parser does and counts the bytes moved.
class driven_buffer {
public:
    void receive(std::string_view text, std::size_t gap = 0) {
        const std::size_t before = buffer_.capacity();
        const std::size_t kept = buffer_.end() - keep_;
        const std::size_t down = buffer_.prepare(keep_, gap + text.size());
        keep_ += down;
        if (down != 0 || buffer_.capacity() != before) moved_ += kept;
        const std::span<char> room = buffer_.room();
        ASSERT_GE(room.size(), gap + text.size());
        std::memset(room.data(), '#', gap);
        std::memcpy(room.data() + gap, text.data(), text.size());
        keep_ += buffer_.commit(keep_, room.subspan(gap, text.size()));
        if (gap != 0) moved_ += std::min(kept, text.size());
    }
    void consume(std::size_t size) { keep_ += size; }
    std::string_view pending() { return {buffer_.bytes() + keep_, buffer_.end() - keep_}; }
    std::size_t moved() const { return moved_; }
    std::size_t capacity() const { return buffer_.capacity(); }

private:
    receive_buffer buffer_;
    std::size_t keep_ = 0;
    std::size_t moved_ = 0;
};

TEST(SseReceiveBuffer, ClosesTheGapBeforeShortAndLongPieces) {
    for (const std::size_t gap : {1u, 10u, 500u}) {
        driven_buffer buffer;
        buffer.receive("0123456789");
        buffer.consume(3);
        buffer.receive("ab", gap);
        EXPECT_EQ(buffer.pending(), "3456789ab");
        buffer.receive("ABCDEFGHIJKLMNOPQRSTUVWXYZ", gap);
        EXPECT_EQ(buffer.pending(), "3456789abABCDEFGHIJKLMNOPQRSTUVWXYZ");
        buffer.consume(buffer.pending().size());
        buffer.receive("next", gap);
        EXPECT_EQ(buffer.pending(), "next");
    }
}

TEST(SseReceiveBuffer, EmptyCommitChangesNothing) {
    receive_buffer buffer;
    EXPECT_EQ(buffer.commit(0, {}), 0u);
    EXPECT_EQ(buffer.prepare(0, 10), 0u);
    EXPECT_EQ(buffer.commit(0, buffer.room().first(0)), 0u);
    EXPECT_EQ(buffer.end(), 0u);
}

TEST(SseReceiveBuffer, ContentSurvivesGrowth) {
    driven_buffer buffer;
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        const std::string text = std::to_string(i) + ",";
        buffer.receive(text);
        expected += text;
    }
    EXPECT_EQ(buffer.pending(), expected);
}

TEST(SseReceiveBuffer, MovesEachByteABoundedNumberOfTimes) {
    // A large record in single bytes.
    driven_buffer growing;
    const std::size_t total = 1'000'000;
    for (std::size_t i = 0; i < total; ++i)
        growing.receive("x");
    EXPECT_LE(growing.moved(), 2 * total);

    // Records of many sizes, always with a part of the next one behind.
    for (const std::size_t record : {3u, 50u, 700u, 5000u}) {
        driven_buffer streaming;
        for (std::size_t i = 0; i < total; ++i) {
            streaming.receive("x");
            if (streaming.pending().size() >= record + record / 2) streaming.consume(record);
        }
        EXPECT_LE(streaming.moved(), 2 * total) << record;
        EXPECT_LE(streaming.capacity(), 8 * record + 64) << record;
    }
}

}  // namespace
