// Corpora of Anthropic's messages, OpenAI's responses and Google's generateContent; tiny events.

#include <cstdio>
#include <string>
#include <string_view>

#include "builder.hpp"

namespace conclave::benchmarks {

// Each event's data ends in up to a dozen spaces before its brace, but for the message's start and
// pings.
corpus make_anthropic(std::size_t size) {
    random_source random(2);
    prose text(random);
    builder to("b", format::anthropic_messages, size);
    const auto event = [&](const std::string& type, const std::string& members) {
        to.data(type, "{\"type\":\"" + type + '"' + (members.empty() ? "" : ",") + members +
                          std::string(random.between(0, 13), ' ') + '}');
    };
    const auto ping = [&] { to.data("ping", R"({"type": "ping"})"); };
    while (!to.full()) {
        to.data(
            "message_start",
            R"({"type":"message_start","message":{"id":"msg_01)" + random.letters(22) +
                R"(","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929",)"
                R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":)"
                R"({"input_tokens":472,"cache_creation_input_tokens":0,)"
                R"("cache_read_input_tokens":0,"output_tokens":2,"service_tier":"standard"}}})");
        event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})");
        ping();
        const std::size_t deltas = random.between(60, 200);
        for (std::size_t i = 0; i < deltas; ++i) {
            std::string delta;
            for (std::size_t tokens = random.between(1, 9); tokens > 0; --tokens)
                delta += text.token();
            event("content_block_delta",
                  R"("index":0,"delta":{"type":"text_delta","text":)" + quoted(delta) + '}');
            to.delta(delta);
            if (random.one_in(100)) ping();
        }
        event("content_block_stop", R"("index":0)");
        event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                               R"("usage":{"output_tokens":)" +
                                   std::to_string(deltas) + '}');
        event("message_stop", "");
    }
    return to.take();
}

namespace {

// The `response` object, that three events of a stream carry.
std::string response_object(const std::string& id, std::size_t created, std::string_view status,
                            const std::string& output, const std::string& usage) {
    std::string tools;
    for (std::size_t i = 0; i < 6; ++i) {
        if (i > 0) tools += ',';
        tools += R"({"type":"function","name":"tool_)" + std::to_string(i) + R"(","description":)" +
                 quoted(words(i, 20)) +
                 R"(,"parameters":{"type":"object","properties":{"q":{"type":"string"}},)"
                 R"("required":["q"]},"strict":true})";
    }
    return R"({"id":")" + id + R"(","object":"response","created_at":)" + std::to_string(created) +
           R"(,"status":")" + std::string(status) +
           R"(","background":false,"error":null,"incomplete_details":null,"instructions":)" +
           quoted(words(0, 66)) +
           R"(,"max_output_tokens":null,"model":"gpt-4.1-2025-04-14","output":[)" + output +
           R"(],"parallel_tool_calls":true,"previous_response_id":null,)"
           R"("reasoning":{"effort":null,"summary":null},"store":true,"temperature":1.0,)"
           R"("text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto",)"
           R"("tools":[)" +
           tools + R"(],"top_p":1.0,"truncation":"disabled","usage":)" + usage +
           R"(,"user":null,"metadata":{}})";
}

// One response: numbered events that all name the same item.
class responses_stream {
public:
    responses_stream(builder& to, random_source& random)
        : to_(to),
          random_(random),
          id_("resp_" + random.lower_letters(48)),
          item_("msg_" + random.lower_letters(48)),
          created_(1750000000 + random.between(0, 10'000'000)) {}

