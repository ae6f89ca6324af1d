#pragma once

// The server as a child process, and clients for it.

#include "net/temporary_file.hpp"
#include "testing/loopback_client.hpp"

#include <conclave/json/writer.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

extern char** environ;

namespace serving {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// A configuration whose one endpoint is this provider; `members` are further ones, each with a
/// comma in front.
inline std::string config_for(const conclave::testing::scripted_provider& provider,
                              std::string_view members = {}) {
    return R"({"listen":{"port":0},"client":{"endpoints":[{"base_url":")" + provider.base_url() +
           R"("}]})" + std::string(members) + "}";
}

/// A program that was started, with what it printed.
class child {
public:
    explicit child(const std::vector<std::string>& command) {
        std::vector<char*> arguments;
        for (const std::string& each : command)
            arguments.push_back(const_cast<char*>(each.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        constexpr int create = O_WRONLY | O_CREAT | O_TRUNC;
        posix_spawn_file_actions_addopen(&files, 1, out_.name().c_str(), create, 0600);
        posix_spawn_file_actions_addopen(&files, 2, log_.name().c_str(), create, 0600);
        const int failure =
            posix_spawn(&process_, arguments[0], &files, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        if (failure != 0) throw std::runtime_error("the program cannot be started");
    }
    ~child() {
        if (process_ < 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    pid_t process() const { return process_; }
    void signal(int which) const { ::kill(process_, which); }
    /// What it wrote to standard output, and to standard error.
    std::string out() const { return read(out_.name()); }
    std::string log() const { return read(log_.name()); }

    /// Its status once it has ended by itself: nothing if it has not in time.
    std::optional<int> wait(std::chrono::milliseconds patience = 20s) {
        const auto until = clock::now() + patience;
        while (clock::now() < until) {
            int status = 0;
            if (::waitpid(process_, &status, WNOHANG) == process_) {
                process_ = -1;
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
            std::this_thread::sleep_for(5ms);
        }
        return std::nullopt;
    }

private:
    static std::string read(const std::string& name) {
        std::ifstream file(name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    running::temporary_file out_{""};
    running::temporary_file log_{""};
    pid_t process_ = -1;
};

/// The server, listening.
class running_server : public child {
public:
    /// Without a configuration when that is empty.
    explicit running_server(const std::string& config)
        : running_server(std::make_shared<running::temporary_file>(config), config.empty()) {}

    unsigned short port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    /// Kilobytes of memory that it has in use.
    std::size_t memory() const { return status_number("VmRSS:"); }

private:
    running_server(std::shared_ptr<running::temporary_file> file, bool without)
        : child(without ? std::vector<std::string>{CONCLAVE_SERVER, "--port", "0"}
                        : std::vector<std::string>{CONCLAVE_SERVER, "--config", file->name()}),
          file_(std::move(file)) {
        const auto until = clock::now() + 20s;
        while (clock::now() < until && port_ == 0) {
            const std::string said = out();
            const std::size_t colon = said.rfind(':');
            if (said.ends_with('\n') && colon != said.npos) {
                port_ = static_cast<unsigned short>(std::stoi(said.substr(colon + 1)));
                return;
            }
            if (wait(5ms)) break;
        }
        throw std::runtime_error("the server does not listen: " + log());
    }

    std::size_t status_number(std::string_view name) const {
        std::ifstream file("/proc/" + std::to_string(process()) + "/status");
        for (std::string word; file >> word;) {
            std::size_t number = 0;
            if (word == name && file >> number) return number;
        }
        return 0;
    }

    std::shared_ptr<running::temporary_file> file_;
    unsigned short port_ = 0;
};

/// A request as it goes over the wire.
inline std::string request(std::string_view method, std::string_view path,
                           std::string_view body = {}, std::string_view fields = {}) {
    std::ostringstream text;
    text << method << ' ' << path << " HTTP/1.1\r\nhost: localhost\r\n" << fields;
    if (!body.empty()) text << "content-length: " << body.size() << "\r\n";
    text << "\r\n" << body;
    return text.str();
}

/// Sends one request over a connection of its own.
inline loopback::parsed_response ask(unsigned short port, const std::string& bytes) {
    loopback::plain_client client(port, 20s);
    client.send(bytes);
    return loopback::receive_response(client);
}

inline loopback::parsed_response get(const running_server& server, std::string_view path,
                                     std::string_view fields = {}) {
    return ask(server.port(), request("GET", path, {}, fields));
}

/// The body of a question to so many seats of one model.
inline std::string panel_of(std::size_t seats, bool stream = false, std::string_view model = "m") {
    std::string body;
    conclave::json::writer out(body);
    out.begin_object();
    out.member("input", "Why so?");
    out.member("stream", stream);
    out.member("resolution", "fast");
    out.key("models");
    out.begin_array();
    for (std::size_t i = 0; i < seats; ++i) {
        out.begin_object();
        out.member("name", model);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return body;
}

inline std::string panel_request(const std::string& body, std::string_view fields = {}) {
    return request("POST", "/v3/roundtable", body, fields);
}

/// Reads from a stream until `words` have come. False if they do not.
inline bool read_until(loopback::plain_client& client, std::string_view words,
                       std::string* all = nullptr) {
    std::string text;
    while (text.find(words) == text.npos) {
        const std::string piece = client.receive();
        if (piece.empty()) break;
        text += piece;
    }
    if (all != nullptr) *all = text;
    return text.find(words) != text.npos;
}

/// One sample of the metrics, by its name and labels; -1 when there is none.
inline double metric(const running_server& server, const std::string& name) {
    std::istringstream lines(get(server, "/metrics").body);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
    }
    return -1;
}

/// A model that says a word every few milliseconds, for a long time.
inline conclave::testing::scripted_reply endless_answer(std::chrono::milliseconds pace = 5ms,
                                                        std::size_t tokens = 4000) {
    return conclave::testing::answer(std::vector<std::string>(tokens, "word ")).token_every(pace);
}

}  // namespace serving
