#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_metaschemas.hpp>
#include <conclave/json/detail/schema_pointer.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_uri.hpp>
#include <conclave/json/detail/schema_value.hpp>

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
    explicit schema_documents(schema_program& program) : program_(program) {}

    // Adds a document and all names in it.
    schema_place add(std::string uri, std::string_view text) {
        const auto index = static_cast<std::uint32_t>(documents().size());
        auto made = std::make_unique<schema_document>();
        made->uri = uri;
        made->text = text;
        size_ += text.size();
        if (size_ > options().max_schema_size)
            throw error(errc::invalid_schema, "the schema is larger than allowed");
        const char* const failed = made->reader.read(made->text, options().max_depth);
        documents().push_back(std::move(made));
        const schema_place root{index, 0};
        if (failed) refuse(root, std::string("is not JSON: it ") + failed);
        resource_of_.emplace_back(documents()[index]->reader.size(), no_index);
        dialect written_in;
        written_in.draft = options().default_draft;
        written_in.asserts_formats = options().assert_formats;
        const std::uint32_t resource = add_resource(std::move(uri), root, written_in);
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
            refuse(from, "refers to \"" + shortened(full) + "\", which is not there");
        return {found->second.place, found->second.is_dynamic ? fragment : std::string()};
    }

    // Throws what says that the value there is wrong, and how in words that follow it.
    [[noreturn]] void refuse(schema_place place, const std::string& complaint) const {
        std::string pointer;
        if (place.value != 0) append_path(pointer, nodes(place), 0, place.value);
        const std::string& uri = documents()[place.document]->uri;
        std::string what = pointer.empty() ? "the schema" : "\"" + shortened(pointer) + "\"";
        if (place.document != 0) what += " of \"" + shortened(uri) + "\"";
        throw error(errc::invalid_schema, what + " " + complaint);
    }

    // The value of the object's member of that name, or `no_index`.
    std::uint32_t member(schema_place object, std::string_view name) {
        const json_node* const all = nodes(object);
        if (all[object.value].count > few) return find_in_large(object, name);
        std::uint32_t found = no_index;
        each_member(all, object.value, [&](std::uint32_t key, std::uint32_t value) {
            if (all[key].view() == name) found = value;
            return found == no_index;
        });
        return found;
    }

    static std::string shortened(std::string_view text) {
        constexpr std::size_t most = 200;
        if (text.size() <= most) return std::string(text);
        std::size_t end = most;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        return std::string(text.substr(0, end)) + "…";
    }

