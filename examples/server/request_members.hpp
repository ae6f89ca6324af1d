#pragma once

// Reads members of a request's JSON. What has the wrong type is refused by an error that names it
// by its path.

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// A JSON object of a request, and where in the request it is.
class request_members {
public:
    request_members(simdjson::dom::object object, std::string path)
        : object_(object), path_(std::move(path)) {}

    /// The body of a request as an object. The document has to outlive what is read from it.
    static request_members of_body(std::string_view body, conclave::json::document& parsed) {
        if (conclave::json::document::parse(body, parsed))
            throw conclave::invalid_field("body", "is not JSON");
        const auto object = conclave::json::object_of(parsed.root());
        if (!object) throw conclave::invalid_field("body", "must be a JSON object");
        return request_members(*object, "");
    }

    /// The path of a member, for errors.
    std::string path_of(std::string_view name) const {
        return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    }
    /// The path of the object itself.
    const std::string& path() const noexcept { return path_; }

    /// The member; nothing if it is absent or null.
    std::optional<simdjson::dom::element> find(std::string_view name) const {
        const auto found = conclave::json::find(object_, name);
        return found && !found->is_null() ? found : std::nullopt;
    }
    bool has(std::string_view name) const { return find(name).has_value(); }

    std::optional<std::string_view> text(std::string_view name) const {
        return read(name, conclave::json::string_of, "must be a string");
    }
    std::optional<double> number(std::string_view name) const {
        return read(name, conclave::json::number_of, "must be a number");
    }
    std::optional<std::int64_t> integer(std::string_view name) const {
        return read(name, conclave::json::integer_of, "must be a whole number");
    }
    std::optional<bool> boolean(std::string_view name) const {
        return read(name, conclave::json::boolean_of, "must be true or false");
    }
    std::optional<request_members> object(std::string_view name) const {
        const auto found = read(name, conclave::json::object_of, "must be an object");
        if (!found) return std::nullopt;
        return request_members(*found, path_of(name));
    }
    /// The text of a member that must be there.
    std::string needed_text(std::string_view name) const {
        const auto found = text(name);
        if (!found) throw refused(name, "is missing");
        return std::string(*found);
    }

    /// The JSON text of a member that is an object; empty if there is none.
    std::string json_object(std::string_view name) const {
        const auto found = find(name);
        if (!found) return {};
        if (!found->is_object()) throw refused(name, "must be an object");
        return simdjson::minify(*found);
    }

    /// Calls `take(element, path)` for each element of a member that is an array, if it is there.
    template <class Take>
    void each(std::string_view name, Take&& take) const {
        const auto list = read(name, conclave::json::array_of, "must be an array");
        if (!list) return;
        std::size_t index = 0;
        for (const simdjson::dom::element element : *list)
            take(element, path_of(name) + "[" + std::to_string(index++) + "]");
    }
    /// The same for elements that have to be objects.
    template <class Take>
    void each_object(std::string_view name, Take&& take) const {
        each(name, [&](const simdjson::dom::element& element, std::string path) {
            const auto object = conclave::json::object_of(element);
            if (!object) throw conclave::invalid_field(path, "must be an object");
            take(request_members(*object, std::move(path)));
        });
    }

    /// The refusal of a member.
    conclave::error refused(std::string_view name, std::string_view complaint) const {
        return conclave::invalid_field(path_of(name), complaint);
    }

private:
    template <class Read>
    auto read(std::string_view name, Read of, std::string_view complaint) const
        -> decltype(of(simdjson::dom::element())) {
        const auto found = find(name);
        if (!found) return std::nullopt;
        const auto value = of(*found);
        if (!value) throw refused(name, complaint);
        return value;
    }

    simdjson::dom::object object_;
    std::string path_;
};

}  // namespace server
