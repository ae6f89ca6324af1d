// The models behind the server whose page is tested. Prints the provider's base URL and then, for
// each line of its input, what it has seen by then; runs until its input ends.

#include <conclave/json/writer.hpp>
#include <conclave/testing/demo_panel.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace conclave::testing;
using namespace std::chrono_literals;

const char* const markdown =
    "**Postgres**, for most teams.\n\n"
    "1. One database, a `tenant_id` on every table, and row-level security.\n"
    "2. Partition the few tables that grow.\n"
    "3. Move out a tenant that outgrows it.\n\n"
    "| Layout | Isolation | Cost |\n|---|---|---|\n| shared tables | rows | low |\n"
    "| a schema each | schemas | middle |\n\n"
    "```sql\nCREATE POLICY own ON orders\n  USING (tenant = current_tenant());\n```\n";

const char* const markup =
    "<img src=x onerror=\"window.harmed = 1\">\n\n"
    "</script><script>window.harmed = 2</script>\n\n"
    "inline <b onclick=\"window.harmed = 3\">bold</b> <svg onload=\"window.harmed = 4\">\n\n"
    "<div style=\"position:fixed;inset:0\">\n<iframe srcdoc=\"<script>1</script>\">\n</div>\n\n"
    "[script](javascript:window.harmed=5) [data](data:text/html,<script>1</script>) "
    "[link](https://example.org/a\"onclick=\"window.harmed=6) <javascript:window.harmed=7>\n\n"
    "![picture](http://127.0.0.1:9/spy.png)\n\n"
    "```html\n</code></pre><img src=x onerror=window.harmed=8>\n```\n";

// The marks are: right-to-left override, pop, left-to-right isolate.
const char* const direction =
    "invoice-\xE2\x80\xAE"
    "gpj.exe\xE2\x80\xAC and \xE2\x81\xA6"
    "isolated, never closed";

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    while (times-- > 0)
        text += piece;
    return text;
}

void install(scripted_provider& provider) {
    install_demo_panel(provider, 4);
    provider.on("good/markdown", answer(markdown).first_token_after(100ms).token_every(8ms));
    provider.on("bad/refusing", status(400, R"({"error":{"message":"This model has retired."}})"));
    provider.on("bad/flaky", status(503).header("retry-after-ms", "300"));
    provider.on("bad/flaky", answer("Here now.").token_every(30ms));
    provider.on("bad/torn", answer("Half an answer, and then nothing more.")
                                .token_every(30ms)
                                .reset_in_event(4)
                                .header("retry-after-ms", "300"));
    provider.on("bad/torn", answer("A whole answer this time."));
    provider.on("slow/talker", answer(std::vector<std::string>(600, "word ")).token_every(100ms));
    provider.on("slow/starter", answer("At last.").first_token_after(60s));
    provider.on("hostile/markup", answer(markup));
    provider.on("hostile/line", answer(std::vector<std::string>{std::string(1'000'000, 'A')}));
    provider.on("hostile/direction", answer(direction));
    provider.on("hostile/nested",
                answer(std::vector<std::string>{std::string(30'000, '>') + std::string(5'000, '[') +
                                                std::string(4'000, '*')}));
    provider.on("hostile/slow",
                answer(std::vector<std::string>(400, repeated("_a_", 33))).token_every(5ms));
    provider.on("hostile/<img src=x onerror=window.harmed=9>", answer("My name is worse."));
}

void tell(const scripted_provider& provider) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.key("requests");
    out.begin_array();
    for (const recorded_request& request : provider.requests())
        out.string(request.model);
    out.end_array();
    out.key("aborted");
    out.begin_array();
    for (const aborted_response& response : provider.aborted())
        out.string(response.model);
    out.end_array();
    out.end_object();
    std::cout << text << std::endl;
}

}  // namespace

int main() {
    scripted_provider provider;
    install(provider);
    std::cout << provider.base_url() << std::endl;
    for (std::string line; std::getline(std::cin, line);)
        tell(provider);
}
