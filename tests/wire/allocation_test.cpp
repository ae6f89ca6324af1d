// Counts what the hot path allocates. A file of its own, as it replaces the program's allocation.

#include <conclave/wire/chat_completions.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <conclave/sse/parser.hpp>

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size ? size : 1)) return memory;
    std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using conclave::wire::chat_completions;
namespace sse = conclave::sse;

std::string event(std::string_view delta) {
    return R"(data: {"id":"chatcmpl-7","object":"chat.completion.chunk","model":"gpt-5.5",)"
           R"("choices":[{"index":0,"delta":)" +
           std::string(delta) +
           R"(,"finish_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":2}})"
           "\n\n";
}

TEST(ChatCompletionsAllocations, AreNoneForAnEventOnceTheStreamIsWarm) {
    const std::string round = event(R"({"content":"plain"})") +
                              event(R"({"content":"esc\n\u00e9"})") +
                              event(R"({"reasoning_content":"why?\n"})") +
                              event(R"({"content":[{"type":"text","text":"part\t"}]})");
    chat_completions::stream_reader reader;
    sse::parser events;
    reader.result().text.reserve(1 << 20);
    reader.result().reasoning.reserve(1 << 20);
    std::size_t bytes = 0;
    const auto on_event = [&](const sse::event& each) {
        conclave::delta piece;
        reader.read(each, piece);
        bytes += piece.text.size() + piece.reasoning.size();
    };
    events.feed(round, on_event);  // warm
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i)
        events.feed(round, on_event);
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(bytes, 101U * (5 + 6 + 5 + 5));
}

}  // namespace
