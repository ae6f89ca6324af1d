// Corpora of OpenAI's chat completions and those who speak them.

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder.hpp"

namespace conclave::benchmarks {
namespace {

using members = std::vector<std::pair<std::string, std::string>>;

std::string object(const members& of) {
    std::string out = "{";
    for (const auto& [key, value] : of) {
        if (out.size() > 1) out += ',';
        out += '"' + key + "\":" + value;
    }
    return out + '}';
}

// One response of a server: its envelope and how it writes a chunk.
class chat_response {
public:
    enum class dialect { openai, vllm };

    chat_response(dialect who, random_source& random) : dialect_(who), random_(random) {
        const bool openai = who == dialect::openai;
        head_ = {
            {"id", quoted((openai ? "chatcmpl-" : "cmpl-") + random.letters(29))},
            {"object", "\"chat.completion.chunk\""},
            {"created", std::to_string(1750000000 + random.between(0, 10'000'000))},
            {"model", openai ? "\"gpt-4.1-2025-04-14\"" : "\"meta-llama/Llama-3.3-70B-Instruct\""}};
        if (openai) {
            head_.emplace_back("service_tier", "\"default\"");
            head_.emplace_back("system_fingerprint", quoted("fp_" + random.lower_letters(10)));
        }
    }

    members chunk(std::string_view delta, std::string_view finish = "null", int index = 0) {
        members of = head_;
        of.emplace_back("choices", "[" +
                                       object({{"index", std::to_string(index)},
                                               {"delta", std::string(delta)},
                                               {"logprobs", "null"},
                                               {"finish_reason", std::string(finish)}}) +
                                       "]");
        if (dialect_ == dialect::openai) {
            of.emplace_back("usage", "null");
            of.emplace_back("obfuscation", quoted(random_.letters(random_.between(1, 16))));
        }
        return of;
    }

    members text(std::string_view content, spelling how = spelling::utf8) {
        return chunk("{\"content\":" + quoted(content, how) + '}');
    }

    void begin(builder& to) {
        to.data(object(chunk(dialect_ == dialect::openai
                                 ? R"({"role":"assistant","content":"","refusal":null})"
                                 : R"({"role":"assistant","content":""})")));
    }

