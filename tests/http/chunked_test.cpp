#include <conclave/http/chunked.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Chunked, WritesSizesInHexadecimal) {
    std::string out;
    conclave::http::append_chunk(out, "hello");
    conclave::http::append_chunk(out, std::string(26, 'x'));
    conclave::http::append_last_chunk(out);
    EXPECT_EQ(out, "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
}

TEST(Chunked, EmptyDataDoesNotEndTheBody) {
    std::string out;
    conclave::http::append_chunk(out, "");
    EXPECT_EQ(out, "");
}

}  // namespace
