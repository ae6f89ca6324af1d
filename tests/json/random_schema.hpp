// Schemas and instances from a seed, out of few names and values, so that both verdicts are common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::tests {

class random_schema {
public:
    random_schema(std::uint64_t seed, bool is_draft_7) : random_(seed), is_draft_7_(is_draft_7) {}

    /// A schema with two definitions, and in 2020-12 a schema resource of its own.
    std::string schema() {
        std::string text = "{";
        if (is_draft_7_) text += R"("$schema":"http://json-schema.org/draft-07/schema#",)";
        if (!is_draft_7_ && chance(2)) text += R"("$dynamicAnchor":"d",)";
        text += is_draft_7_ ? R"("definitions":{)" : R"("$defs":{)";
        for (int number : {0, 1}) {
            in_place_from_ = number + 1;
            text += (number == 0 ? "\"" : ",\"") + std::to_string(number) + "\":" + any_schema(2);
        }
        in_place_from_ = 2;
        if (!is_draft_7_) {
            is_in_resource_ = true;
            text += R"(,"r":{"$id":"r",)";
            text += chance(4) ? R"("$anchor":"d")" : R"("$dynamicAnchor":"d")";
            used_names_.emplace_back();
            if (chance(2)) append(text, "items", R"({"$dynamicRef":"#d"})");
            if (chance(2)) append(text, "additionalProperties", R"({"$dynamicRef":"#d"})");
            for (std::size_t count = below(3); count > 0; --count)
                append_keyword(text, 2);
            used_names_.pop_back();
            text += '}';
            is_in_resource_ = false;
        }
        in_place_from_ = 0;
        text += '}';
        append_keywords(text, 3);
        return text + "}";
    }

    std::string instance() { return value(3); }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool chance(std::size_t of) { return below(of) == 0; }

    template <std::size_t size>
    std::string_view one_of(const std::string_view (&choices)[size]) {
        return choices[below(size)];
    }
    std::string_view name() { return one_of({"a", "b", "c", "ab", "é"}); }
    std::string_view pattern() { return one_of({"a", "^a", "b$", "^ab$", "é", "^"}); }
    std::string_view number() {
        return one_of({"0", "1", "2", "3", "-1", "1.0", "0.5", "1.5", "0.1", "0.3", "2e0", "10",
                       "-0.0", "9007199254740992", "9007199254740993", "18446744073709551615",
                       "-9223372036854775808"});
    }
    std::string_view string() {
        return one_of({R"("")", R"("a")", R"("ab")", R"("bab")", R"("é")", R"("🦊🦊")",
                       R"("\u0061")", R"("\ud83e\udd8a")", R"("xxxxxxxxxx")"});
    }

    std::string value(int depth) {
        const std::size_t kind = below(depth > 0 ? 10 : 5);
        if (kind == 0) return std::string(one_of({"null", "true", "false"}));
        if (kind < 3) return std::string(number());
        if (kind < 5) return std::string(string());
        std::string text;
        const std::size_t count = below(4);
        if (kind < 7) {
            for (std::size_t i = 0; i < count; ++i)
                text += (i == 0 ? "" : ",") + value(depth - 1);
            return "[" + text + "]";
        }
        for (const std::string_view key : {"a", "b", "c", "ab", "é"}) {
            if (!chance(2)) continue;
            text += (text.empty() ? "\"" : ",\"") + std::string(key) + "\":" + value(depth - 1);
        }
        return "{" + text + "}";
    }

    std::string any_schema(int depth) {
        if (chance(8)) return chance(3) ? "false" : "true";
        std::string text;
        append_keywords(text, depth);
        if (text.starts_with(',')) text.erase(0, 1);
        return "{" + text + "}";
    }

    /// A schema for a part of the instance, where a reference cannot go round in a circle.
    std::string part_schema(int depth) {
        const int before = std::exchange(in_place_from_, -1);
        std::string text = any_schema(depth);
        in_place_from_ = before;
        return text;
    }

    std::string reference() {
        const int from = in_place_from_ < 0 ? 0 : in_place_from_;
        const std::string defs = is_draft_7_ ? "#/definitions/" : "#/$defs/";
        const bool is_part = in_place_from_ < 0;
        if (is_in_resource_) return is_part && chance(2) ? "#d" : "";
        if (is_part && chance(3)) return "#";
        if (!is_draft_7_ && chance(3)) return chance(2) ? "r" : "r#d";
        if (from > 1) return "";
        return defs +
               std::to_string(from + static_cast<int>(below(static_cast<std::size_t>(2 - from))));
    }

    void append_keywords(std::string& text, int depth) {
        used_names_.emplace_back();
        for (std::size_t count = 1 + below(3); count > 0; --count)
            append_keyword(text, depth);
        used_names_.pop_back();
    }

    void append(std::string& text, std::string_view keyword, const std::string& what) {
        if (!used_names_.back().insert(std::string(keyword)).second) return;
        text.append(",\"").append(keyword).append("\":").append(what);
    }

    std::string list(std::size_t least, int depth) {
        std::string text;
        for (std::size_t i = 0, count = least + below(3); i < count; ++i)
            text += (i == 0 ? "" : ",") + any_schema(depth);
        return "[" + text + "]";
    }

    template <class Make>
    std::string map(bool by_pattern, Make&& make) {
        std::set<std::string_view> keys;
        for (std::size_t count = 1 + below(2); count > 0; --count)
            keys.insert(by_pattern ? pattern() : name());
        std::string text;
        for (const std::string_view key : keys)
            text += (text.empty() ? "\"" : ",\"") + std::string(key) + "\":" + make();
        return "{" + text + "}";
    }

    std::string names() {
        std::set<std::string_view> chosen{name(), name()};
        std::string text;
        for (const std::string_view one : chosen)
            text += (text.empty() ? "\"" : ",\"") + std::string(one) + "\"";
        return "[" + text + "]";
    }

    std::string values() {
        std::string text = value(1);
        for (std::size_t count = below(4); count > 0; --count)
            text += "," + value(1);
        return "[" + text + "]";
    }

    void append_keyword(std::string& text, int depth) {
        if (depth == 0 || chance(3)) return append_plain_keyword(text);
        const auto part = [&] { return part_schema(depth - 1); };
        switch (below(is_draft_7_ ? 17 : 24)) {
            case 0: return append(text, "allOf", list(1, depth - 1));
            case 1: return append(text, "anyOf", list(1, depth - 1));
            case 2: return append(text, "oneOf", list(1, depth - 1));
            case 3: return append(text, "not", any_schema(depth - 1));
            case 4:
                append(text, "if", any_schema(depth - 1));
                if (!chance(3)) append(text, "then", any_schema(depth - 1));
                if (!chance(3)) append(text, "else", any_schema(depth - 1));
                return;
            case 5:
            case 6:
            case 7: return append(text, "properties", map(false, part));
            case 8: return append(text, "patternProperties", map(true, part));
            case 9: return append(text, "additionalProperties", part());
            case 10: return append(text, "propertyNames", part());
            case 11:
                append(text, "contains", part());
                if (!chance(3)) append(text, "minContains", std::to_string(below(3)));
                if (chance(3)) append(text, "maxContains", std::to_string(below(3)));
                return;
            case 12:
            case 13: {
                const bool in_place = used_names_.back().contains("$ref");
                const std::string to = in_place ? "" : reference();
                if (!to.empty()) append(text, "$ref", "\"" + to + "\"");
                return;
            }
            case 14: return append_items(text, depth);
            case 15:
                if (is_draft_7_) {
                    append(text, "dependencies",
                           map(false, [&] { return chance(2) ? names() : any_schema(depth - 1); }));
                } else {
                    append(text, "dependentSchemas",
                           map(false, [&] { return any_schema(depth - 1); }));
                }
                return;
            case 16: return append(text, "uniqueItems", "true");
            case 17:
            case 18:
                // with what it has to leave alone
                if (chance(2)) append(text, "properties", map(false, part));
                if (chance(3)) append(text, "patternProperties", map(true, part));
                if (chance(3)) append(text, "additionalProperties", part());
                if (chance(2)) append(text, "anyOf", list(1, depth - 1));
                return append(text, "unevaluatedProperties", chance(2) ? "false" : part());
            case 19:
            case 20:
                if (chance(2)) append_items(text, depth);
                if (chance(2)) append(text, "contains", part());
                if (chance(2)) append(text, "anyOf", list(1, depth - 1));
                return append(text, "unevaluatedItems", chance(2) ? "false" : part());
            case 21: return append(text, "dependentRequired", map(false, [&] { return names(); }));
            default:
                if (in_place_from_ < 0 && is_in_resource_) append(text, "$dynamicRef", "\"#d\"");
        }
    }

    void append_items(std::string& text, int depth) {
        if (is_draft_7_) {
            if (chance(2)) {
                const int before = std::exchange(in_place_from_, -1);
                append(text, "items", list(1, depth - 1));
                in_place_from_ = before;
            } else {
                append(text, "items", part_schema(depth - 1));
            }
            if (chance(2)) append(text, "additionalItems", part_schema(depth - 1));
            return;
        }
        if (chance(2)) {
            const int before = std::exchange(in_place_from_, -1);
            append(text, "prefixItems", list(1, depth - 1));
            in_place_from_ = before;
        }
        if (chance(2)) append(text, "items", part_schema(depth - 1));
    }

    void append_plain_keyword(std::string& text) {
        const std::string count = std::to_string(below(4));
        switch (below(18)) {
            case 0:
            case 1:
            case 2:
                return append(text, "type",
                              std::string(one_of({R"("null")", R"("boolean")", R"("integer")",
                                                  R"("number")", R"("string")", R"("array")",
                                                  R"("object")", R"(["array","object"])",
                                                  R"(["integer","string","null"])"})));
            case 3: return append(text, "enum", values());
            case 4: return append(text, "const", value(2));
            case 5:
                return append(text, "multipleOf",
                              std::string(one_of({"1", "2", "0.1", "0.5", "3", "1e0", "0.01"})));
            case 6: return append(text, "maximum", std::string(number()));
            case 7: return append(text, "minimum", std::string(number()));
            case 8: return append(text, "exclusiveMaximum", std::string(number()));
            case 9: return append(text, "exclusiveMinimum", std::string(number()));
            case 10: return append(text, "maxLength", count);
            case 11: return append(text, "minLength", count);
            case 12: return append(text, "pattern", "\"" + std::string(pattern()) + "\"");
            case 13: return append(text, "maxItems", count);
            case 14: return append(text, "minItems", count);
            case 15: return append(text, "required", names());
            case 16: return append(text, "maxProperties", count);
            default: return append(text, "minProperties", count);
        }
    }

    std::mt19937_64 random_;
    bool is_draft_7_;
    // Definitions from this number on may be referred to for the same value; -1 for a part of it,
    // when all may.
    int in_place_from_ = 0;
    bool is_in_resource_ = false;
    std::vector<std::set<std::string>> used_names_;
};

}  // namespace conclave::tests
