#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/detail/schema_dialect.hpp>
#include <conclave/json/detail/schema_entries.hpp>
#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_metaschemas.hpp>
#include <conclave/json/detail/schema_pointer.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_uri.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_words.hpp>

namespace conclave::json::detail {

// A value of a schema's document.
struct schema_place {
    std::uint32_t document;
    std::uint32_t value;

    friend bool operator==(const schema_place&, const schema_place&) = default;
};

// What an `$id` names, or a whole document.
struct schema_resource {
    std::string uri;
    schema_place root;
    dialect written_in;
};

// All documents that a schema consists of, with the names that references may use: URIs of
// resources, anchors, JSON Pointers.
class schema_documents {
public:
    schema_documents(schema_program& program, const schema_options& options)
        : program_(program), options_(options), dialects_(options) {}

    // Adds a document and all names in it.
    schema_place add(std::string uri, std::string_view text) {
        const auto index = static_cast<std::uint32_t>(documents().size());
        auto made = std::make_unique<schema_document>();
        made->uri = uri;
        made->text = text;
        size_ += text.size();
        if (size_ > options_.max_schema_size)
            throw error(errc::invalid_schema, "the schema is larger than allowed");
        const char* const failed = made->reader.read(made->text, options_.max_depth);
        made->reader.release_scratch();
        documents().push_back(std::move(made));
        const schema_place root{index, 0};
        if (failed) refuse(root, std::string("is not JSON: it ") + failed);
        resource_of_.emplace_back(documents()[index]->reader.size(), no_index);
        const std::uint32_t resource =
            add_resource(std::move(uri), root, dialects_.without_schema());
        names_of_objects(root);
        scan(root, resource);
        return root;
    }

    const schema_resource& resource(std::uint32_t index) const { return resources_[index]; }

    const std::vector<schema_resource>& resources() const { return resources_; }

    // The resource that the schema there belongs to.
    std::uint32_t resource_of(schema_place place) const {
        return resource_of_[place.document][place.value];
    }

    // Whether the value there is known to be a schema.
    bool is_schema(schema_place place) const { return resource_of(place) != no_index; }

    const json_node& node(schema_place place) const { return nodes(place)[place.value]; }
    const json_node* nodes(schema_place place) const {
        return documents()[place.document]->reader.nodes();
    }

    // The anchors that `$dynamicRef` looks for, by their name.
    const std::vector<std::pair<std::string, schema_place>>& dynamic_anchors() const {
        return dynamic_anchors_;
    }

    struct target {
        schema_place place;
        // The name by which `$dynamicRef` is to look further; empty if there is none.
        std::string dynamic_anchor;
    };

    // What the reference at `from` in that resource leads to.
    target resolve(std::uint32_t resource, schema_place from, std::string_view reference) {
        const std::string full = resolve_uri(resources_[resource].uri, reference);
        const std::size_t hash = std::min(full.find('#'), full.size());
        const std::string uri = full.substr(0, hash);
        const std::string fragment =
            percent_decoded(std::string_view(full).substr(std::min(hash + 1, full.size())));
        if (uri != resources_[resource].uri) resource = find_resource(uri, from);
        if (fragment.empty()) return {resources_[resource].root, {}};
        if (fragment.front() == '/') return {follow(resource, fragment, from), {}};
        const auto found = anchors_.find(resources_[resource].uri + "#" + fragment);
        if (found == anchors_.end())
            refuse(from, "refers to " + in_quotes(full) + ", which is not there");
        return {found->second.place, found->second.is_dynamic ? fragment : std::string()};
    }

    // Throws what says that the value there is wrong, and how in words that follow it.
    [[noreturn]] void refuse(schema_place place, const std::string& complaint) const {
        std::string pointer;
        if (place.value != 0) append_path(pointer, nodes(place), 0, place.value);
        const std::string& uri = documents()[place.document]->uri;
        std::string what = pointer.empty() ? "the schema" : "" + in_quotes(pointer) + "";
        if (place.document != 0) what += " of " + in_quotes(uri) + "";
        throw error(errc::invalid_schema, what + " " + complaint);
    }

