// Event streams, cut anywhere: the parser says what the reference parser says, through both its
// forms and with every way of finding line ends; and what the writer writes comes back.

#include <conclave/sse/parser.hpp>
#include <conclave/sse/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../sse/read_stream.hpp"
#include "../sse/reference_parser.hpp"

namespace {

namespace sse = conclave::sse;
using namespace conclave::testing;

void require(bool condition) {
    if (!condition) std::abort();
}

sse::parser_options choose_options(unsigned kind) {
    sse::parser_options options;
    options.report_comments = (kind & 1) != 0;
    options.report_retry = (kind & 2) != 0;
    options.deliver_unterminated = (kind & 4) == 0;
    if ((kind & 8) != 0) options.max_line_size = kind;
    if ((kind & 16) != 0) options.max_event_size = 2 * kind;
    return options;
}

void read(std::string_view stream, const sse::parser_options& options, std::mt19937_64& random) {
    const reading expected = read_by_reference(stream, options);
    for (const sse::block_scanner scan : all_scanners()) {
        sse::parser parser(options, scan);
        require(pull(parser, {stream}) == expected);
        parser.reset();
        require(push(parser, pieces_of(stream, 1)) == expected);
        parser.reset();
        const auto pieces = random_pieces(stream, 1 + random() % 100, random);
        require(pull(parser, pieces, random() % 32) == expected);
    }
}

void write(std::string_view text) {
    std::string stream;
    sse::writer writer(stream);
    writer.event(text, text, text);
    writer.comment(text);
    writer.event("behind");
    sse::parser parser;
    const reading all = pull(parser, {stream});
    require(all.events.size() == 2);
    require(all.events[0].data.size() <= text.size());
    require(all.events[1].data == "behind" && all.events[1].type == "message");
}

}  // namespace

// The first byte chooses the options, the second how the rest is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    std::mt19937_64 random(bytes[1]);
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    read(text, choose_options(bytes[0]), random);
    write(text);
    return 0;
}
