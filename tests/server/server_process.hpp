#pragma once

// The server's program, in a process of its own, with what a test wants behind it.

#include "testing/loopback_client.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace serving {

/// The program, from its start to the end of the object.
class server_process {
public:
    /// `configuration` is the JSON text of it; the port is any that is free.
    explicit server_process(const std::string& configuration) : file_(configuration) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        std::vector<std::string> command = {CONCLAVE_SERVER, "--config", file_.name(), "--port",
                                            "0"};
        std::vector<char*> arguments;
        for (std::string& each : command)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, ends[1], 1);
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
        const int failure =
            ::posix_spawn(&process_, arguments[0], &files, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        ::close(ends[1]);
        if (failure == 0) read_port(ends[0]);
        ::close(ends[0]);
        if (port_ == 0) {
            end();
            throw std::runtime_error("the server has not started");
        }
    }
    ~server_process() { end(); }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;

    unsigned short port() const noexcept { return port_; }
    pid_t id() const noexcept { return process_; }

    /// The memory that it has in RAM, in bytes.
    std::size_t resident() const {
        std::ifstream statm("/proc/" + std::to_string(process_) + "/statm");
        std::size_t whole = 0;
        std::size_t pages = 0;
        statm >> whole >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    }

    /// Sends one request over a connection of its own; an empty body is none.
    loopback::parsed_response ask(std::string_view method, std::string_view target,
                                  std::string_view body = {}) const {
        loopback::plain_client client(port_, std::chrono::seconds(60));
        client.send(request(method, target, body));
        return loopback::receive_response(client);
    }

    static std::string request(std::string_view method, std::string_view target,
                               std::string_view body) {
        std::string text(method);
        text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
        if (!body.empty()) {
            text.append("Content-Type: application/json\r\nContent-Length: ");
            text.append(std::to_string(body.size())).append("\r\n");
        }
        return text.append("\r\n").append(body);
    }

private:
    void read_port(int from) {
        std::string line;
        char byte = 0;
        while (::read(from, &byte, 1) == 1 && byte != '\n')
            line += byte;
        const std::size_t colon = line.rfind(':');
        if (colon != line.npos)
            port_ = static_cast<unsigned short>(std::atoi(line.c_str() + colon + 1));
    }

    void end() {
        if (process_ < 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
    }

    loopback::temporary_file file_;
    pid_t process_ = -1;
    unsigned short port_ = 0;
};

}  // namespace serving