    // The value of the object's member of that name, if it has one.
    std::optional<std::uint32_t> member(schema_place object, std::string_view name) {
        return entries_.find(object.document, nodes(object), object.value, name);
    }

private:
    // Each reference is resolved by the URI it stands under.
    static constexpr std::size_t longest_uri = 4096;

    struct anchor {
        schema_place place;
        bool is_dynamic;
    };

    std::vector<std::unique_ptr<schema_document>>& documents() { return program_.documents; }
    const std::vector<std::unique_ptr<schema_document>>& documents() const {
        return program_.documents;
    }

    // The text of a string member; nothing if there is none.
    std::optional<std::string_view> text_at(schema_place object, std::string_view name) {
        const auto at = member(object, name);
        if (!at) return std::nullopt;
        const json_node& found = nodes(object)[*at];
        if (found.type != json_type::string) refuse({object.document, *at}, "must be a string");
        return found.view();
    }

    // Refuses objects that have a name twice: readers do not agree on what they mean.
    void names_of_objects(schema_place root) {
        const json_node* const all = nodes(root);
        const std::size_t size = documents()[root.document]->reader.size();
        std::vector<std::string_view> names;
        for (std::uint32_t at = 0; at < size; ++at) {
            if (all[at].type != json_type::object) continue;
            names.clear();
            each_member(all, at, [&](std::uint32_t name, std::uint32_t) {
                names.push_back(all[name].view());
                return true;
            });
            std::sort(names.begin(), names.end());
            const auto twice = std::adjacent_find(names.begin(), names.end());
            if (twice != names.end())
                refuse({root.document, at}, "has " + in_quotes(*twice) + " twice");
        }
    }

    std::uint32_t add_resource(std::string uri, schema_place root, const dialect& written_in) {
        const auto index = static_cast<std::uint32_t>(resources_.size());
        if (!by_uri_.emplace(uri, index).second)
            refuse(root, "has the URI " + in_quotes(uri) + " of another schema");
        resources_.push_back({std::move(uri), root, written_in});
        return index;
    }

    std::uint32_t find_resource(const std::string& uri, schema_place from) {
        if (const auto found = by_uri_.find(uri); found != by_uri_.end()) return found->second;
        if (const std::string_view* const text = document_text(uri)) {
            add(uri, *text);
            return by_uri_.at(uri);
        }
        refuse(from, "refers to " + in_quotes(uri) + ", which was not handed over");
    }

    // The text that was handed over for that URI, or that of a metaschema.
    const std::string_view* document_text(const std::string& uri) {
        auto found = options_.documents.find(uri);
        if (found == options_.documents.end()) found = options_.documents.find(uri + "#");
        if (found != options_.documents.end()) {
            found_text_ = found->second;
            return &found_text_;
        }
        for (const metaschema& each : metaschemas) {
            if (each.uri == uri) return &each.text;
        }
        return nullptr;
    }

    // Finds the names in the schema there, which stands in that resource, and in those below it.
    void scan(schema_place place, std::uint32_t resource) {
        std::uint32_t& known = resource_of_[place.document][place.value];
        if (known != no_index) return;
        known = resource;
        if (node(place).type != json_type::object) return;
        const bool is_root = resources_[resource].root == place;
        resource = scan_identity(place, resource, is_root);
        resource_of_[place.document][place.value] = resource;
        const dialect written_in = resources_[resource].written_in;
        const json_node* const all = nodes(place);
        each_member(all, place.value, [&](std::uint32_t name, std::uint32_t value) {
            if (const auto found = find_keyword(written_in, all[name].view()))
                scan_keyword(*found, {place.document, value}, resource);
            return true;
        });
    }

    void scan_keyword(keyword which, schema_place value, std::uint32_t resource) {
        const json_node* const all = nodes(value);
        const std::uint8_t type = all[value.value].type;
        const auto scan_at = [&](std::uint32_t at) { scan({value.document, at}, resource); };
        switch (keyword_table[static_cast<std::size_t>(which)].shape) {
            case keyword_shape::none: break;
            case keyword_shape::schema: scan_at(value.value); break;
            case keyword_shape::items:
                if (type != json_type::array) return scan_at(value.value);
                [[fallthrough]];
            case keyword_shape::schemas:
                if (type != json_type::array) return;
                each_element(all, value.value, [&](std::uint32_t at) { return scan_at(at), true; });
                break;
            case keyword_shape::schema_map:
            case keyword_shape::dependencies:
                if (type != json_type::object) return;
                each_member(all, value.value, [&](std::uint32_t, std::uint32_t at) {
                    if (all[at].type != json_type::array) scan_at(at);
                    return true;
                });
                break;
        }
    }

