#pragma once

// What the server says is held to two descriptions: the published one of the roundtable, and the
// one that the server itself serves.

#include "running_server.hpp"

#include <conclave/json/schema.hpp>
#include <conclave/json/schema_validator.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace serving {

using nlohmann::json;

/// The response to one request, over a connection of its own.
inline loopback::parsed_response answer_to(const running_server& server, std::string_view method,
                                           std::string_view path, std::string_view body = {}) {
    return ask(server.port(), request(method, path, body));
}

/// Our members beyond the published description, by the schema and the object in it that has them.
inline const std::map<std::string, std::map<std::string, std::vector<std::string>>>&
additive_members() {
    static const std::vector<std::string> result = {
        "schema_valid", "schema_error", "attempts", "finish_reason", "notes", "data_is_json"};
    static const std::vector<std::string> meta = {"cost_complete", "summary_error", "votes"};
    static const std::vector<std::string> usage = {"web_fetch_requests"};
    static const std::map<std::string, std::map<std::string, std::vector<std::string>>> members = {
        {"ErrorResponse", {}},
        {"RoundtableResponse",
         {{"", {"data_is_json"}},
          {"/properties/meta", meta},
          {"/properties/meta/properties/summary_usage", usage},
          {"/properties/model_results/items", result},
          {"/properties/model_results/items/properties/usage", usage}}},
        {"RoundtableStreamChunk",
         {{"",
           {"id", "model_results", "duration_ms", "schema_valid", "schema_error", "attempts",
            "finish_reason", "notes", "data_is_json"}},
          {"/properties/meta", meta},
          {"/properties/meta/properties/summary_usage", usage},
          {"/properties/usage", usage}}},
    };
    return members;
}

/// Judges JSON texts by named schemas.
class description {
public:
    /// The published one, closed: a member that is neither in it nor listed above is an error. As
    /// the reference's text has it and its schema does not, `data` may be null.
    static description published() {
        std::ifstream file(CONCLAVE_SERVER_TESTS "/published_schemas.json");
        json schemas = json::parse(file);
        description made;
        for (auto& [name, schema] : schemas.items()) {
            close(schema);
            for (const auto& [place, members] : additive_members().at(name)) {
                for (const std::string& member : members) {
                    schema.at(json::json_pointer(place))["properties"][member] = true;
                }
            }
            if (name != "ErrorResponse")
                schema["properties"]["data"]["type"] = json::array({"string", "null"});
            made.add(name, schema.dump());
        }
        return made;
    }

    /// The one that a server serves, which is YAML.
    static description served(const running_server& by) {
        const loopback::temporary_file yaml(answer_to(by, "GET", "/v3/openapi.yaml").body);
        const std::string program =
            "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
        FILE* const pipe = ::popen(("python3 -c '" + program + "' " + yaml.name()).c_str(), "r");
        std::string text;
        for (int byte; pipe != nullptr && (byte = std::fgetc(pipe)) != EOF;)
            text += static_cast<char>(byte);
        if (pipe == nullptr || ::pclose(pipe) != 0)
            throw std::runtime_error("python3 cannot read the server's description");
        const json document = json::parse(text);
        description made;
        for (const auto& [name, schema] : document.at("components").at("schemas").items()) {
            json root = {{"$ref", "#/components/schemas/" + name},
                         {"components", document.at("components")}};
            made.add(name, root.dump());
        }
        made.paths = document.at("paths");
        return made;
    }

    /// What is wrong with a text by the schema of that name; empty if nothing is.
    std::string complaint(const std::string& name, const std::string& text) {
        const auto found = validators_.find(name);
        if (found == validators_.end()) return "there is no schema " + name;
        const auto wrong = found->second.first_error(text);
        return wrong ? name + ": " + wrong->message + "\n" + text : std::string();
    }

    json paths;

private:
    void add(const std::string& name, const std::string& schema) {
        validators_.emplace(name, conclave::json::schema_validator(conclave::json::schema(schema)));
    }

    static void close(json& schema) {
        if (schema.is_object()) {
            if (schema.contains("properties")) schema["additionalProperties"] = false;
            for (auto& [name, member] : schema.items())
                close(member);
        } else if (schema.is_array()) {
            for (json& element : schema)
                close(element);
        }
    }

    std::map<std::string, conclave::json::schema_validator> validators_;
};

}  // namespace serving
