// A warm parser allocates nothing.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "read_stream.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

// Not inlined: GCC 12 would warn of free() on what operator new returned.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

namespace sse = conclave::sse;

TEST(SseAllocation, NoneOnceTheParserIsWarm) {
    std::string stream = "\xEF\xBB\xBF";
    for (int i = 0; i < 300; ++i) {
        stream += "event: content_block_delta\nid: an id too long for the small string\n";
        stream += "data: " + std::string(static_cast<std::size_t>(i) * 7, 'x') + "\n";
        stream += "data: second line\nevent: a type that comes late and is long\r\n\r\n";
        stream += ": comment\nretry: 100\n\n";
    }
    for (const std::size_t piece : {1u, 64u, 1400u, 16384u}) {
        sse::parser parser(conclave::testing::all_reported());
        std::size_t events = 0;
        const auto count = [&](const sse::event&) { ++events; };
        const auto read = [&] {
            for (std::size_t at = 0; at < stream.size(); at += piece) {
                parser.feed(std::string_view(stream).substr(at, piece), count);
            }
            parser.finish(count);
            parser.reset();
        };
        read();
        ASSERT_EQ(events, 900u);
        const std::size_t before = allocations;
        const std::size_t capacity = parser.capacity();
        read();
        EXPECT_EQ(allocations - before, 0u) << piece;
        EXPECT_EQ(parser.capacity(), capacity) << piece;
        EXPECT_EQ(events, 1800u);
    }
}

}  // namespace
