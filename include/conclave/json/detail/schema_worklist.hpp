#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <conclave/json/detail/schema_documents.hpp>
#include <conclave/json/detail/schema_hash.hpp>
#include <conclave/json/detail/schema_program.hpp>

namespace conclave::json::detail {

// The schemas of a program: each is compiled once, when something leads to it, and waits until then
// in a list, so that no chain of references is too long.
class schema_worklist {
public:
    schema_worklist(schema_program& program, const schema_documents& documents)
        : program_(program), documents_(documents) {}

    // The next schema to be compiled, and where it stands; false if there is none.
    bool next(std::uint32_t& node, schema_place& place) {
        if (compiled_ == places_.size()) return false;
        node = compiled_++;
        place = places_[node];
        return true;
    }

    // The index of the schema there, which is compiled later if it is new.
    std::uint32_t node_of(schema_place place) {
        const std::uint64_t key = std::uint64_t{place.document} << 32 | place.value;
        const auto next = static_cast<std::uint32_t>(places_.size());
        const auto [at, is_new] = index_of_.try_emplace(key, next);
        if (is_new) {
            places_.push_back(place);
            in_place_.emplace_back();
            schema_node& node = program_.nodes.emplace_back();
            node.document = place.document;
            node.value = place.value;
        }
        return at->second;
    }

    // The same of a schema that looks at the same value as the one taken last.
    std::uint32_t in_place_node_of(schema_place place) {
        const std::uint32_t node = node_of(place);
        in_place_[compiled_ - 1].push_back(node);
        return node;
    }

    // A number for each name of an anchor that some `$dynamicRef` looks for.
    std::uint32_t anchor_number(const std::string& name) {
        const auto next = static_cast<std::uint32_t>(anchor_numbers_.size());
        return anchor_numbers_.try_emplace(name, next).first->second;
    }
    bool has_anchor_numbers() const noexcept { return !anchor_numbers_.empty(); }

    // Refuses schemas that lead back to themselves without going on to another value.
    void refuse_endless() const {
        enum : std::uint8_t { unseen, open, done };
        std::vector<std::uint8_t> state(in_place_.size(), unseen);
        std::vector<std::pair<std::uint32_t, std::size_t>> path;
        for (std::uint32_t start = 0; start < in_place_.size(); ++start) {
            if (state[start] == unseen) path.emplace_back(start, 0);
            while (!path.empty()) {
                auto& [node, next] = path.back();
                state[node] = open;
                if (next == in_place_[node].size()) {
                    state[node] = done;
                    path.pop_back();
                    continue;
                }
                const std::uint32_t other = in_place_[node][next++];
                if (state[other] == open)
                    documents_.refuse(places_[other], "leads back to itself without end");
                if (state[other] == unseen) path.emplace_back(other, 0);
            }
        }
    }

private:
    schema_program& program_;
    const schema_documents& documents_;
    std::vector<schema_place> places_;                  // of the program's nodes
    std::vector<std::vector<std::uint32_t>> in_place_;  // what they lead to for the same value
    std::uint32_t compiled_ = 0;
    std::unordered_map<std::uint64_t, std::uint32_t> index_of_;
    std::unordered_map<std::string, std::uint32_t, seeded_hash> anchor_numbers_;
};

}  // namespace conclave::json::detail
