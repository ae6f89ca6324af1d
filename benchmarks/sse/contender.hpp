#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../corpora/corpus.hpp"
#include "sink.hpp"
#include "source.hpp"

namespace conclave::benchmarks {

// Put before a pass, it has all calls within inlined, which compilers do not reliably do by
// themselves and is worth a fifth to simdjson; in builds that measure, since it takes long to
// compile.
#if defined(NDEBUG)
#define CONCLAVE_INLINED [[gnu::flatten]]
#else
#define CONCLAVE_INLINED
#endif

/// One way of reading a stream. It is made once and reads whole streams one after another, so that
/// what it keeps is warm.
class contender {
public:
    contender() = default;
    contender(const contender&) = delete;
    contender& operator=(const contender&) = delete;
    virtual ~contender() = default;
    virtual void run(source& from, sink& to) = 0;
};

/// What a contender brings to the sink.
enum class output { nothing, events, deltas };

/// A contender and what it is for.
struct candidate {
    std::string_view name;
    output brings;
    /// Makes it for a corpus; null where it cannot read that.
    std::unique_ptr<contender> (*make)(const corpus& of);
};

std::span<const candidate> candidates();

std::unique_ptr<contender> make_copy(const corpus& of);
std::unique_ptr<contender> make_memchr(const corpus& of);
std::unique_ptr<contender> make_memchr_in_place(const corpus& of);
std::unique_ptr<contender> make_presplit(const corpus& of);
std::unique_ptr<contender> make_presplit_avx2(const corpus& of);
std::unique_ptr<contender> make_in_place(const corpus& of);
std::unique_ptr<contender> make_handbuilt(const corpus& of);
std::unique_ptr<contender> make_nlohmann(const corpus& of);
std::unique_ptr<contender> make_framing(const corpus& of);
std::unique_ptr<contender> make_general(const corpus& of);
std::unique_ptr<contender> make_delta(const corpus& of);

/// An event as the specification has it.
struct reference_event {
    std::string type;
    std::string data;
};

/// Reads a whole stream with no thought for speed: what contenders are compared to.
std::vector<reference_event> reference_events(std::string_view stream);

}  // namespace conclave::benchmarks
