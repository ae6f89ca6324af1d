#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/json/detail/grammar.hpp>
#include <conclave/json/document.hpp>
#include <conclave/wire/detail/schema_references.hpp>

namespace conclave::wire::detail {

// Takes the nulls out of an answer that stand there only because strict mode leaves nothing out: a
// member is dropped if it is null, its schema does not allow null, and it may be left out. What
// remains is kept as spelled, without white space between.
class null_remover {
public:
    explicit null_remover(const simdjson::dom::object& root) : root_(root), references_(root) {}

    // `answer` has to be JSON. Nothing if there is nothing to be taken out, or too much to be
    // looked at.
    std::optional<std::string> without_nulls(std::string_view answer) {
        rest_ = answer;
        schemas all;
        add(root_, all, 0);
        write_value(all, 0);
        if (removed_ == 0 || lookups_ > most_lookups) return std::nullopt;
        return std::move(out_);
    }

private:
    // The schemas that a value may have to fit: those of each branch that could be the right one.
    using schemas = std::vector<simdjson::dom::object>;

    static constexpr int deepest = 64;
    static constexpr std::size_t most_schemas = 64;
    static constexpr std::size_t most_lookups = 10'000'000;

    void add(const simdjson::dom::element& schema, schemas& to, int depth) {
        if (const auto object = json::object_of(schema)) add(*object, to, depth);
    }
    void add(const simdjson::dom::object& schema, schemas& to, int depth) {
        if (to.size() == most_schemas || depth > deepest) return;
        to.push_back(schema);
        if (const auto reference = json::string_at(schema, "$ref")) {
            if (const auto target = references_.target(*reference)) add(*target, to, depth + 1);
        }
        for (const std::string_view word : {"anyOf", "oneOf", "allOf"}) {
            const auto list = json::array_at(schema, word);
            if (!list) continue;
            for (const simdjson::dom::element each : *list)
                add(each, to, depth + 1);
        }
    }

    bool allows_null(const simdjson::dom::element& schema, int depth) const {
        if (const auto object = json::object_of(schema)) return allows_null(*object, depth);
        return json::boolean_of(schema).value_or(true);
    }
    bool allows_null(const simdjson::dom::object& schema, int depth) const {
        if (depth > deepest) return true;
        const auto allows = [&](const auto& each) { return allows_null(each, depth + 1); };
        const auto is_null = [](const auto& each) { return each.is_null(); };
        if (const auto type = json::find(schema, "type"); type && !names_null(*type)) return false;
        if (const auto one = json::find(schema, "const"); one && !one->is_null()) return false;
        const auto values = json::array_at(schema, "enum");
        if (values && std::none_of(values->begin(), values->end(), is_null)) return false;
        const auto reference = json::string_at(schema, "$ref");
        const auto target = reference ? references_.target(*reference) : std::nullopt;
        if (target && !allows_null(*target, depth + 1)) return false;
        for (const std::string_view word : {"anyOf", "oneOf"}) {
            const auto list = json::array_at(schema, word);
            if (list && std::none_of(list->begin(), list->end(), allows)) return false;
        }
        const auto all = json::array_at(schema, "allOf");
        return !all || std::all_of(all->begin(), all->end(), allows);
    }
    static bool names_null(const simdjson::dom::element& type) {
        const auto is_null = [](const auto& each) { return json::string_of(each) == "null"; };
        const auto list = json::array_of(type);
        return list ? std::any_of(list->begin(), list->end(), is_null) : is_null(type);
    }

    void write_value(const schemas& allowed, int depth) {
        skip_space();
        const char first = rest_.front();
        if (depth > deepest || (first != '{' && first != '[')) {
            out_ += take_value();
        } else if (first == '{') {
            write_object(allowed, depth);
        } else {
            write_array(allowed, depth);
        }
        skip_space();
    }

