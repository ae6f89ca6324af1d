#include "cases.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace conclave::benchmarks {
namespace {

constexpr std::string_view flat_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "label": {"type": "string", "enum": ["supported", "refuted", "unclear"]},
    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    "reasons": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 400},
                "minItems": 1, "maxItems": 8},
    "caveat": {"type": ["string", "null"]},
    "votes": {"type": "integer", "minimum": 0},
    "final": {"type": "boolean"}
  },
  "required": ["label", "confidence", "reasons", "caveat", "votes", "final"],
  "additionalProperties": false
})";

constexpr std::string_view flat_valid = R"({
  "label": "supported",
  "confidence": 0.87,
  "reasons": [
    "Row-level security keeps tenants apart inside one schema, with no change to the queries.",
    "Both vendors' guides recommend it for up to a few thousand tenants.",
    "The measured overhead in the cited benchmark is below three percent – “negligible” in its words."
  ],
  "caveat": "Connection pools must set the tenant with each transaction.",
  "votes": 5,
  "final": true
})";

// `id` and `date` stand for what the two nested schemas have in the same places.
std::string nested_schema(std::string_view id, std::string_view date, std::string_view most) {
    std::string text = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "definitions": {
    "person": {
      "type": "object",
      "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 80},
                     "role": {"enum": ["reporter", "owner", "reviewer"]},
                     "teams": {"type": "array", "items": {"type": "string"}, "maxItems": 4}},
      "required": ["name", "role"],
      "additionalProperties": false
    },
    "finding": {
      "type": "object",
      "properties": {
        "id": )";
    text.append(id).append(R"(,
        "severity": {"enum": ["low", "medium", "high", "critical"]},
        "score": {"type": "number", "minimum": 0, "maximum": 10},
        "summary": {"type": "string", "minLength": 10, "maxLength": 300},
        "open": {"type": "boolean"},
        "found": )");
    text.append(date).append(R"(,
        "owner": {"$ref": "#/definitions/person"},
        "evidence": {
          "type": "array",
          "items": {
            "anyOf": [
              {"type": "object",
               "properties": {"kind": {"const": "quote"}, "text": {"type": "string"},
                              "page": {"type": "integer", "minimum": 1}},
               "required": ["kind", "text", "page"], "additionalProperties": false},
              {"type": "object",
               "properties": {"kind": {"const": "number"}, "value": {"type": "number"},
                              "unit": {"type": "string"}},
               "required": ["kind", "value"], "additionalProperties": false}
            ]
          },
          "maxItems": 10
        },
        "related": {"type": "array", "items": {"type": "integer"}, "uniqueItems": true}
      },
      "required": ["id", "severity", "score", "summary", "open", "found", "owner", "evidence"],
      "additionalProperties": false
    }
  },
  "type": "object",
  "properties": {
    "title": {"type": "string", "minLength": 1},
    "model": {"type": "string"},
    "totals": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    "findings": {"type": "array", "items": {"$ref": "#/definitions/finding"}, "minItems": 1,
                 "maxItems": )");
    text.append(most).append(R"(}
  },
  "required": ["title", "totals", "findings"],
  "additionalProperties": false
})");
    return text;
}

constexpr std::string_view plain_id = R"({"type": "string", "minLength": 4, "maxLength": 12})";
constexpr std::string_view plain_date = R"({"type": "string", "minLength": 10, "maxLength": 10})";
constexpr std::string_view pattern_id = R"({"type": "string", "pattern": "^[A-Z]{2,4}-[0-9]+$"})";
constexpr std::string_view pattern_date =
    R"({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})";