    void end(builder& to, std::size_t tokens) {
        to.data(object(chunk("{}", "\"stop\"")));
        members last = head_;
        last.emplace_back("choices", "[]");
        last.emplace_back("usage", object({{"prompt_tokens", "91"},
                                           {"completion_tokens", std::to_string(tokens)},
                                           {"total_tokens", std::to_string(tokens + 91)}}));
        to.data(object(last));
        to.data("[DONE]");
    }

private:
    dialect dialect_;
    random_source& random_;
    members head_;
};

// Whole responses, each of whose tokens `one` appends.
corpus make_chat(builder to, chat_response::dialect who, std::uint64_t seed,
                 const std::function<void(builder&, chat_response&, random_source&)>& one) {
    random_source random(seed);
    while (!to.full()) {
        chat_response response(who, random);
        response.begin(to);
        const std::size_t tokens = random.between(150, 450);
        for (std::size_t i = 0; i < tokens; ++i)
            one(to, response, random);
        response.end(to, tokens);
    }
    return to.take();
}

corpus make_prose(std::string_view name, chat_response::dialect who, std::size_t size) {
    random_source random(7);
    prose text(random);
    return make_chat(builder(name, format::chat_completions, size), who, 1,
                     [&](builder& to, chat_response& response, random_source&) {
                         const std::string token = text.token();
                         to.data(object(response.text(token)));
                         to.delta(token);
                     });
}

void shuffle(members& of, random_source& random) {
    for (std::size_t i = of.size(); i > 1; --i)
        std::swap(of[i - 1], of[random.between(0, i)]);
}

void add_some(members& of, random_source& random) {
    constexpr auto values =
        std::to_array<std::string_view>({"null", "true", "0", "-1.5e3", "\"\"", "[]", "{\"a\":[1]}",
                                         "\"\\u00e9\"", "[{\"b\":\"}\"}]", "\"\\\\\\\"\""});
    for (std::size_t i = random.between(1, 4); i > 0; --i) {
        of.emplace_back("x_" + random.letters(random.between(1, 9)),
                        std::string(random.pick(values)));
    }
}

// One line of data as several; JSON has room for a newline before each comma of this envelope.
std::string in_lines(std::string_view json) {
    std::string out;
    const std::size_t cut = std::min(json.find(",\"object\""), json.size());
    out.append("data: ").append(json.substr(0, cut)).append("\ndata: ");
    return out.append(json.substr(cut)).append("\n\n");  // may be an empty line of data
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// The same event, sent by a server with habits of its own.
std::string oddly_framed(std::string_view json, random_source& random) {
    const std::string line(json);
    switch (random.between(0, 10)) {
        case 0: return ": keep-alive\n\ndata: " + line + "\n\n";
        case 1: return "event: message\ndata: " + line + "\n\n";
        case 2: return "id: 17\nretry: 3000\ndata: " + line + "\n\n";
        case 3: return "data:" + line + "\n\n";
        case 4: return "data: " + line + "\r\n\r\n";
        case 5: return "data: " + line + "\r\r";
        case 6: return "data: " + line + "\r\n\n";
        case 7: return in_lines(line);
        case 8: return "data: " + line + "\nunknown: data: {}\nno colon\n\n";
        default: return "data: " + line + " \n\n";
    }
}

// Almost a usual text event. The delta that a reader is to find goes to `to` too.
void near_miss(builder& to, chat_response& response, random_source& random,
               const std::string& token) {
    std::string json = object(response.text(token));
    std::string_view found = token;
    const bool has_marks = token.find_first_of(":,") != token.npos;
    switch (random.between(0, 12)) {
        case 0:  // another choice
            json = object(response.chunk("{\"content\":" + quoted(token) + '}', "null", 1));
            found = {};
            break;
        case 1:
            json = object(response.chunk("{\"content\":" + quoted(token) + '}', "\"length\""));
            break;
        case 2:
            json = object(response.chunk("{\"content\":null}"));
            found = {};
            break;
        case 3:
            json = object(response.chunk("{\"contents\":" + quoted(token) + '}'));
            found = {};
            break;
        case 4:
            json = object(response.chunk("{\"refusal\":" + quoted(token) + '}'));
            found = {};
            break;
        case 5:
            json = object(
                response.chunk("{\"role\":\"assistant\",\"content\":" + quoted(token) + '}'));
            break;
        case 6:
            if (!has_marks) replace_all(json, ":", ": ");
            break;
        case 7:
            if (!has_marks) replace_all(json, ",", " ,");
            break;
        case 8: json.insert(json.size() - 1, ",\"obfuscation\":\"\\\"}]}\\n\""); break;
        case 9: json.insert(1, "\"delta\":{\"content\":\"not this\"},"); break;
        case 10: json = object(response.text(token, spelling::ascii)); break;
        default: {
            members shuffled = response.text(token);
            shuffle(shuffled, random);
            json = object(shuffled);
        }
    }
    to.event(random.one_in(3) ? oddly_framed(json, random) : "data: " + json + "\n\n");
    to.delta(found);
}

}  // namespace

corpus make_openai_chat(std::size_t size) {
    return make_prose("a", chat_response::dialect::openai, size);
}

corpus make_vllm_chat(std::size_t size) {
    return make_prose("a2", chat_response::dialect::vllm, size);
}

// Half the events, in long runs, spell what is not ASCII with \u escapes.
corpus make_difficult_chat(std::size_t size) {
    std::size_t made = 0;
    return make_chat(
        builder("f", format::chat_completions, size), chat_response::dialect::openai, 2,
        [&](builder& to, chat_response& response, random_source& random) {
            const std::string token = difficult_token(random);
            const bool ascii = (++made >> 9 & 1) != 0;
            to.data(object(response.text(token, ascii ? spelling::ascii : spelling::utf8)));
            to.delta(token);
        });
}

corpus make_large_chat(std::size_t size) {
    random_source random(5);
    builder to("e", format::chat_completions, size);
    while (!to.full()) {
        chat_response response(chat_response::dialect::vllm, random);
        const std::string text = random.letters((std::size_t{1} << 20) - 300);
        to.data(object(response.text(text)));
        to.delta(text);
    }
    return to.take();
}

corpus make_shapeless_chat(std::size_t size) {
    random_source random(8);
    prose text(random);
    builder to("s", format::chat_completions, size);
    to.not_ordered();
    return make_chat(std::move(to), chat_response::dialect::openai, 4,
                     [&](builder& out, chat_response& response, random_source&) {
                         const std::string token = text.token();
                         members of = response.text(token);
                         add_some(of, random);
                         shuffle(of, random);
                         out.data(object(of));
                         out.delta(token);
                     });
}

corpus make_late_misses_chat(std::size_t size) {
    random_source random(9);
    prose text(random);
    return make_chat(builder("t", format::chat_completions, size), chat_response::dialect::openai,
                     5, [&](builder& to, chat_response& response, random_source&) {
                         const std::string token = text.token();
                         members of = response.text(token);
                         of.emplace_back(random.letters(12), "0");
                         to.data(object(of));
                         to.delta(token);
                     });
}

corpus make_near_misses_chat(std::size_t size) {
    random_source random(10);
    prose text(random);
    builder to("x", format::chat_completions, size);
    to.not_plain();
    return make_chat(std::move(to), chat_response::dialect::vllm, 6,
                     [&](builder& out, chat_response& response, random_source&) {
                         const std::string token =
                             random.one_in(4) ? difficult_token(random) : text.token();
                         if (random.one_in(2)) {
                             near_miss(out, response, random, token);
                         } else {
                             out.data(object(response.text(token)));
                             out.delta(token);
                         }
                     });
}

}  // namespace conclave::benchmarks
