#pragma once

#include <algorithm>
#include <conclave/sse/parser.hpp>
#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "reference_parser.hpp"

namespace conclave::testing {

/// Options that report everything.
inline sse::parser_options all_reported() {
    sse::parser_options options;
    options.report_comments = options.report_retry = true;
    return options;
}

/// Copies what a parser reports; reads the padding behind each payload, for the sanitizers to see.
class event_recorder {
public:
    void operator()(const sse::event& event) {
        const char* const behind = event.data.data() + event.data.size();
        for (std::size_t i = 0; i < sse::parser::padding; ++i) {
            touched_ = static_cast<unsigned char>(touched_ ^ behind[i]);
        }
        events_.push_back({event.kind, event.cut, std::string(event.type), std::string(event.data),
                           std::string(event.id), event.retry_ms});
    }

    reading result(const sse::parser& parser) const {
        return {events_, std::string(parser.last_event_id()), parser.retry_ms(),
                parser.error() == errc::event_too_large};
    }

private:
    std::vector<seen_event> events_;
    volatile unsigned char touched_ = 0;
};

inline std::vector<std::string_view> pieces_of(std::string_view stream, std::size_t size) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < stream.size(); at += size) {
        pieces.push_back(stream.substr(at, size));
    }
    return pieces;
}

inline std::vector<std::string_view> random_pieces(std::string_view stream, std::size_t largest,
                                                   std::mt19937_64& random) {
    std::vector<std::string_view> pieces;
    while (!stream.empty()) {
        const std::size_t size = std::min(stream.size(), 1 + random() % largest);
        pieces.push_back(stream.substr(0, size));
        stream.remove_prefix(size);
    }
    return pieces;
}

/// Reads through the push form.
inline reading push(sse::parser& parser, const std::vector<std::string_view>& pieces) {
    event_recorder recorder;
    for (const std::string_view piece : pieces)
        parser.feed(piece, recorder);
    parser.finish(recorder);
    return recorder.result(parser);
}

/// Reads through the pull form. `gap` bytes of other content come before each piece in the buffer,
/// as if a layer below had stripped framing.
inline reading pull(sse::parser& parser, const std::vector<std::string_view>& pieces,
                    std::size_t gap = 0) {
    event_recorder recorder;
    for (const std::string_view piece : pieces) {
        const std::span<char> room = parser.prepare(gap + piece.size());
        std::fill_n(room.begin(), gap, '\n');
        std::memcpy(room.data() + gap, piece.data(), piece.size());
        parser.commit(room.subspan(gap, piece.size()));
        while (const sse::event* event = parser.next())
            recorder(*event);
    }
    parser.finish();
    while (const sse::event* event = parser.next())
        recorder(*event);
    return recorder.result(parser);
}

/// Reads a stream in one piece.
inline reading read_whole(std::string_view stream,
                          const sse::parser_options& options = all_reported()) {
    sse::parser parser(options);
    return pull(parser, {stream});
}

/// The block scanners that this machine can run.
inline std::vector<sse::block_scanner> all_scanners() {
    std::vector<sse::block_scanner> scanners{sse::scan_blocks_portable};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) scanners.push_back(sse::scan_blocks_avx2);
#endif
    if (std::ranges::find(scanners, sse::best_block_scanner()) == scanners.end()) {
        scanners.push_back(sse::best_block_scanner());
    }
    return scanners;
}

}  // namespace conclave::testing
