// Two copies of the server behind nginx, with the site that is deployed.

#include "net/child_process.hpp"
#include "running_server.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace {

using namespace serving;
using namespace conclave::testing;

/// nginx with examples/server/deploy/nginx.conf, its ports replaced.
class front {
public:
    front(unsigned short one, unsigned short two)
        : program_([&](const std::string& port) {
              std::string site = read_site();
              replace(site, "127.0.0.1:8080", "127.0.0.1:" + std::to_string(one));
              replace(site, "127.0.0.1:8081", "127.0.0.1:" + std::to_string(two));
              replace(site, "listen 80;", "listen 127.0.0.1:" + port + ";");
              std::ofstream config(folder_ + "/nginx.conf");
              if (::geteuid() == 0) config << "user root;\n";
              config << "worker_processes 1;\npid nginx.pid;\nerror_log error.log;\n"
                        "events { worker_connections 512; }\nhttp {\n  access_log off;\n";
              for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
                  config << "  " << kind << "_temp_path temporary_" << kind << ";\n";
              config << site << "}\n";
              return std::vector<std::string>{
                  "/usr/sbin/nginx",      "-p", folder_,      "-c", folder_ + "/nginx.conf", "-e",
                  folder_ + "/error.log", "-g", "daemon off;"};
          }) {}
    ~front() {
        program_.terminate();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    unsigned short port() const { return program_.port(); }

private:
    static std::string read_site() {
        std::ifstream file(CONCLAVE_SERVER_DEPLOY "/nginx.conf");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static void replace(std::string& text, const std::string& what, const std::string& with) {
        const std::size_t at = text.find(what);
        if (at == text.npos) throw std::runtime_error("the site has no " + what);
        text.replace(at, what.size(), with);
    }
    static std::string make_folder() {
        std::string name = "/tmp/conclave-front-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for nginx");
        return name;
    }

    std::string folder_ = make_folder();
    running::server_program program_;
};

TEST(Replicas, AStreamPassesThroughNginxEventByEvent) {
    scripted_provider provider;
    provider.on("slow", endless_answer(50ms, 40));
    const running_server one(config_for(provider));
    const running_server two(config_for(provider));
    const front nginx(one.port(), two.port());
    loopback::plain_client client(nginx.port(), 10s);
    const auto began = clock::now();
    client.send(panel_request(panel_of(1, true, "slow")));
    ASSERT_TRUE(read_until(client, "model_delta"));
    EXPECT_LT(clock::now() - began, 1500ms);
    client.close();
    EXPECT_TRUE(provider.wait_until([&] { return provider.aborted().size() == 1; }));
}

TEST(Replicas, WhenOneIsLostOnlyWhatItWasAnsweringFails) {
    scripted_provider provider;
    provider.on("m", endless_answer(5ms, 10));
    const running_server one(config_for(provider));
    const running_server two(config_for(provider));
    const front nginx(one.port(), two.port());

    struct outcome {
        clock::time_point began;
        bool whole = false;
    };
    std::mutex mutex;
    std::vector<outcome> outcomes;
    std::atomic<bool> over = false;
    const auto load = [&](bool stream) {
        while (!over) {
            outcome mine{clock::now()};
            try {
                const auto reply = ask(nginx.port(), panel_request(panel_of(2, stream)));
                mine.whole = reply.complete && reply.head.status == 200 &&
                             (!stream || reply.body.ends_with("data: [DONE]\n\n"));
            } catch (const std::exception&) {
                // Refused, and counted so.
            }
            const std::lock_guard lock(mutex);
            outcomes.push_back(mine);
        }
    };
    std::vector<std::thread> clients;
    for (int i = 0; i < 6; ++i)
        clients.emplace_back(load, i % 2 == 0);
    std::this_thread::sleep_for(700ms);
    const double answered_by_one = metric(one, "conclave_panels_total{outcome=\"ok\"}");
    one.signal(SIGKILL);
    const auto lost = clock::now();
    std::this_thread::sleep_for(1000ms);
    over = true;
    for (auto& each : clients)
        each.join();

    EXPECT_GT(answered_by_one, 0);
    EXPECT_GT(metric(two, "conclave_panels_total{outcome=\"ok\"}"), 0);
    std::size_t after = 0;
    std::size_t failed = 0;
    for (const outcome& each : outcomes) {
        if (!each.whole) ++failed;
        // It takes the kernel a moment to end a process and its connections.
        if (each.began < lost + 100ms) continue;
        ++after;
        EXPECT_TRUE(each.whole);
    }
    EXPECT_GT(after, 6u);
    // What the lost one was answering: six clients have six requests at a time.
    EXPECT_LE(failed, 6u);
}

}  // namespace
