#include <conclave/error.hpp>
#include <conclave/http/fields.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using conclave::errc;
using conclave::http::fields;

std::string joined(const fields& header) {
    std::string text;
    for (const auto& [name, value] : header)
        text += name + "=" + value + ";";
    return text;
}

TEST(Fields, KeepOrderAndSpelling) {
    fields header;
    EXPECT_TRUE(header.empty());
    ASSERT_FALSE(header.add("B", "1"));
    ASSERT_FALSE(header.add("a", "2"));
    ASSERT_FALSE(header.add("b", ""));
    EXPECT_EQ(joined(header), "B=1;a=2;b=;");
    EXPECT_EQ(header.size(), 3u);
    header.clear();
    EXPECT_TRUE(header.empty());
}

TEST(Fields, AreFoundWithoutRegardToCase) {
    fields header;
    ASSERT_FALSE(header.add("X-Id", "one"));
    ASSERT_FALSE(header.add("other", "two"));
    ASSERT_FALSE(header.add("x-iD", "three"));
    EXPECT_EQ(header.find("x-id"), "one");
    EXPECT_EQ(header.count("X-ID"), 2u);
    EXPECT_EQ(header.values("x-id"), (std::vector<std::string_view>{"one", "three"}));
    EXPECT_FALSE(header.find("x-i"));
    EXPECT_EQ(header.count("x-idx"), 0u);
    EXPECT_TRUE(header.values("none").empty());
}

TEST(Fields, SetReplacesAllOfTheNameInPlaceOfTheFirst) {
    fields header;
    ASSERT_FALSE(header.add("a", "1"));
    ASSERT_FALSE(header.add("K", "old"));
    ASSERT_FALSE(header.add("b", "2"));
    ASSERT_FALSE(header.add("k", "older"));
    ASSERT_FALSE(header.set("k", "new"));
    EXPECT_EQ(joined(header), "a=1;K=new;b=2;");
    ASSERT_FALSE(header.set("c", "3"));
    EXPECT_EQ(joined(header), "a=1;K=new;b=2;c=3;");
}

TEST(Fields, RefuseEveryByteThatANameMayNotHave) {
    const std::string_view allowed =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int byte = 0; byte < 256; ++byte) {
        for (const std::size_t at : {0u, 1u, 3u}) {
            std::string name = "abc";
            name.insert(at, 1, static_cast<char>(byte));
            const bool good = allowed.find(static_cast<char>(byte)) != allowed.npos;
            fields header;
            EXPECT_EQ(!header.add(name, "v"), good) << byte;
            EXPECT_EQ(header.size(), good ? 1u : 0u) << byte;
            EXPECT_EQ(!header.set(name, "w"), good) << byte;
        }
    }
    fields header;
    EXPECT_EQ(header.add("", "v"), errc::invalid_header);
}

TEST(Fields, RefuseEveryByteThatAValueMayNotHave) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool good = (byte >= 32 && byte != 127) || byte == '\t';
        for (const std::size_t at : {0u, 1u, 3u}) {
            std::string value = "abc";
            value.insert(at, 1, static_cast<char>(byte));
            fields header;
            EXPECT_EQ(!header.add("n", value), good) << byte;
            EXPECT_EQ(header.size(), good ? 1u : 0u) << byte;
        }
    }
}

TEST(Fields, SetOfABadValueChangesNothing) {
    fields header;
    ASSERT_FALSE(header.add("k", "1"));
    ASSERT_FALSE(header.add("k", "2"));
    EXPECT_EQ(header.set("k", "x\r\ny: z"), errc::invalid_header);
    EXPECT_EQ(header.set("k\n", "x"), errc::invalid_header);
    EXPECT_EQ(joined(header), "k=1;k=2;");
}

TEST(Fields, TheErrorDoesNotQuoteTheValue) {
    fields header;
    const std::error_code refused = header.add("authorization", "Bearer sk-canary-0123456789\n");
    ASSERT_EQ(refused, errc::invalid_header);
    EXPECT_EQ(refused.message().find("canary"), std::string::npos);
}

TEST(Fields, ListsAreSearchedByMember) {
    fields header;
    ASSERT_FALSE(header.add("Connection", "Keep-Alive ,\tUpgrade,,"));
    ASSERT_FALSE(header.add("connection", "close"));
    EXPECT_TRUE(header.has_token("connection", "keep-alive"));
    EXPECT_TRUE(header.has_token("CONNECTION", "upgrade"));
    EXPECT_TRUE(header.has_token("connection", "close"));
    EXPECT_FALSE(header.has_token("connection", "keep"));
    EXPECT_FALSE(header.has_token("connection", "Keep-Alive ,\tUpgrade"));
    EXPECT_FALSE(header.has_token("upgrade", "upgrade"));
}

}  // namespace
