#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/client/endpoint.hpp>
#include <conclave/client/environment.hpp>
#include <conclave/error.hpp>
#include <conclave/wire/provider_error.hpp>

namespace conclave::detail {

/// Where a model is served, and its name there.
struct route {
    std::size_t endpoint = 0;
    std::string model;
};

/// Whether an endpoint takes names by their beginning, be it an empty one.
inline bool takes_by_prefix(const endpoint& candidate) {
    return !candidate.prefix.empty() || candidate.models.empty();
}

/// The first endpoint that lists `model`.
inline std::optional<route> find_listed(const std::vector<endpoint>& endpoints,
                                        std::string_view model) {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const auto found = endpoints[i].models.find(model);
        if (found == endpoints[i].models.end()) continue;
        return route{i, found->second.empty() ? found->first : found->second};
    }
    return std::nullopt;
}

/// The endpoint with the longest prefix that `model` begins with, among equals the first.
inline std::optional<route> find_by_prefix(const std::vector<endpoint>& endpoints,
                                           std::string_view model) {
    std::optional<route> best;
    std::size_t best_length = 0;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const std::string& prefix = endpoints[i].prefix;
        if (!takes_by_prefix(endpoints[i])) continue;
        if (!model.starts_with(prefix) || model.size() == prefix.size()) continue;
        if (best && prefix.size() <= best_length) continue;
        best = route{i, std::string(model.substr(prefix.size()))};
        best_length = prefix.size();
    }
    return best;
}

/// Where a model is asked: the endpoint that lists it, else the one with the longest prefix. A name
/// without any provider that neither finds goes to the only place there is, if there is one only.
inline std::optional<route> find_route(const std::vector<endpoint>& endpoints,
                                       std::string_view model) {
    if (model.empty()) return std::nullopt;
    if (auto listed = find_listed(endpoints, model)) return listed;
    if (auto found = find_by_prefix(endpoints, model)) return found;
    if (model.find('/') != model.npos || endpoints.empty()) return std::nullopt;
    const endpoint& only = endpoints.front();
    const bool elsewhere =
        std::any_of(endpoints.begin(), endpoints.end(), [&](const endpoint& candidate) {
            return candidate.base_url != only.base_url || !candidate.models.empty();
        });
    if (elsewhere) return std::nullopt;
    return route{0, std::string(model)};
}

/// Texts for people, quoted, one after the other; of many the first.
class quoted_list {
public:
    void add(std::string_view text) {
        if (++count_ > longest) return;
        text_ += " \"" + wire::one_line(text, 100) + "\"";
    }
    bool empty() const noexcept { return count_ == 0; }
    std::string text() const {
        if (count_ <= longest) return text_;
        return text_ + " and " + std::to_string(count_ - longest) + " more";
    }

private:
    static constexpr std::size_t longest = 20;

    std::string text_;
    std::size_t count_ = 0;
};

/// What would be served instead: the beginnings of names, and the names that endpoints list.
inline std::string served_names(const std::vector<endpoint>& endpoints) {
    quoted_list prefixes;
    quoted_list names;
    for (const endpoint& candidate : endpoints) {
        if (takes_by_prefix(candidate)) prefixes.add(candidate.prefix);
        for (const auto& listed : candidate.models)
            names.add(listed.first);
    }
    std::string text;
    if (!prefixes.empty()) text += " names that begin with" + prefixes.text();
    if (!prefixes.empty() && !names.empty()) text += ", and";
    if (!names.empty()) text += names.text();
    return text;
}

/// The refusal of a model that no endpoint serves. `field` names where the request has it.
inline error no_endpoint(const std::vector<endpoint>& endpoints, const std::string& field,
                         std::string_view model) {
    error_details details;
    details.field = field;
    std::string what = field + " \"" + wire::one_line(model, 200) + "\": ";
    if (endpoints.empty()) {
        what += "no endpoint is configured; set " + key_variables() +
                ", or fill client_options::endpoints";
    } else {
        what += "served are" + served_names(endpoints);
    }
    return error(errc::no_endpoint, what, std::move(details));
}

}  // namespace conclave::detail
