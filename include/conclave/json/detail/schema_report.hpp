#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_keywords.hpp>
#include <conclave/json/detail/schema_pointer.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_words.hpp>
#include <conclave/json/schema_error.hpp>

namespace conclave::json::detail {

// A schema at work: how it was come to from the outermost one.
struct schema_frame {
    const schema_frame* outer;
    std::uint32_t schema;
    // `reference` or `dynamic_reference`; anything else for a schema inside the outer one.
    keyword by;
};

// Collects errors.
class schema_report {
public:
    void begin(const schema_program& program, bool first_only) {
        program_ = &program;
        first_only_ = first_only;
        errors_.clear();
    }

    bool is_full() const noexcept {
        return errors_.size() >= (first_only_ ? std::size_t{1} : program_->limits.max_errors);
    }
    bool first_only() const noexcept { return first_only_; }
    std::vector<schema_error>& errors() noexcept { return errors_; }

    // `complaint` follows the value's place. Without `which` it is the schema itself that refuses.
    void add(const schema_frame& frame, keyword which, const json_node* nodes, std::uint32_t at,
             const std::string& complaint) {
        schema_error made;
        append_path(made.instance_location, nodes, 0, at);
        append_frames(made.keyword_location, &frame);
        append_absolute(made.absolute_keyword_location, frame);
        if (which != keyword::count) {
            append_step(made.keyword_location, name_of(which));
            append_step(made.absolute_keyword_location, name_of(which));
        }
        made.message = subject(made.instance_location, nodes, at) + " " + complaint;
        errors_.push_back(std::move(made));
    }

    // The same for a text that cannot be judged.
    void add_whole(const std::string& complaint) {
        errors_.push_back({{}, {}, {}, "the value " + complaint});
    }

    // Of the errors from `first` on, each of another alternative, the one that went deepest into
    // the value: they are replaced by its sentence, which is returned.
    std::string take_nearest(std::size_t first) {
        const auto begin = errors_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto depth = [](const schema_error& each) {
            return std::count(each.instance_location.begin(), each.instance_location.end(), '/');
        };
        const auto nearest = std::max_element(
            begin, errors_.end(),
            [&](const schema_error& a, const schema_error& b) { return depth(a) < depth(b); });
        std::string message =
            nearest == errors_.end() ? std::string() : std::move(nearest->message);
        errors_.erase(begin, errors_.end());
        return message;
    }

private:
    // The value in words that a sentence can begin with.
    static std::string subject(const std::string& pointer, const json_node* nodes,
                               std::uint32_t at) {
        if (pointer.empty()) return "the value";
        const std::string place = in_quotes(pointer, 200);
        return is_name(nodes, at) ? "the name of " + place : place;
    }

    static bool is_name(const json_node* nodes, std::uint32_t at) {
        for (std::uint32_t from = 0; from != at;) {
            std::uint32_t below = at;
            bool found = false;
            const auto look = [&](std::uint32_t entry) {
                below = entry;
                return at >= nodes[entry].next;
            };
            if (nodes[from].type == json_type::array) {
                each_element(nodes, from, look);
            } else {
                each_member(nodes, from, [&](std::uint32_t name, std::uint32_t value) {
                    found = name == at;
                    return !found && look(value);
                });
            }
            if (found) return true;
            from = below;
        }
        return false;
    }

    void append_frames(std::string& pointer, const schema_frame* frame) const {
        if (frame->outer == nullptr) return;
        append_frames(pointer, frame->outer);
        if (frame->by == keyword::reference || frame->by == keyword::dynamic_reference) {
            append_step(pointer, name_of(frame->by));
        } else {
            const schema_node& outer = program_->nodes[frame->outer->schema];
            append_path(pointer, program_->nodes_of(outer), outer.value,
                        program_->nodes[frame->schema].value);
        }
    }

    void append_absolute(std::string& location, const schema_frame& frame) const {
        const schema_node& node = program_->nodes[frame.schema];
        const resource_root& root = program_->resources[node.resource];
        location.append(root.uri).append("#");
        append_path(location, program_->nodes_of(node), root.value, node.value);
    }

    const schema_program* program_ = nullptr;
    bool first_only_ = false;
    std::vector<schema_error> errors_;
};

}  // namespace conclave::json::detail