    void write_object(const schemas& allowed, int depth) {
        bool is_first = true;
        for (skip(), skip_space(); rest_.front() != '}'; skip_space()) {
            const std::string_view key = take_value();
            skip_space();
            skip();
            skip_space();
            schemas inner;
            const bool is_droppable = look_up(allowed, name_of(key), inner);
            if (is_droppable && rest_.starts_with("null")) {
                take_value();
                ++removed_;
            } else {
                out_.append(is_first ? "{" : ",").append(key).append(":");
                is_first = false;
                write_value(inner, depth + 1);
            }
            skip_space();
            if (rest_.front() == ',') skip();
        }
        out_ += is_first ? "{}" : "}";
        skip();
    }

    void write_array(const schemas& allowed, int depth) {
        schemas inner;
        for (const auto& each : allowed) {
            if (const auto items = json::find(each, "items")) add(*items, inner, 0);
            if (const auto first = json::array_at(each, "prefixItems")) {
                for (const simdjson::dom::element schema : *first)
                    add(schema, inner, 0);
            }
        }
        out_ += '[';
        for (skip(), skip_space(); rest_.front() != ']';) {
            write_value(inner, depth + 1);
            if (rest_.front() != ',') continue;
            skip();
            out_ += ',';
        }
        out_ += ']';
        skip();
    }

    // The schemas of a member. Returns whether it is to be left out rather than null.
    bool look_up(const schemas& allowed, std::string_view name, schemas& inner) {
        bool may_be_left_out = false;
        bool may_be_null = false;
        for (const auto& each : allowed) {
            const auto properties = json::object_at(each, "properties");
            if (!properties) continue;
            lookups_ += properties->size() + 1;
            if (lookups_ > most_lookups) return false;
            const auto schema = json::find(*properties, name);
            if (!schema) continue;
            add(*schema, inner, 0);
            may_be_null |= allows_null(*schema, 0);
            may_be_left_out |= !is_required(each, name);
        }
        return may_be_left_out && !may_be_null;
    }
    bool is_required(const simdjson::dom::object& schema, std::string_view name) {
        const auto names = json::array_at(schema, "required");
        if (!names) return false;
        lookups_ += names->size();
        return std::any_of(names->begin(), names->end(),
                           [&](const auto& each) { return json::string_of(each) == name; });
    }

    std::string name_of(std::string_view key) const {
        const std::string_view plain = key.substr(1, key.size() - 2);
        if (plain.find('\\') == plain.npos) return std::string(plain);
        json::document parsed;
        if (json::document::parse(key, parsed)) return {};
        return std::string(json::string_of(parsed.root()).value_or(""));
    }

    void skip_space() noexcept {
        while (!rest_.empty() && json::detail::is_space(rest_.front()))
            rest_.remove_prefix(1);
    }
    void skip() noexcept { rest_.remove_prefix(1); }

    // A value as it is spelled, off the rest.
    std::string_view take_value() noexcept {
        std::size_t size = 0;
        int depth = 0;
        do {
            const char c = rest_[size];
            if (c == '"') {
                for (++size; rest_[size] != '"'; ++size)
                    size += rest_[size] == '\\' ? 1 : 0;
                ++size;
            } else if (c == '{' || c == '[') {
                ++depth;
                ++size;
            } else if (c == '}' || c == ']') {
                --depth;
                ++size;
            } else {
                size = std::max(size + 1, end_of_word(size));
            }
        } while (depth > 0);
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }
    std::size_t end_of_word(std::size_t from) const noexcept {
        return std::min(rest_.find_first_of(" \t\r\n,:[]{}\"", from), rest_.size());
    }

    simdjson::dom::object root_;
    schema_references references_;
    std::string_view rest_;
    std::string out_;
    std::size_t removed_ = 0;
    std::size_t lookups_ = 0;
};

// The answer, which has to be JSON, without such nulls; nothing if it has none of them.
inline std::optional<std::string> without_added_nulls(std::string_view answer,
                                                      const simdjson::dom::object& schema) {
    if (answer.find("null") == answer.npos) return std::nullopt;
    return null_remover(schema).without_nulls(answer);
}

}  // namespace conclave::wire::detail
