#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/json/document.hpp>
#include <conclave/json/fields.hpp>
#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/chat_chunk.hpp>
#include <conclave/wire/detail/json_text.hpp>
#include <conclave/wire/detail/reasoning_parts.hpp>
#include <conclave/wire/detail/token_count.hpp>
#include <conclave/wire/detail/tool_calls.hpp>
#include <conclave/wire/reasoning_part.hpp>
#include <conclave/wire/response_details.hpp>

namespace conclave::wire::detail {

// What one item of the output says.
struct response_item_content {
    response_item item;
    std::string text, refusal, reasoning;
    tool_call called;
    // All of it, if it is reasoning that is to come back.
    std::string encrypted_reasoning;
};

// What a response says, before it is judged.
struct response_content {
    // Text, reasoning, refusal, tool calls, usage, cost, id and model.
    completion answer;
    response_details details;
    // The text that some servers put beside the output.
    std::string output_text;
    // Why it failed, as JSON text.
    std::string error;
    bool has_output = false;
    bool has_too_many_tools = false;
};

// Parts of a text that stand by themselves, such as those of a summary.
inline void append_part(std::string& to, std::string_view part) {
    if (!to.empty() && !part.empty()) to += "\n\n";
    to += part;
}

inline void take_encrypted_reasoning(response_item_content& item, completion& to) {
    // what is not JSON to everybody cannot be sent
    if (!json::is_object_text(item.encrypted_reasoning)) return;
    add_reasoning_part(reasoning_part::format::responses, std::move(item.encrypted_reasoning), to);
}

// Reads the object of a response and its items with the field reader of someone else. Sources:
// OpenAI's reference of the Responses API, the OpenResponses specification, and Opper's reference
// of its OpenResponses endpoint.
class response_object {
public:
    explicit response_object(json::field_reader& fields) noexcept : fields_(fields) {}

    // Reads a member of a response.
    void read_member(json::key key, json::value& value, response_content& to) {
        if (key == "output") {
            to.has_output = fields_.each_element(value, [&](json::value& each) {
                response_item_content item;
                read_item(each, item);
                take(item, to);
            });
        } else if (key == "id") {
            to.answer.id = text(value);
        } else if (key == "model") {
            to.answer.model = text(value);
        } else if (key == "error") {
            if (fields_.truthy(value)) to.error = json_text(fields_, value);
        } else if (key == "output_text") {
            to.output_text = text(value);
        } else if (key == "usage") {
            read_usage(value, to.answer);
        } else if (key == "cost") {
            if (const auto cost = amount(fields_, value)) to.answer.cost = cost;
        } else {
            read_detail(key, value, to.details);
        }
    }

    // Reads an item, whatever it is.
    void read_item(json::value& value, response_item_content& to) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "content" || key == "summary") {
                fields_.each_element(member, [&](json::value& part) { read_part(part, to); });
            } else if (key == "arguments") {
                to.called.arguments = text(member);
            } else {
                read_item_detail(key, member, to.item);
            }
        });
        to.called.id = to.item.call_id.empty() ? to.item.id : to.item.call_id;
        to.called.name = to.item.name;
        if (to.item.type == "reasoning" && !to.item.encrypted_content.empty())
            to.encrypted_reasoning = fields_.raw(value);
    }

