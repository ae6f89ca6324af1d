// The marks of quotes, for every processor, are those that a plain loop finds.

#include <conclave/json/detail/quote_index.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace detail = conclave::json::detail;

std::vector<detail::quote_mark> mark_by_loop(std::string_view text) {
    std::vector<detail::quote_mark> out;
    detail::quote_mark flag = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == '"') {
            out.push_back(static_cast<detail::quote_mark>(i) | flag);
            flag = 0;
        } else if (byte < 0x20 || byte >= 0x80) {
            flag = detail::difficult;
        } else if (byte == '\\') {
            flag = detail::difficult;
            ++i;
        }
    }
    return out;
}

std::vector<detail::quote_marker> all_markers() {
    std::vector<detail::quote_marker> all{detail::mark_quotes<detail::portable_marks>};
#if defined(__x86_64__)
    if (detail::has_avx2()) all.push_back(detail::mark_quotes_avx2);
    if (detail::has_avx512()) all.push_back(detail::mark_quotes_avx512);
#endif
    return all;
}

void expect_marks(std::string_view text) {
    // no more behind the text than may be read, for the address sanitizer to see, all of it quotes
    const std::unique_ptr<char[]> bytes(new char[text.size() + 64]);
    std::memcpy(bytes.get(), text.data(), text.size());
    std::memset(bytes.get() + text.size(), '"', 64);
    const std::vector<detail::quote_mark> expected = mark_by_loop(text);
    for (const detail::quote_marker marker : all_markers()) {
        detail::quote_index index(marker);
        const detail::quote_mark* const found = index.mark({bytes.get(), text.size()});
        const detail::quote_mark* const end = found + expected.size();
        ASSERT_EQ(std::vector<detail::quote_mark>(found, end), expected) << text;
        ASSERT_EQ(std::vector<detail::quote_mark>(end, end + 4),
                  std::vector<detail::quote_mark>(4, static_cast<detail::quote_mark>(text.size())));
    }
}

TEST(QuoteIndex, EveryByteAtEveryPlace) {
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < 130; ++place) {
            std::string text(130, 'x');
            text[129] = '"';
            text[place] = static_cast<char>(byte);
            expect_marks(text);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(QuoteIndex, RowsOfBackslashesAcrossBlocks) {
    for (std::size_t begin = 50; begin < 70; ++begin) {
        for (std::size_t size = 0; size < 80; ++size) {
            std::string text(begin, '"');
            text.append(size, '\\').append("\"x\"\\\"\"");
            expect_marks(text);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(QuoteIndex, AnyText) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 20'000; ++round) {
        constexpr std::string_view bytes = "\"\"\"\\xxxxxxxxxx \n\xC3";
        std::string text(random() % 300, ' ');
        const std::size_t kinds = round % 3 == 0 ? bytes.size() : 14;
        for (char& byte : text)
            byte = bytes[random() % kinds];
        expect_marks(text);
        if (HasFatalFailure()) return;
    }
}

}  // namespace
