#include <conclave/json/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>

namespace {

namespace json = conclave::json;
using conclave::errc;

// A text with exactly as much behind it as the reader may touch, so that the address sanitizer
// sees one byte more; what is there is `filler`, which must not matter.
class padded {
public:
    explicit padded(std::string_view text, char filler = ' ')
        : size_(text.size()), bytes_(new char[text.size() + json::field_reader::padding]) {
        std::memcpy(bytes_.get(), text.data(), text.size());
        std::memset(bytes_.get() + text.size(), filler, json::field_reader::padding);
    }
    std::string_view text() const { return {bytes_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

constexpr std::string_view fillers = " }],{[\":0tn\\\n\xff";

const auto ignore = [](std::string_view, json::value&) {};

// Reads everything there is, however deep, so that nothing is skipped.
void read_all(json::field_reader& fields, json::value& value, int depth, std::string& out) {
    if (depth == 0) return;
    switch (fields.kind_of(value)) {
        case json::kind::object:
            out += '{';
            fields.each_member(value, [&](std::string_view key, json::value& member) {
                out.append(key).append(":");
                read_all(fields, member, depth - 1, out);
            });
            out += '}';
            break;
        case json::kind::array:
            out += '[';
            fields.each_element(
                value, [&](json::value& element) { read_all(fields, element, depth - 1, out); });
            out += ']';
            break;
        case json::kind::string: out += fields.string(value).value_or("?"); break;
        case json::kind::number: {
            const auto number = fields.number(value);
            out += number ? std::to_string(*number) : "no number";
            break;
        }
        default: out += fields.truthy(value) ? 't' : 'f';
    }
    out += ' ';
}

TEST(FieldReader, VisitsMembersInTheirOrder) {
    const padded input(R"( {"b": 1, "a" : [2, {"c": "x"}], "": null} )");
    json::field_reader fields;
    std::vector<std::string> keys;
    EXPECT_FALSE(fields.read(input.text(),
                             [&](std::string_view key, json::value&) { keys.emplace_back(key); }));
    EXPECT_EQ(keys, (std::vector<std::string>{"b", "a", ""}));
}

TEST(FieldReader, HandsOutStringsInPlaceUnlessTheyHaveEscapes) {
    const padded input(R"({"plain":"Zoë" , "escaped":"a\n\u00e9", "empty":""})");
    json::field_reader fields;
    std::vector<std::string_view> found;
    ASSERT_FALSE(fields.read(input.text(), [&](std::string_view, json::value& value) {
        found.push_back(*fields.string(value));
    }));
    ASSERT_EQ(found, (std::vector<std::string_view>{"Zoë", "a\né", ""}));
    const auto inside = [&](std::string_view view) {
        return view.data() >= input.text().data() &&
               view.data() <= input.text().data() + input.text().size();
    };
    EXPECT_TRUE(inside(found[0]));
    EXPECT_FALSE(inside(found[1]));
    EXPECT_TRUE(inside(found[2]));
}

TEST(FieldReader, KeepsEveryUnescapedStringOfATextValid) {
    std::string text = "{";
    for (int i = 0; i < 500; ++i) {
        text += (i ? ",\"k\":\"" : "\"k\":\"") + std::string(static_cast<std::size_t>(i), 'x') +
                "\\n\"";
    }
    text += '}';
    const padded input(text);
    json::field_reader fields;
    std::vector<std::string_view> found;
    ASSERT_FALSE(fields.read(input.text(), [&](std::string_view, json::value& value) {
        found.push_back(*fields.string(value));
    }));
    ASSERT_EQ(found.size(), 500U);
    for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i], std::string(i, 'x') + '\n');
    }
}

TEST(FieldReader, ReadsNumbersAndRefusesWhatTheyCannotBe) {
    const padded input(
        R"({"a":5,"b":5.0,"c":-7,"d":5.5,"e":1e400,"f":-1e400,"g":9223372036854775808,)"
        R"("h":"5","i":null,"j":1e3,"k":9223372036854775807})");
    json::field_reader fields;
    std::vector<std::optional<std::int64_t>> found;
    ASSERT_FALSE(fields.read(input.text(), [&](std::string_view, json::value& value) {
        found.push_back(fields.integer(value));
    }));
    EXPECT_EQ(found, (std::vector<std::optional<std::int64_t>>{
                         5, 5, -7, {}, {}, {}, {}, {}, {}, 1000, INT64_MAX}));
}

TEST(FieldReader, KnowsTruthAsJavaScriptDoes) {
    const padded input(R"({"a":null,"b":false,"c":0,"d":"","e":0.0,"f":true,"g":1,"h":" ","i":{},)"
                       R"("j":[],"k":"0","l":1e400})");
    json::field_reader fields;
    std::string truths;
    ASSERT_FALSE(fields.read(input.text(), [&](std::string_view key, json::value& value) {
        if (fields.truthy(value)) truths += key;
    }));
    EXPECT_EQ(truths, "fghijkl");
}

TEST(FieldReader, ReportsWhatIsNotOneObject) {
    json::field_reader fields;
    for (const std::string_view text : {"",
                                        " ",
                                        "[]",
                                        "1",
                                        "\"a\"",
                                        "null",
                                        "{",
                                        "}",
                                        "{}}",
                                        "{}{}",
                                        "{} x",
                                        "{\"a\":1} }",
                                        "{\"a\"}",
                                        "{\"a\":1",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{\"a\":\"b}",
                                        "{\"a\":\"b\"c\"}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":[1,2}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":\"\n\"}",
                                        "[DONE]",
                                        "<html>"}) {
        for (const char filler : fillers) {
            const padded input(text, filler);
            std::string seen;
            EXPECT_EQ(fields.read(input.text(),
                                  [&](std::string_view, json::value& value) {
                                      read_all(fields, value, 100, seen);
                                  }),
                      errc::malformed_json)
                << text << " before " << filler;
        }
    }
}

TEST(FieldReader, ReportsBadEscapesInStringsThatAreLookedAt) {
    json::field_reader fields;
    const padded input(R"({"a":"\x"})");
    EXPECT_EQ(fields.read(input.text(),
                          [&](std::string_view, json::value& value) { fields.string(value); }),
              errc::malformed_json);
}

TEST(FieldReader, TakesHalfASurrogatePair) {
    json::field_reader fields;
    const padded input(R"({"a":"x\ud83e"})");
    std::string found;
    EXPECT_FALSE(fields.read(input.text(), [&](std::string_view, json::value& value) {
        found = *fields.string(value);
    }));
    EXPECT_EQ(found, "x\xEF\xBF\xBD");
}

TEST(FieldReader, SurvivesAnyNesting) {
    json::field_reader fields;
    for (const std::size_t depth : {std::size_t{4096}, std::size_t{200'000}}) {
        const std::string nested =
            R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"b":"x"})";
        const padded input(nested);
        std::string last;
        EXPECT_FALSE(fields.read(input.text(), [&](std::string_view key, json::value& value) {
            if (key == "b") last = *fields.string(value);
        }));
        EXPECT_EQ(last, "x");
        const padded open(R"({"a":)" + std::string(depth, '[') + "}");
        EXPECT_EQ(fields.read(open.text(), ignore), errc::malformed_json);
    }
}

// Whatever is cut or changed in a text, and whatever lies behind it: the same verdict, and no byte
// read beyond the padding.
TEST(FieldReader, IsNotFooledByWhatLiesBehindTheText) {
    const std::string text = R"({"a":[{"b":"c\n"},{"d":[1,2.5,"e"]}],"f":{"g":{}},"h":-12})";
    json::field_reader fields;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        for (const char last : std::string_view("}],\":\0 1", 8)) {
            std::string changed = text.substr(0, cut);
            if (cut < text.size()) changed += last;
            std::optional<std::pair<bool, std::string>> first;
            for (const char filler : fillers) {
                const padded input(changed, filler);
                std::string seen;
                const bool failed = static_cast<bool>(
                    fields.read(input.text(), [&](std::string_view key, json::value& value) {
                        seen += key;
                        read_all(fields, value, 100, seen);
                    }));
                if (!first) first.emplace(failed, seen);
                ASSERT_EQ(failed, first->first) << changed << " before " << filler;
                if (!failed) {
                    ASSERT_EQ(seen, first->second) << changed << " before " << filler;
                    json::document document;
                    ASSERT_FALSE(json::document::parse(changed, document)) << changed;
                }
            }
        }
    }
}

// All strings that are there, as views.
void collect(json::field_reader& fields, json::value& value,
             std::vector<std::string_view>& strings) {
    if (const auto text = fields.string(value)) {
        strings.push_back(*text);
    } else if (!fields.each_member(value, [&](std::string_view key, json::value& member) {
                   strings.push_back(key);
                   collect(fields, member, strings);
               })) {
        fields.each_element(value,
                            [&](json::value& element) { collect(fields, element, strings); });
    }
}

// Any change to a text, with the whole text behind it, as in a buffer that holds what came before:
// it is judged as the reader of whole documents judges it, and no view leaves it.
TEST(FieldReader, JudgesChangedTextsAsTheReaderOfDocumentsDoes) {
    const std::string whole =
        R"({"type":"delta", "list":[1,-2.5e3,{"a":"b\n"},[],{}],"text":"\"é\u00e9 日本",)"
        R"( "null" : null,"true":true,"false":[false] ,"":"a longer text than a word has bytes"})";
    std::mt19937_64 random(9);
    json::field_reader fields;
    int accepted = 0;
    for (int round = 0; round < 40'000; ++round) {
        std::string text = whole;
        for (std::size_t changes = random() % 3; changes > 0; --changes) {
            const std::size_t place = random() % text.size();
            constexpr std::string_view bytes = "\"\\{}[]:,0- tfn\n\xC3\x01";
            switch (random() % 3) {
                case 0: text[place] = bytes[random() % bytes.size()]; break;
                case 1: text.erase(place, 1 + random() % 5); break;
                default: text.insert(place, 1, bytes[random() % bytes.size()]);
            }
        }
        const std::size_t size = text.size();
        text += whole.substr(random() % whole.size());
        text.append(json::field_reader::padding, '"');
        const std::string_view input = std::string_view(text).substr(0, size);
        std::vector<std::string_view> strings;
        const bool failed = static_cast<bool>(fields.read(
            input, [&](std::string_view, json::value& value) { collect(fields, value, strings); }));
        ASSERT_EQ(failed, !json::is_object_text(input)) << input;
        accepted += failed ? 0 : 1;
        for (const std::string_view string : strings) {
            ASSERT_LE(string.size(), input.size()) << input;
            if (string.data() < text.data() || string.data() > text.data() + text.size()) continue;
            ASSERT_LE(string.data() + string.size(), input.data() + input.size()) << input;
        }
    }
    EXPECT_GT(accepted, 10'000);
}

TEST(FieldReader, StopsWhereItIsTold) {
    const padded input(R"({"a":{"b":1,"c":2},"d":nonsense})");
    json::field_reader fields;
    std::string seen;
    EXPECT_FALSE(fields.read(input.text(), [&](std::string_view key, json::value& value) {
        seen += key;
        fields.each_member(value, [&](std::string_view name, json::value& member) {
            seen += name;
            if (name == "b") fields.stop(member);
        });
    }));
    EXPECT_EQ(seen, "ab");
}

TEST(FieldReader, ReadsTextsOfAnySizeOneAfterAnother) {
    json::field_reader fields;
    for (const std::size_t size :
         {std::size_t{10}, std::size_t{3'000'000}, std::size_t{0}, std::size_t{70'000}}) {
        const std::string filling(size, 'x');
        const padded input(R"({"a":")" + filling + R"(","b":")" + filling + R"(\t"})");
        std::string found;
        ASSERT_FALSE(fields.read(input.text(), [&](std::string_view, json::value& value) {
            found += *fields.string(value);
        }));
        EXPECT_EQ(found, filling + filling + '\t');
    }
}

TEST(FieldReader, GivesAnyValueAsItIsSpelled) {
    std::string text = R"({"a": {"b": [1, "}\u00e9"]} , "c":1.50,"d":"x\n","e":null,"f": [ ]})";
    const std::size_t size = text.size();
    text.append(conclave::json::field_reader::padding, ' ');
    conclave::json::field_reader fields;
    std::vector<std::string> seen;
    const auto read = [&](std::string_view of) {
        seen.clear();
        return fields.read(of, [&](conclave::json::key, conclave::json::value& value) {
            seen.emplace_back(fields.raw(value));
        });
    };
    EXPECT_FALSE(read(std::string_view(text).substr(0, size)));
    EXPECT_EQ(seen, (std::vector<std::string>{R"({"b": [1, "}\u00e9"]})", "1.50", R"("x\n")",
                                              "null", "[ ]"}));
    std::string broken = R"({"a":{"b":[1,2}})";
    broken.append(conclave::json::field_reader::padding, ' ');
    EXPECT_TRUE(read(std::string_view(broken).substr(0, 16)));
    EXPECT_EQ(seen, std::vector<std::string>{""});
}

}  // namespace