std::string finding(std::size_t number) {
    const std::string index = std::to_string(number);
    const auto pick = [&](auto... choices) {
        const std::string_view all[] = {choices...};
        return std::string(all[number % sizeof...(choices)]);
    };
    const std::string digit = std::to_string(number % 10);
    return R"({"id": "SEC-)" + index + R"(", "severity": ")" +
           pick("low", "high", "medium", "critical") + R"(", "score": )" + digit + "." +
           std::to_string(number * 7 % 10) + R"(,
     "summary": ")" +
           pick("The retry budget is shared by all calls, so one slow origin starves the others.",
                "A token with write scope is logged on start-up when the verbose flag is set.",
                "Zeitüberschreitungen werden nicht weitergegeben; der Aufrufer wartet „ewig“.",
                "Two workers may take the same lease if the clock of one steps back.") +
           R"(", "open": )" + pick("true", "false", "true") + R"(, "found": "2026-0)" +
           std::to_string(1 + number % 9) + "-1" + digit + R"(",
     "owner": {"name": ")" +
           pick("Ada Lovelace", "Grace Hopper", "Žofie Nováková") + R"(", "role": ")" +
           pick("reporter", "owner", "reviewer") + R"(", "teams": ["core", "net)" + digit + R"("]},
     "evidence": [
       {"kind": "quote", "text": "… which is then retried without a delay, see line )" +
           index + R"(", "page": )" + std::to_string(1 + number % 40) + R"(},
       {"kind": "number", "value": )" +
           std::to_string(number * 31 % 997) + R"(.25, "unit": "ms"}],
     "related": [)" +
           index + ", " + std::to_string(number + 1) + ", " + std::to_string(number + 5) + "]}";
}

std::string report(std::size_t size) {
    std::string text = R"({
  "title": "Review of the request path", "model": "panel-of-three",
  "totals": {"low": 4, "medium": 3, "high": 2, "critical": 0},
  "findings": [
    )";
    for (std::size_t number = 0; number == 0 || text.size() < size; ++number)
        text += (number == 0 ? "" : ",\n    ") + finding(number);
    return text + "]\n}";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    return text.replace(text.rfind(what), what.size(), with);
}

std::vector<std::string> wrong_reports(const std::string& valid) {
    return {
        replaced(valid, R"("severity": ")", R"("severity": "x)"),
        replaced(valid, R"("score": )", R"("score": 91)"),
        replaced(valid, R"("open": )", R"("open": "no", "opened": )"),
        replaced(valid, R"("role": ")", R"("role": "ex)"),
        replaced(valid, R"("name": )", R"("nick": )"),
        replaced(valid, R"("page": )", R"("page": -)"),
        replaced(valid, R"("page": )", R"("page": 0.)"),
        replaced(valid, R"("unit": )", R"("units": )"),
        replaced(valid, R"("related": [)", R"("related": [7, 7.0, )"),
        replaced(valid, R"("evidence": [)", R"("evidence": [null, )"),
        replaced(valid, R"("found": "20)", R"("found": "120)"),
        replaced(valid, R"("title")", R"("titles")"),
        replaced(valid, R"("low": )", R"("low": -)"),
        replaced(valid, R"("low": )", R"("low": null, "lower": )"),
        R"({"title": "x", "totals": {}, "findings": []})",
        "[]",
        valid.substr(0, valid.size() - 1),
    };
}

schema_case make_report_case(std::string name, std::string schema, std::size_t size) {
    schema_case made{std::move(name), std::move(schema), report(size), {}};
    made.invalid = wrong_reports(made.valid);
    return made;
}

}  // namespace

std::vector<schema_case> make_schema_cases() {
    const std::string flat(flat_valid);
    schema_case first{"flat", std::string(flat_schema), flat, {}};
    first.invalid = {
        replaced(flat, "supported", "sported"),
        replaced(flat, "0.87", "1.87"),
        replaced(flat, "0.87", "\"0.87\""),
        replaced(flat, "0.87", "-0.01"),
        replaced(flat, R"("caveat")", R"("caveats")"),
        replaced(flat, ": 5,", ": 5.5,"),
        replaced(flat, ": 5,", ": -1,"),
        replaced(flat, "true", "null"),
        replaced(flat, "true", "true, \"more\": 1"),
        replaced(flat, R"("reasons": [)", R"("reasons": ["", )"),
        replaced(flat, R"("reasons": [)", R"("reasons": [1, )"),
        replaced(flat, R"("reasons": [)", R"("reasons": [[], )"),
        "null",
        flat.substr(0, flat.size() - 1),
    };
    std::vector<schema_case> all{std::move(first)};
    all.push_back(make_report_case("nested", nested_schema(plain_id, plain_date, "1000"), 5'000));
    all.push_back(
        make_report_case("patterns", nested_schema(pattern_id, pattern_date, "1000"), 5'000));
    all.back().invalid.insert(all.back().invalid.begin(),
                              replaced(all.back().valid, "\"SEC-", "\"Sec-"));
    all.push_back(make_report_case("large", nested_schema(plain_id, plain_date, "1000"), 100'000));
    return all;
}

}  // namespace conclave::benchmarks
