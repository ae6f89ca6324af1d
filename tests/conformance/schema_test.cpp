// The test suite of JSON Schema: every case has its verdict, in each of the three ways to ask.

#include <conclave/json/schema.hpp>
#include <conclave/json/schema_validator.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <conclave/error.hpp>

namespace {

namespace json = conclave::json;

const std::filesystem::path schema_suite = CONCLAVE_SUITES "/JSON-Schema-Test-Suite";

std::string schema_suite_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// What the suite takes for fetched, by the URI it has there.
const std::map<std::string, std::string>& schema_suite_remotes() {
    static const auto remotes = [] {
        std::map<std::string, std::string> found;
        const auto root = schema_suite / "remotes";
        for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
            if (!each.is_regular_file()) continue;
            const auto name = std::filesystem::relative(each.path(), root).generic_string();
            found["http://localhost:1234/" + name] = schema_suite_file(each.path());
        }
        return found;
    }();
    return remotes;
}

// Schemas that lead to a draft that is neither of ours: they are refused by name.
const std::set<std::string_view> of_other_drafts = {
    "refs to historic drafts are processed as historic drafts",
    "refs to future drafts are processed as future drafts",
};

struct schema_suite_count {
    int judged = 0;
    int refused = 0;
};

void judge_group(simdjson::ondemand::object group, const json::schema_options& options,
                 schema_suite_count& count) {
    const std::string title(std::string_view(group["description"].get_string()));
    SCOPED_TRACE(title);
    const std::string text(std::string_view(simdjson::to_json_string(group["schema"])));
    if (of_other_drafts.contains(title)) {
        EXPECT_THROW(json::schema(text, options), conclave::error);
        ++count.refused;
        return;
    }
    json::schema_validator validator{json::schema(text, options)};
    for (simdjson::ondemand::object test : group["tests"]) {
        const std::string name(std::string_view(test["description"].get_string()));
        const std::string data(std::string_view(simdjson::to_json_string(test["data"])));
        const bool valid = test["valid"].get_bool();
        EXPECT_EQ(validator.is_valid(data), valid) << name << ": " << data;
        EXPECT_EQ(!validator.first_error(data), valid) << name << ": " << data;
        EXPECT_EQ(validator.errors(data).empty(), valid) << name << ": " << data;
        ++count.judged;
    }
}

// All files right in a folder of the suite.
schema_suite_count judge_folder(const std::string& folder, json::schema_options options) {
    options.documents = schema_suite_remotes();
    schema_suite_count count;
    for (const auto& file : std::filesystem::directory_iterator(schema_suite / "tests" / folder)) {
        if (!file.is_regular_file()) continue;
        SCOPED_TRACE(file.path().filename().string());
        const simdjson::padded_string text(schema_suite_file(file.path()));
        simdjson::ondemand::parser parser;
        simdjson::ondemand::document groups = parser.iterate(text);
        for (simdjson::ondemand::object group : groups.get_array()) {
            try {
                judge_group(group, options, count);
            } catch (const conclave::error& refused) {
                ADD_FAILURE() << refused.what();
            }
        }
    }
    return count;
}

json::schema_options draft_7() {
    json::schema_options options;
    options.default_draft = json::schema_draft::draft_7;
    return options;
}

json::schema_options with_formats(json::schema_options options) {
    options.assert_formats = true;
    return options;
}

TEST(JsonSchemaTestSuite, RequiredCasesOf202012AreJudgedAsTheyShouldBe) {
    EXPECT_EQ(judge_folder("draft2020-12", {}).judged, 1299);
}

TEST(JsonSchemaTestSuite, RequiredCasesOfDraft7AreJudgedAsTheyShouldBe) {
    EXPECT_EQ(judge_folder("draft7", draft_7()).judged, 927);
}

TEST(JsonSchemaTestSuite, OptionalCasesOf202012AreJudgedAsTheyShouldBe) {
    const schema_suite_count count = judge_folder("draft2020-12/optional", {});
    EXPECT_EQ(count.judged, 161);
    EXPECT_EQ(count.refused, 1);
}

TEST(JsonSchemaTestSuite, OptionalCasesOfDraft7AreJudgedAsTheyShouldBe) {
    json::schema_options options = draft_7();
    options.assert_content = true;
    const schema_suite_count count = judge_folder("draft7/optional", options);
    EXPECT_EQ(count.judged, 116);
    EXPECT_EQ(count.refused, 1);
}

TEST(JsonSchemaTestSuite, FormatsOf202012AreAssertedAsTheyShouldBe) {
    EXPECT_EQ(judge_folder("draft2020-12/optional/format", with_formats({})).judged, 764);
}

TEST(JsonSchemaTestSuite, FormatsOfDraft7AreAssertedAsTheyShouldBe) {
    EXPECT_EQ(judge_folder("draft7/optional/format", with_formats(draft_7())).judged, 676);
}

// The instance reader takes the texts that it should: by a schema that everything is valid by.
TEST(JsonTestSuite, IsJudgedAsItShouldBeByTheSchemaValidator) {
    json::schema_validator validator{json::schema("true")};
    int accepted = 0, refused = 0, either = 0;
    for (const auto& file :
         std::filesystem::directory_iterator(CONCLAVE_SUITES "/JSONTestSuite/test_parsing")) {
        const std::string name = file.path().filename().string();
        const bool verdict = validator.is_valid(schema_suite_file(file.path()));
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

}  // namespace
