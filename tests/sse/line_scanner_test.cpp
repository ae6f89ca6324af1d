#include <conclave/sse/line_scanner.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "read_stream.hpp"

namespace {

namespace sse = conclave::sse;

bool is_line_end(char byte) { return byte == '\n' || byte == '\r'; }

TEST(SseLineScanner, EveryByteValueAtEveryPlaceOfABlock) {
    for (const sse::block_scanner scan : conclave::testing::all_scanners()) {
        for (std::size_t place = 0; place < 64; ++place) {
            for (int value = 0; value < 256; ++value) {
                // Neighbours that differ from line ends by one bit or by a borrow.
                for (const char fill : {'\x0B', '\x0C', '\x8A', '\x00', '\n'}) {
                    std::array<char, 64> block;
                    block.fill(fill);
                    block[place] = static_cast<char>(value);
                    std::uint64_t expected = 0;
                    for (std::size_t i = 0; i < 64; ++i) {
                        expected |= std::uint64_t{is_line_end(block[i])} << i;
                    }
                    std::uint64_t marks = 0;
                    scan(block.data(), 1, &marks);
                    ASSERT_EQ(marks, expected) << place << ' ' << value << ' ' << int(fill);
                }
            }
        }
    }
}

TEST(SseLineScanner, FindsWhatALoopFindsWhateverTheGrowth) {
    std::mt19937_64 random(20240229);
    for (const sse::block_scanner scan : conclave::testing::all_scanners()) {
        for (int round = 0; round < 200; ++round) {
            // Line ends behind the received bytes must not be seen before their time.
            std::string text(1 + random() % 5000, 'x');
            for (char& byte : text) {
                if (random() % 16 == 0) byte = random() % 2 == 0 ? '\n' : '\r';
            }
            const std::size_t size = text.size();
            text.append(64, '\n');
            std::vector<std::size_t> found;
            sse::line_scanner scanner(scan);
            std::size_t end = 0;
            while (end < size) {
                end =
                    std::min<std::size_t>(size, end + 1 + random() % (round % 2 == 0 ? 40 : 3000));
                std::size_t offset;
                while (scanner.next(text.data(), end, offset))
                    found.push_back(offset);
            }
            std::vector<std::size_t> expected;
            for (std::size_t i = 0; i < size; ++i) {
                if (is_line_end(text[i])) expected.push_back(i);
            }
            ASSERT_EQ(found, expected) << round;
        }
    }
}

TEST(SseLineScanner, LineSizeIsTheDistanceToTheFirstLineEnd) {
    for (std::size_t size = 0; size < 300; ++size) {
        const std::string line(size, 'x');
        EXPECT_EQ(sse::line_size(line), size);
        EXPECT_EQ(sse::line_size(line + "\n"), size);
        EXPECT_EQ(sse::line_size(line + "\r" + std::string(70, '\n')), size);
    }
}

}  // namespace
