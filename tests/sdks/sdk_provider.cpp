// The scripted provider that the official SDKs are pointed at. Prints the URL of its root, and runs
// until its input ends: with the test that started it, whatever becomes of that.

#include <conclave/json/writer.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace conclave::testing;

// What a service read of a request, as JSON: whether an SDK's request was understood.
std::string what_was_read(const recorded_request& request) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.member("model", request.model);
    out.member("stream", request.stream);
    out.member("instructions", request.instructions);
    out.member("prompt", request.prompt);
    out.key("schema");
    out.raw(request.output_schema.empty() ? "null" : request.output_schema);
    out.end_object();
    return text;
}

// What each format says in the middle of a stream when it has to give up.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> errors_in_streams = {{
    {"openai-chat", R"({"error":{"message":"The server had an error.","type":"server_error",)"
                    R"("param":null,"code":null}})"},
    {"openai-responses",
     R"({"type":"error","code":"server_error","message":"The server had an error.",)"
     R"("param":null,"sequence_number":3})"},
    {"anthropic", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
    {"google-generate-content",
     R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})"},
    {"google-interactions", R"({"event_type":"error","error":{"code":"service_unavailable",)"
                            R"("message":"The model is overloaded."}})"},
}};

// One model for each thing that a model or a provider can do, the same in every format.
void install(scripted_provider& provider) {
    provider.on("text", answer("Use Postgres, für alle.").usage(12, 9));
    provider.on("thinking", answer("Use Postgres.").reasoning("Compare them first.").usage(12, 9));
    provider.on("echo", answer_with(what_was_read));
    provider.on("structured", answer({R"({"city":"Par)", R"(is","people":)", "2102650}"}));
    provider.on("tools", answer("Let me look.")
                             .tool_call("get_weather", R"({"city":"Paris","days":3})")
                             .tool_call("get_time", R"({"zone":"Europe/Paris"})"));
    provider.on("only-tools", answer("").tool_call("get_weather", R"({"city":"Paris","days":3})"));
    // An agent that asks for a tool, and answers once it has the result; for each way of asking
    // one.
    for (const char* agent :
         {"agent-whole", "agent-streamed", "agent-1", "agent-2", "agent-3", "agent-4", "agent-5",
          "agent-6", "agent-7", "agent-8", "agent-9", "agent-10"}) {
        provider.on(agent, answer("").tool_call("get_weather", R"({"city":"Paris","days":3})"));
        provider.on(agent, answer("It is sunny."));
    }
    for (const char* picked : {"yes", "no"})
        provider.on(picked, choice(picked));
    provider.on("refusal", answer("").refusal("I cannot help with that."));
    provider.on("length", answer("Once upon").finish_reason("length"));
    provider.on("filtered", answer("").finish_reason("content_filter"));
    for (const int code : {400, 403, 404, 409, 413, 422, 429, 500, 503, 504, 529})
        provider.on("status-" + std::to_string(code), status(code));
    for (const char* flaky : {"flaky-whole", "flaky-streamed"}) {
        provider.on(flaky, status(503).header("retry-after-ms", "1"));
        provider.on(flaky, answer("Here now."));
    }
    for (const auto& [format, error] : errors_in_streams)
        provider.on("broken-" + std::string(format),
                    answer("Use Postgres, for all.").error_in_stream(std::string(error), 3));
    provider.on("slow", answer("One two three four five six seven eight nine ten.")
                            .token_every(std::chrono::milliseconds(200)));
    provider.on("silent", silent());
    provider.on("cut", answer("Use Postgres, for all.").close_in_event(3));
}

}  // namespace

int main() {
    scripted_provider provider(provider_options().require_key("sk-scripted"));
    install(provider);
    const std::string url = provider.base_url();
    std::printf("%s\n", url.substr(0, url.rfind('/')).c_str());
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
}
