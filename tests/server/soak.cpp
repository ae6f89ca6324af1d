// The server under load with faults on both sides, for as long as it is told to: every request has
// to be answered, and neither memory nor descriptors may grow. Built and run by scripts/soak.sh.

#include "running_server.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

namespace {

using namespace serving;
using namespace conclave::testing;

constexpr std::size_t allowed_growth = 6 * 1024;  // kilobytes
// Connections to the provider that are kept for the next call.
constexpr std::size_t allowed_connections = 8;

struct counts {
    std::atomic<std::size_t> answered = 0;
    std::atomic<std::size_t> left = 0;
    std::atomic<std::size_t> unanswered = 0;
};

void prepare(scripted_provider& provider) {
    const auto words = [] { return answer(std::vector<std::string>(40, "word ")); };
    provider.on("good", words().token_every(2ms, 1ms))
        .on("slow", words().first_token_after(100ms).token_every(5ms))
        .on("busy", status(503, R"({"error":{"message":"busy"}})").retry_after(0s))
        .on("reset", words().reset_in_event(5))
        .on("short", words().close_in_event(7))
        .on("garbage", garbage())
        .on("stalled", words().stall_in_event(3));
}

std::string random_panel(std::mt19937& random, bool stream) {
    static const std::vector<std::string> models = {"good",  "good",  "good",    "slow",   "busy",
                                                    "reset", "short", "garbage", "stalled"};
    std::string body = R"({"input":"Why so?","timeout_ms":700,"max_retries":1,"stream":)";
    body += stream ? "true" : "false";
    body += R"(,"models":[{"name":"good"})";
    for (std::size_t i = random() % 4; i > 0; --i)
        body += R"(,{"name":")" + models[random() % models.size()] + R"("})";
    return body + "]}";
}

// One thing that a client may do. Answered is what has a whole response.
void act(const running_server& server, std::mt19937& random, counts& seen) {
    loopback::plain_client client(server.port(), 20s);
    const std::size_t what = random() % 10;
    if (what == 0) {
        client.send("GET /health HTTP/1.1\r\nhost: a\r\nbroken field: x\r\n\r\n");
    } else if (what == 1) {
        client.send(request("POST", "/v3/roundtable", "{nonsense"));
    } else if (what == 2) {
        client.send(request("POST", "/v3/compat/chat/completions",
                            R"({"model":"good","messages":[{"role":"user","content":"Why?"}]})"));
    } else {
        client.send(panel_request(random_panel(random, what % 2 == 0)));
    }
    if (what >= 8) {
        if (what == 9) client.receive();
        client.close();
        ++seen.left;
        return;
    }
    if (what == 7) std::this_thread::sleep_for(300ms);
    const auto reply = loopback::receive_response(client);
    if (reply.complete && reply.head.status != 0) {
        ++seen.answered;
    } else {
        ++seen.unanswered;
    }
}

std::size_t descriptors(const running_server& server) {
    const std::filesystem::path folder = "/proc/" + std::to_string(server.process()) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

struct sample {
    std::size_t memory = 0;
    std::size_t descriptors = 0;
};

// When nobody asks anything: what is left then is what stays.
sample rest(const running_server& server) {
    for (int i = 0; i < 500 && metric(server, "conclave_open_requests") > 1; ++i)
        std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(1500ms);
    return {server.memory(), descriptors(server)};
}

void load(const running_server& server, std::chrono::seconds time, counts& seen) {
    std::vector<std::thread> clients;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        clients.emplace_back([&, seed] {
            std::mt19937 random(seed + static_cast<unsigned>(seen.answered));
            const auto end = clock::now() + time;
            while (clock::now() < end) {
                try {
                    act(server, random, seen);
                } catch (const std::exception&) {
                    ++seen.unanswered;
                }
                std::this_thread::sleep_for(20ms);
            }
        });
    }
    for (auto& each : clients)
        each.join();
}

}  // namespace

int main(int count, char** arguments) {
    const int seconds = count > 1 ? std::atoi(arguments[1]) : 600;
    if (seconds < 10) {
        std::fprintf(stderr, "usage: server_soak [seconds, at least 10; 600 unless given]\n");
        return 2;
    }
    scripted_provider provider;
    prepare(provider);
    const running_server server(
        config_for(provider, R"(,"limits":{"panels":64,"queue":64},"log":{"level":"error"})"));
    counts seen;
    constexpr int rounds = 5;
    sample first;
    sample last;
    for (int i = 0; i < rounds; ++i) {
        load(server, std::chrono::seconds(seconds / rounds), seen);
        last = rest(server);
        if (i == 0) first = last;
        std::printf(
            "round %d of %d: %zu answered, %zu left, %zu unanswered; %zu KiB, %zu "
            "descriptors\n",
            i + 1, rounds, seen.answered.load(), seen.left.load(), seen.unanswered.load(),
            last.memory, last.descriptors);
        std::fflush(stdout);
    }
    const bool flat = last.memory < first.memory + allowed_growth &&
                      last.descriptors <= first.descriptors + allowed_connections;
    std::printf("%s\n", flat && seen.unanswered == 0 ? "held" : "NOT HELD");
    return flat && seen.unanswered == 0 ? 0 : 1;
}
