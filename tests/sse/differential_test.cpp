// Random streams: the parser against the reference, for every way of finding line ends.

#include <conclave/sse/parser.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "read_stream.hpp"
#include "reference_parser.hpp"

namespace {

using namespace std::string_view_literals;
using namespace conclave::testing;
namespace sse = conclave::sse;

// Fragments that make valid streams likely and broken ones common.
std::string random_stream(std::mt19937_64& random, std::size_t parts) {
    static constexpr std::string_view fragments[] = {
        "data: "sv,
        "data:"sv,
        "data"sv,
        "event: "sv,
        "event:"sv,
        "event"sv,
        "id: "sv,
        "id"sv,
        "retry: "sv,
        "retry"sv,
        ":"sv,
        " "sv,
        "\n"sv,
        "\n"sv,
        "\n"sv,
        "\n\n"sv,
        "\r"sv,
        "\r\n"sv,
        "\r\n\r\n"sv,
        "12"sv,
        "99999999999999999999"sv,
        "\0"sv,
        "x"sv,
        "{\"a\":1}"sv,
        "\xEF\xBB\xBF"sv,
        "\xEF\xBB"sv,
        "\xE2\x80\xA8"sv,
        "\t"sv,
        "a longer piece of text that fills more than one block of sixty-four bytes by itself"sv};
    std::string stream;
    for (std::size_t i = 0; i < parts; ++i) {
        const std::size_t choice = random() % (std::size(fragments) + 1);
        if (choice < std::size(fragments)) {
            stream += fragments[choice];
        } else {
            stream.append(random() % 200, static_cast<char>(random()));
        }
    }
    return stream;
}

sse::parser_options random_options(std::mt19937_64& random) {
    sse::parser_options options;
    options.report_comments = random() % 2 == 0;
    options.report_retry = random() % 2 == 0;
    options.deliver_unterminated = random() % 2 == 0;
    if (random() % 4 == 0) options.max_line_size = random() % 120;
    if (random() % 4 == 0) options.max_event_size = random() % 300;
    return options;
}

TEST(SseDifferential, RandomStreamsInRandomPieces) {
    std::mt19937_64 random(42);
    for (int round = 0; round < 20000; ++round) {
        const std::string stream = random_stream(random, 1 + random() % 60);
        const sse::parser_options options = random_options(random);
        const reading expected = read_by_reference(stream, options);
        for (const sse::block_scanner scan : all_scanners()) {
            const std::size_t largest = 1 + random() % (stream.size() + 1);
            const auto pieces = random_pieces(stream, largest, random);
            sse::parser pulled(options, scan);
            ASSERT_EQ(pull(pulled, pieces, random() % 2 == 0 ? 0 : random() % 50), expected)
                << "round " << round;
            sse::parser pushed(options, scan);
            ASSERT_EQ(push(pushed, pieces), expected) << "round " << round;
        }
    }
}

TEST(SseDifferential, OneParserForManyStreams) {
    std::mt19937_64 random(43);
    sse::parser parser(all_reported());
    for (int round = 0; round < 3000; ++round) {
        const std::string stream = random_stream(random, 1 + random() % 200);
        ASSERT_EQ(pull(parser, random_pieces(stream, 1 + random() % 500, random), random() % 20),
                  read_by_reference(stream, all_reported()))
            << "round " << round;
        parser.reset();
    }
}

}  // namespace