private:
    template <class Of, class Member>
    struct field {
        std::string_view name;
        Member Of::*member;
    };

    std::string_view text(json::value& value) {
        return fields_.string(value).value_or(std::string_view{});
    }

    static void take(response_item_content& item, response_content& to) {
        completion& answer = to.answer;
        answer.text += item.text;
        answer.refusal += item.refusal;
        append_part(answer.reasoning, item.reasoning);
        take_encrypted_reasoning(item, answer);
        if (item.item.type == "function_call") {
            to.has_too_many_tools |= answer.tool_calls.size() == tool_call_joiner::most_calls;
            if (!to.has_too_many_tools) answer.tool_calls.push_back(std::move(item.called));
        }
        to.details.items.push_back(std::move(item.item));
    }

    // {"type": "output_text", "text": …}, {"type": "refusal", "refusal": …}, and reasoning under
    // two names.
    void read_part(json::value& value, response_item_content& to) {
        std::string_view type, said, refused;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "type") {
                type = text(member);
            } else if (key == "text") {
                said = text(member);
            } else if (key == "refusal") {
                refused = text(member);
            } else if (key == "annotations") {
                read_texts(member, to.item.annotations);
            }
        });
        if (type == "output_text" || type == "text") {
            to.text += said;
        } else if (type == "refusal") {
            to.refusal += refused;
        } else if (type == "summary_text" || type == "reasoning_text") {
            append_part(to.reasoning, said);
        }
    }

    // Texts as they are, and all else as JSON.
    void read_texts(json::value& value, std::vector<std::string>& to) {
        fields_.each_element(value, [&](json::value& each) { to.push_back(any_text(each)); });
    }
    std::string any_text(json::value& value) {
        if (json::field_reader::kind_of(value) == json::kind::string)
            return std::string(text(value));
        return json_text(fields_, value);
    }

    void read_item_detail(json::key key, json::value& value, response_item& to) {
        static constexpr std::array<field<response_item, std::string>, 10> texts = {{
            {"type", &response_item::type},
            {"id", &response_item::id},
            {"status", &response_item::status},
            {"role", &response_item::role},
            {"phase", &response_item::phase},
            {"call_id", &response_item::call_id},
            {"name", &response_item::name},
            {"encrypted_content", &response_item::encrypted_content},
            {"guard_type", &response_item::guard_type},
            {"action", &response_item::action},
        }};
        for (const auto& [name, member] : texts) {
            if (key == name) {
                to.*member = text(value);
                return;
            }
        }
        if (key == "flagged") {
            if (json::field_reader::kind_of(value) == json::kind::boolean)
                to.flagged = fields_.truthy(value);
        } else if (key == "findings") {
            fields_.each_element(
                value, [&](json::value& each) { to.findings.push_back(json_text(fields_, each)); });
        } else if (key == "models_used") {
            read_texts(value, to.models_used);
        } else if (key == "model_warnings") {
            read_texts(value, to.model_warnings);
        } else if (key == "cost_usd") {
            to.cost_usd = amount(fields_, value);
        } else if (key == "execution_ms") {
            to.execution_ms = fields_.integer(value);
        } else if (key == "cache_read_tokens") {
            to.cache_read_tokens = token_count(fields_, value);
        } else if (key == "cache_creation_tokens") {
            to.cache_creation_tokens = token_count(fields_, value);
        }
    }

    void read_detail(json::key key, json::value& value, response_details& to) {
        static constexpr std::array<field<response_details, std::string>, 4> texts = {{
            {"status", &response_details::status},
            {"service_tier", &response_details::service_tier},
            {"truncation", &response_details::truncation},
            {"instructions", &response_details::instructions},
        }};
        using number = std::optional<double>;
        static constexpr std::array<field<response_details, number>, 4> numbers = {{
            {"temperature", &response_details::temperature},
            {"top_p", &response_details::top_p},
            {"frequency_penalty", &response_details::frequency_penalty},
            {"presence_penalty", &response_details::presence_penalty},
        }};
        using integer = std::optional<std::int64_t>;
        static constexpr std::array<field<response_details, integer>, 3> integers = {{
            {"created_at", &response_details::created_at},
            {"completed_at", &response_details::completed_at},
            {"max_output_tokens", &response_details::max_output_tokens},
        }};
        for (const auto& [name, member] : texts) {
            if (key == name) to.*member = text(value);
        }
        for (const auto& [name, member] : numbers) {
            if (key == name) to.*member = fields_.number(value);
        }
        for (const auto& [name, member] : integers) {
            if (key == name) to.*member = fields_.integer(value);
        }
        if (key == "incomplete_details") {
            to.incomplete_details = json_text(fields_, value);
        } else if (key == "tool_choice") {
            to.tool_choice = json_text(fields_, value);
        } else if (key == "reasoning") {
            fields_.each_member(value, [&](json::key name, json::value& member) {
                if (name == "effort") to.reasoning_effort = text(member);
                if (name == "summary") to.reasoning_summary = text(member);
            });
        } else if (key == "text") {
            read_format(value, to);
        } else if (key == "tools") {
            fields_.each_element(value, [&](json::value& each) { read_tool(each, to); });
        } else if (key == "metadata") {
            fields_.each_member(value, [&](json::key name, json::value& member) {
                to.metadata[std::string(name)] = any_text(member);
            });
        }
    }

    void read_format(json::value& value, response_details& to) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key != "format") return;
            fields_.each_member(member, [&](json::key name, json::value& part) {
                if (name == "type") to.text_format = text(part);
                if (name == "name") to.text_schema_name = text(part);
                if (name == "schema") to.text_schema = json_text(fields_, part);
            });
        });
    }

    void read_tool(json::value& value, response_details& to) {
        response_tool& made = to.tools.emplace_back();
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "type") made.type = text(member);
            if (key == "name") made.name = text(member);
            if (key == "description") made.description = text(member);
            if (key == "parameters") made.parameters = json_text(fields_, member);
            if (key == "strict" && json::field_reader::kind_of(member) == json::kind::boolean)
                made.strict = fields_.truthy(member);
        });
    }

    void read_usage(json::value& value, completion& to) {
        usage read;
        std::optional<std::int64_t> input, output;
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "input_tokens") {
                input = token_count(fields_, member);
            } else if (key == "output_tokens") {
                output = token_count(fields_, member);
            } else if (key == "cost") {  // OpenRouter
                if (const auto cost = amount(fields_, member)) to.cost = cost;
            } else if (key == "opper") {
                if (const auto cost = opper_cost(fields_, member)) to.cost = cost;
            } else {
                read_usage_details(member, read);
            }
        });
        if (!input && !output) return;
        read.input_tokens = input.value_or(0);
        read.output_tokens = output.value_or(0);
        to.usage = read;
    }

    // Those of the input, of the output and of the provider's own tools have no name in common.
    void read_usage_details(json::value& value, usage& to) {
        fields_.each_member(value, [&](json::key key, json::value& member) {
            if (key == "cached_tokens") {
                to.cache_read_tokens = token_count(fields_, member);
            } else if (key == "cache_write_tokens") {
                to.cache_creation_tokens = token_count(fields_, member);
            } else if (key == "reasoning_tokens") {
                to.reasoning_tokens = token_count(fields_, member);
            } else if (key == "web_search_requests") {
                to.web_search_requests = token_count(fields_, member);
            } else if (key == "web_fetch_requests") {
                to.web_fetch_requests = token_count(fields_, member);
            }
        });
    }

    json::field_reader& fields_;
};

}  // namespace conclave::wire::detail