private:
    struct anchor {
        schema_place place;
        bool is_dynamic;
    };

    // Objects and arrays with more entries are looked through once and for all.
    static constexpr std::uint64_t few = 16;

    const schema_options& options() const { return program_.options; }
    std::vector<std::unique_ptr<schema_document>>& documents() { return program_.documents; }
    const std::vector<std::unique_ptr<schema_document>>& documents() const {
        return program_.documents;
    }

    // The text of a string member; nothing if there is none.
    std::optional<std::string_view> text_at(schema_place object, std::string_view name) {
        const std::uint32_t at = member(object, name);
        if (at == no_index) return std::nullopt;
        const json_node& found = nodes(object)[at];
        if (found.type != json_type::string) refuse({object.document, at}, "must be a string");
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
                refuse({root.document, at}, "has \"" + shortened(*twice) + "\" twice");
        }
    }

    std::uint32_t add_resource(std::string uri, schema_place root, const dialect& written_in) {
        const auto index = static_cast<std::uint32_t>(resources_.size());
        if (!by_uri_.emplace(uri, index).second)
            refuse(root, "has the URI \"" + shortened(uri) + "\" of another schema");
        resources_.push_back({std::move(uri), root, written_in});
        return index;
    }

    std::uint32_t find_resource(const std::string& uri, schema_place from) {
        if (const auto found = by_uri_.find(uri); found != by_uri_.end()) return found->second;
        if (const std::string_view* const text = document_text(uri)) {
            add(uri, *text);
            return by_uri_.at(uri);
        }
        refuse(from, "refers to \"" + shortened(uri) + "\", which was not handed over");
    }

    // The text that was handed over for that URI, or that of a metaschema.
    const std::string_view* document_text(const std::string& uri) {
        auto found = options().documents.find(uri);
        if (found == options().documents.end()) found = options().documents.find(uri + "#");
        if (found != options().documents.end()) {
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
        const bool refers = written_in.is_draft_7() && member(place, "$ref") != no_index;
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
            std::string uri = resolve_uri(resources_[resource].uri, id.substr(0, hash));
            if (!is_root) {
                resource = add_resource(std::move(uri), place, written_in);
            } else if (uri != resources_[resource].uri) {
                if (!by_uri_.emplace(uri, resource).second)
                    refuse(place, "has the URI \"" + shortened(uri) + "\" of another schema");
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
            refuse(place, "has the anchor \"" + shortened(name) + "\" of another schema");
        at->second.is_dynamic = at->second.is_dynamic || is_dynamic;
    }

    // What `$schema` says the schema is written in.
    dialect find_dialect(std::string_view uri, schema_place from) {
        if (uri.ends_with('#')) uri.remove_suffix(1);
        dialect found;
        found.asserts_formats = options().assert_formats;
        if (uri == "https://json-schema.org/draft/2020-12/schema") return found;
        if (uri == "http://json-schema.org/draft-07/schema" ||
            uri == "https://json-schema.org/draft-07/schema") {
            found.draft = schema_draft::draft_7;
            return found;
        }
        const std::string name(uri);
        const auto handed_over = options().documents.find(name);
        if (handed_over == options().documents.end())
            refuse(from, "is written in \"" + shortened(uri) +
                             "\", which is neither draft 2020-12 nor draft 7 nor handed over");
        return read_metaschema(handed_over->second, from);
    }

    dialect read_metaschema(const std::string& text, schema_place from) {
        json_reader reader;
        const json_node* all = nullptr;
        if (!reader.read(text, options().max_depth)) all = reader.nodes();
        if (all == nullptr || all->type != json_type::object)
            refuse(from, "is written in a metaschema that is none");
        dialect found;
        found.asserts_formats = options().assert_formats;
        each_member(all, 0, [&](std::uint32_t name, std::uint32_t value) {
            if (all[name].view() == "$vocabulary" && all[value].type == json_type::object)
                read_vocabularies(all, value, from, found);
            if (all[name].view() == "$schema" && all[value].view().find("draft-07") != npos)
                found.draft = schema_draft::draft_7;
            return true;
        });
        return found;
    }

    void read_vocabularies(const json_node* all, std::uint32_t object, schema_place from,
                           dialect& found) {
        found.has_applicators = found.has_unevaluated = found.has_validation = false;
        each_member(all, object, [&](std::uint32_t name, std::uint32_t required) {
            constexpr std::string_view known = "https://json-schema.org/draft/2020-12/vocab/";
            std::string_view uri = all[name].view();
            const bool is_known = uri.starts_with(known);
            const std::string_view part = is_known ? uri.substr(known.size()) : "";
            if (part == "applicator") {
                found.has_applicators = true;
            } else if (part == "unevaluated") {
                found.has_unevaluated = true;
            } else if (part == "validation") {
                found.has_validation = true;
            } else if (part == "format-assertion") {
                found.asserts_formats = true;
            } else if (part != "core" && part != "meta-data" && part != "format-annotation" &&
                       part != "content" && all[required].truth) {
                refuse(from, "needs the unknown vocabulary \"" + shortened(uri) + "\"");
            }
            return true;
        });
    }

    // Where a JSON Pointer leads to in a resource; what is there is a schema then.
    schema_place follow(std::uint32_t resource, const std::string& pointer, schema_place from) {
        schema_place at = resources_[resource].root;
        for (std::string_view rest = pointer; !rest.empty();) {
            const auto step = take_step(rest);
            std::uint32_t next = no_index;
            if (step && node(at).type == json_type::object) {
                next = member(at, *step);
            } else if (step && node(at).type == json_type::array) {
                next = element(at, *step);
            }
            if (next == no_index)
                refuse(from, "refers to \"#" + shortened(pointer) + "\", which is not there");
            at.value = next;
            if (is_schema(at)) resource = resource_of(at);
        }
        scan(at, resource);
        return at;
    }

    std::uint32_t element(schema_place array, std::string_view step) {
        if (node(array).count > few) return find_in_large(array, step);
        return element_at(nodes(array), array.value, step).value_or(no_index);
    }

    // Of an object or array with many entries, by the name or the index in decimal.
    std::uint32_t find_in_large(schema_place parent, std::string_view step) {
        const std::uint64_t key = std::uint64_t{parent.document} << 32 | parent.value;
        auto& entries = large_[key];
        if (entries.empty()) {
            const json_node* const all = nodes(parent);
            if (all[parent.value].type == json_type::object) {
                each_member(all, parent.value, [&](std::uint32_t name, std::uint32_t value) {
                    return entries.emplace(all[name].view(), value), true;
                });
            } else {
                each_element(all, parent.value, [&](std::uint32_t at) {
                    return entries.emplace(std::to_string(entries.size()), at), true;
                });
            }
        }
        const auto found = entries.find(std::string(step));
        return found == entries.end() ? no_index : found->second;
    }

    static constexpr std::size_t npos = std::string_view::npos;

    schema_program& program_;
    std::size_t size_ = 0;
    std::string_view found_text_;
    std::vector<schema_resource> resources_;
    std::vector<std::vector<std::uint32_t>> resource_of_;
    std::unordered_map<std::string, std::uint32_t> by_uri_;
    std::unordered_map<std::string, anchor> anchors_;
    std::vector<std::pair<std::string, schema_place>> dynamic_anchors_;
    std::unordered_map<std::uint64_t, std::unordered_map<std::string, std::uint32_t>> large_;
};

}  // namespace conclave::json::detail