    void begin() {
        event("response.created", response("in_progress", "", "null"));
        event("response.in_progress", response("in_progress", "", "null"));
        event("response.output_item.added",
              R"(,"output_index":0,"item":{"id":")" + item_ +
                  R"(","type":"message","status":"in_progress","content":[],"role":"assistant"})");
        event("response.content_part.added", place() + ",\"part\":" + part(""));
    }

    void text(const std::string& delta) {
        event("response.output_text.delta", place() + ",\"delta\":" + quoted(delta) +
                                                ",\"logprobs\":[],\"obfuscation\":\"" +
                                                random_.letters(random_.between(1, 16)) + '"');
        to_.delta(delta);
        whole_ += delta;
        ++tokens_;
    }

    void end() {
        event("response.output_text.done",
              place() + ",\"text\":" + quoted(whole_) + ",\"logprobs\":[]");
        event("response.content_part.done", place() + ",\"part\":" + part(whole_));
        const std::string item = R"({"id":")" + item_ +
                                 R"(","type":"message","status":"completed","content":[)" +
                                 part(whole_) + R"(],"role":"assistant"})";
        event("response.output_item.done", R"(,"output_index":0,"item":)" + item);
        const std::string count = std::to_string(tokens_);
        event("response.completed",
              response("completed", item,
                       R"({"input_tokens":37,"input_tokens_details":{"cached_tokens":0},)"
                       R"("output_tokens":)" +
                           count +
                           R"(,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":)" +
                           std::to_string(tokens_ + 37) + '}'));
    }

private:
    void event(const std::string& type, const std::string& more) {
        to_.data(type, R"({"type":")" + type + R"(","sequence_number":)" +
                           std::to_string(sequence_++) + more + '}');
    }
    std::string response(std::string_view status, const std::string& output,
                         const std::string& usage) const {
        return ",\"response\":" + response_object(id_, created_, status, output, usage);
    }
    std::string place() const {
        return R"(,"item_id":")" + item_ + R"(","output_index":0,"content_index":0)";
    }
    static std::string part(const std::string& text) {
        return R"({"type":"output_text","annotations":[],"logprobs":[],"text":)" + quoted(text) +
               '}';
    }

    builder& to_;
    random_source& random_;
    std::string id_;
    std::string item_;
    std::size_t created_;
    std::string whole_;
    std::size_t sequence_ = 0;
    std::size_t tokens_ = 0;
};

}  // namespace

corpus make_responses(std::size_t size) {
    random_source random(3);
    prose text(random);
    builder to("c", format::responses, size);
    while (!to.full()) {
        responses_stream stream(to, random);
        stream.begin();
        for (std::size_t tokens = random.between(150, 1200); tokens > 0; --tokens)
            stream.text(text.token());
        stream.end();
    }
    return to.take();
}

// Google writes a space behind colons and none behind commas, ends its lines in CRLF, counts tokens
// in every event, and sends text in larger pieces. Some answers begin with thoughts.
corpus make_google(std::size_t size) {
    random_source random(4);
    prose text(random);
    builder to("g", format::google, size);
    while (!to.full()) {
        const std::string id = random.letters(23);
        const std::size_t prompt = random.between(5, 900);
        const std::size_t thoughts = random.one_in(3) ? random.between(4, 20) : 0;
        const std::size_t texts = random.between(150, 450);
        std::size_t counted = 0;
        for (std::size_t i = 0; i < thoughts + texts; ++i) {
            const bool thought = i < thoughts;
            const std::size_t tokens = random.between(1, 24);
            std::string delta;
            for (std::size_t k = 0; k < tokens; ++k)
                delta += text.token();
            counted += tokens;
            const bool last = i + 1 == thoughts + texts;
            const std::string count = std::to_string(counted);
            to.event(R"(data: {"candidates": [{"content": {"parts": [{"text": )" + quoted(delta) +
                     (thought ? R"(,"thought": true)" : "") + R"(}],"role": "model"},)" +
                     (last ? R"("finishReason": "STOP",)" : "") +
                     R"("index": 0}],"usageMetadata": {"promptTokenCount": )" +
                     std::to_string(prompt) + R"(,"candidatesTokenCount": )" + count +
                     R"(,"totalTokenCount": )" + std::to_string(prompt + counted) +
                     R"(,"promptTokensDetails": [{"modality": "TEXT","tokenCount": )" +
                     std::to_string(prompt) +
                     R"(}]},"modelVersion": "gemini-2.5-pro","responseId": ")" + id +
                     "\"}\r\n\r\n");
            if (!thought) to.delta(delta);
        }
    }
    return to.take();
}

corpus make_tiny(std::size_t size) {
    builder to("d", format::none, size);
    while (!to.full())
        to.event("data: x\n\n");
    return to.take();
}

}  // namespace conclave::benchmarks
