#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_reader.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_words.hpp>
#include <conclave/json/schema_options.hpp>

namespace conclave::json::detail {

// What a schema is written in, found out by its `$schema`.
class dialect_finder {
public:
    explicit dialect_finder(const schema_options& options) : options_(options) {}

    // What is without `$schema`.
    dialect without_schema() const { return dialect_of(options_.default_draft); }

    // Nothing if `uri` names no dialect that is known here; `complaint` says why then, in words
    // that follow the schema's place.
    std::optional<dialect> find(std::string_view uri, std::string& complaint) {
        if (uri.ends_with('#')) uri.remove_suffix(1);
        if (uri == "https://json-schema.org/draft/2020-12/schema")
            return dialect_of(schema_draft::draft_2020_12);
        if (uri == "http://json-schema.org/draft-07/schema" ||
            uri == "https://json-schema.org/draft-07/schema")
            return dialect_of(schema_draft::draft_7);
        const std::string name(uri);
        if (const auto read = known_.find(name); read != known_.end()) return read->second;
        const auto text = options_.documents.find(name);
        if (text == options_.documents.end()) {
            complaint = "is written in " + in_quotes(uri) +
                        ", which is neither draft 2020-12 nor draft 7 and was not handed over";
            return std::nullopt;
        }
        const auto found = read_metaschema(text->second);
        if (!found) {
            complaint = "is written in " + in_quotes(uri) +
                        ", which is no metaschema or needs a vocabulary that is not known";
            return std::nullopt;
        }
        known_.emplace(name, *found);
        return found;
    }

private:
    dialect dialect_of(schema_draft draft) const {
        dialect made;
        made.draft = draft;
        made.asserts_formats = options_.assert_formats;
        made.asserts_content = options_.assert_content;
        return made;
    }

    std::optional<dialect> read_metaschema(std::string_view text) const {
        json_reader reader;
        const bool is_json = reader.read(text, options_.max_depth) == nullptr;
        const json_node* const all = reader.nodes();
        if (!is_json || all->type != json_type::object) return std::nullopt;
        dialect found = dialect_of(schema_draft::draft_2020_12);
        const bool known = each_member(all, 0, [&](std::uint32_t name, std::uint32_t value) {
            if (all[name].view() == "$schema" &&
                all[value].view().find("draft-07") != std::string_view::npos)
                found.draft = schema_draft::draft_7;
            return all[name].view() != "$vocabulary" || all[value].type != json_type::object ||
                   read_vocabularies(all, value, found);
        });
        if (!known) return std::nullopt;
        return found;
    }

    // False if one is needed that is not known.
    static bool read_vocabularies(const json_node* all, std::uint32_t object, dialect& found) {
        found.has_applicators = found.has_unevaluated = found.has_validation = false;
        return each_member(all, object, [&](std::uint32_t name, std::uint32_t needed) {
            constexpr std::string_view known = "https://json-schema.org/draft/2020-12/vocab/";
            const std::string_view uri = all[name].view();
            const std::string_view part = uri.starts_with(known) ? uri.substr(known.size()) : "";
            if (part == "applicator") found.has_applicators = true;
            if (part == "unevaluated") found.has_unevaluated = true;
            if (part == "validation") found.has_validation = true;
            if (part == "format-assertion") found.asserts_formats = true;
            return is_vocabulary(part) || !all[needed].truth;
        });
    }

    static bool is_vocabulary(std::string_view part) noexcept {
        for (const std::string_view known :
             {"core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation",
              "format-assertion", "content"}) {
            if (part == known) return true;
        }
        return false;
    }

    const schema_options& options_;
    std::unordered_map<std::string, dialect, seeded_hash> known_;
};

}  // namespace conclave::json::detail
