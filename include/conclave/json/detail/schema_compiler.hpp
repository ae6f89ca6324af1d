#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include <conclave/json/detail/schema_applicators.hpp>
#include <conclave/json/detail/schema_assertions.hpp>
#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_keyword_values.hpp>
#include <conclave/json/detail/schema_program.hpp>
#include <conclave/json/detail/schema_program_builder.hpp>
#include <conclave/json/detail/schema_value.hpp>
#include <conclave/json/detail/schema_worklist.hpp>
#include <conclave/json/schema_options.hpp>

namespace conclave::json::detail {

// Turns the schemas of documents into a program.
class schema_compiler {
public:
    static std::shared_ptr<const schema_program> compile(std::string_view text,
                                                         const schema_options& options) {
        auto program = std::make_shared<schema_program>();
        program->limits = {options.max_depth, options.max_evaluation_depth,
                           options.max_steps_per_value, options.max_errors};
        schema_compiler(*program, options).run(text);
        return program;
    }

private:
    schema_compiler(schema_program& program, const schema_options& options)
        : program_(program),
          documents_(program, options),
          builder_(program, options.max_patterns),
          worklist_(program, documents_) {}

    void run(std::string_view text) {
        const schema_place root = documents_.add({}, text);
        worklist_.node_of(root);
        compile_waiting();
        compile_unused(root.document);
        add_dynamic_anchors();
        worklist_.refuse_endless();
        for (const schema_resource& each : documents_.resources())
            program_.resources.push_back({each.uri, each.root.value});
    }

    void compile_waiting() {
        std::uint32_t node = 0;
        schema_place place{};
        while (worklist_.next(node, place))
            compile_schema(node, place);
    }

    // What nothing leads to has to be right as well.
    void compile_unused(std::uint32_t document) {
        const std::size_t size = program_.documents[document]->reader.size();
        for (std::uint32_t at = 0; at < size; ++at) {
            if (documents_.is_schema({document, at})) worklist_.node_of({document, at});
        }
        compile_waiting();
    }

    void compile_schema(std::uint32_t index, schema_place place) {
        const std::uint32_t resource = documents_.resource_of(place);
        const auto first = static_cast<std::uint32_t>(program_.code.size());
        const json_node& value = documents_.node(place);
        std::uint8_t types = json_type::any;
        std::uint8_t unevaluated = 0;
        std::size_t checks_end = first;
        if (value.type == json_type::boolean) {
            types = value.truth ? json_type::any : std::uint8_t{0};
        } else if (value.type == json_type::object) {
            const schema_keyword_values keywords(documents_, place,
                                                 documents_.resource(resource).written_in);
            types = assertion_compiler(program_, documents_, builder_, keywords).compile();
            checks_end = program_.code.size();
            unevaluated =
                applicator_compiler(program_, documents_, builder_, worklist_, resource, keywords)
                    .compile();
        } else {
            documents_.refuse(place, "must be a schema: an object, true or false");
        }
        schema_node& node = program_.nodes[index];
        node.first = first;
        node.last = static_cast<std::uint32_t>(program_.code.size());
        node.resource = resource;
        node.types = types;
        node.unevaluated = unevaluated;
        node.is_leaf = node.last == checks_end;
    }

    // Those that a `$dynamicRef` may lead to.
    void add_dynamic_anchors() {
        if (!worklist_.has_anchor_numbers()) return;
        // those that are compiled for it may bring more documents and anchors with them
        for (std::size_t i = 0; i < documents_.dynamic_anchors().size(); ++i) {
            const auto [name, place] = documents_.dynamic_anchors()[i];
            program_.dynamic_anchors.push_back({worklist_.anchor_number(name),
                                                documents_.resource_of(place),
                                                worklist_.node_of(place)});
            compile_waiting();
        }
        std::sort(program_.dynamic_anchors.begin(), program_.dynamic_anchors.end());
    }

    schema_program& program_;
    schema_documents documents_;
    schema_program_builder builder_;
    schema_worklist worklist_;
};

}  // namespace conclave::json::detail
