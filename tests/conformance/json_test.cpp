// JSONTestSuite: what has to be accepted is, what has to be refused is, and the rest does no harm.

#include <conclave/json/document.hpp>
#include <conclave/json/fields.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace json = conclave::json;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool accepts(const std::string& text) {
    json::document parsed;
    return !json::document::parse(text, parsed);
}

// Looks at every value to its bottom.
void visit(json::field_reader& fields, json::value& value, int depth) {
    if (depth > 600) return;
    fields.each_member(value, [&](auto, json::value& member) { visit(fields, member, depth + 1); });
    fields.each_element(value, [&](json::value& element) { visit(fields, element, depth + 1); });
    fields.string(value);
    fields.number(value);
}

TEST(JsonTestSuite, IsJudgedAsItShouldBe) {
    int accepted = 0, refused = 0, either = 0;
    const std::filesystem::path folder = CONCLAVE_SUITES "/JSONTestSuite/test_parsing";
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        const std::string name = file.path().filename().string();
        const std::string text = content(file.path());
        const bool verdict = accepts(text);
        if (name.starts_with("y_")) {
            EXPECT_TRUE(verdict) << name;
            ++accepted;
        } else if (name.starts_with("n_")) {
            EXPECT_FALSE(verdict) << name;
            ++refused;
        } else {
            ++either;
        }
    }
    EXPECT_EQ(accepted, 95);
    EXPECT_EQ(refused, 188);
    EXPECT_EQ(either, 35);
}

// The hot path's reader takes every object that the whole reader takes, and nothing that has to be
// refused.
TEST(JsonTestSuite, IsReadByTheFieldReader) {
    json::field_reader fields;
    const std::filesystem::path root = CONCLAVE_SUITES "/JSONTestSuite";
    int objects = 0;
    for (const char* folder : {"test_parsing", "test_transform"}) {
        for (const auto& file : std::filesystem::directory_iterator(root / folder)) {
            const std::string text = content(file.path());
            const std::string name = file.path().filename().string();
            for (const std::string& wrapped : {text, "{\"a\":" + text + "}"}) {
                const std::string padded = wrapped + std::string(json::field_reader::padding, '}');
                const auto failed =
                    fields.read(std::string_view(padded).substr(0, wrapped.size()),
                                [&](auto, json::value& value) { visit(fields, value, 0); });
                if (name.starts_with("n_")) {
                    EXPECT_TRUE(failed) << file.path();
                }
                if (!json::is_object_text(wrapped)) continue;
                EXPECT_FALSE(failed) << file.path();
                ++objects;
            }
        }
    }
    EXPECT_GT(objects, 95);
}

}  // namespace