    // `$schema`, `$id` and the anchors of a schema. Returns the resource that it belongs to.
    std::uint32_t scan_identity(schema_place place, std::uint32_t resource, bool is_root) {
        auto id = text_at(place, "$id");
        dialect written_in = resources_[resource].written_in;
        if (is_root || id) {
            if (const auto schema = text_at(place, "$schema"))
                written_in = find_dialect(*schema, place);
        }
        const bool refers = written_in.is_draft_7() && member(place, "$ref").has_value();
        if (is_root) resources_[resource].written_in = written_in;
        if (id && !refers) resource = scan_id(*id, place, resource, is_root, written_in);
        if (written_in.is_draft_7()) return resource;
        if (const auto name = text_at(place, "$anchor")) add_anchor(*name, place, resource, false);
        if (const auto name = text_at(place, "$dynamicAnchor")) {
            add_anchor(*name, place, resource, true);
            dynamic_anchors_.emplace_back(*name, place);
        }
        return resource;
    }

    std::uint32_t scan_id(std::string_view id, schema_place place, std::uint32_t resource,
                          bool is_root, const dialect& written_in) {
        const std::size_t hash = std::min(id.find('#'), id.size());
        const std::string_view fragment = id.substr(std::min(hash + 1, id.size()));
        if (!fragment.empty() && !written_in.is_draft_7())
            refuse(place, "has an \"$id\" with a fragment");
        if (hash > 0) {
            if (hash > longest_uri) refuse(place, "has an \"$id\" that is too long");
            std::string uri = resolve_uri(resources_[resource].uri, id.substr(0, hash));
            if (!is_root) {
                resource = add_resource(std::move(uri), place, written_in);
            } else if (uri != resources_[resource].uri) {
                if (!by_uri_.emplace(uri, resource).second)
                    refuse(place, "has the URI " + in_quotes(uri) + " of another schema");
                resources_[resource].uri = std::move(uri);
            }
        }
        if (!fragment.empty() && fragment.front() != '/')
            add_anchor(fragment, place, resource, false);
        return resource;
    }

    void add_anchor(std::string_view name, schema_place place, std::uint32_t resource,
                    bool is_dynamic) {
        const std::string key = resources_[resource].uri + "#" + std::string(name);
        const auto [at, is_new] = anchors_.try_emplace(key, anchor{place, is_dynamic});
        if (!is_new && !(at->second.place == place))
            refuse(place, "has the anchor " + in_quotes(name) + " of another schema");
        at->second.is_dynamic = at->second.is_dynamic || is_dynamic;
    }

    // Where a JSON Pointer leads to in a resource; what is there is a schema then.
    schema_place follow(std::uint32_t resource, const std::string& pointer, schema_place from) {
        schema_place at = resources_[resource].root;
        for (std::string_view rest = pointer; !rest.empty();) {
            const auto step = take_step(rest);
            const auto next = step ? member(at, *step) : std::nullopt;
            if (!next)
                refuse(from, "refers to " + in_quotes("#" + pointer) + ", which is not there");
            at.value = *next;
            if (is_schema(at)) resource = resource_of(at);
        }
        scan(at, resource);
        return at;
    }

    dialect find_dialect(std::string_view uri, schema_place from) {
        std::string complaint;
        const auto found = dialects_.find(uri, complaint);
        if (!found) refuse(from, complaint);
        return *found;
    }

    schema_program& program_;
    const schema_options& options_;
    dialect_finder dialects_;
    std::size_t size_ = 0;
    std::string_view found_text_;
    std::vector<schema_resource> resources_;
    std::vector<std::vector<std::uint32_t>> resource_of_;
    std::unordered_map<std::string, std::uint32_t, seeded_hash> by_uri_;
    std::unordered_map<std::string, anchor, seeded_hash> anchors_;
    std::vector<std::pair<std::string, schema_place>> dynamic_anchors_;
    entry_finder entries_;
};

}  // namespace conclave::json::detail
