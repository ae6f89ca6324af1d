#pragma once

// Programs of the system that a test starts, and ends.

#include <conclave/net/asio.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace running {

/// A program that listens on a port of the loopback interface until the object goes. Throws
/// `std::runtime_error` when it cannot be started: the package that has it is missing.
class server_program {
public:
    /// `arguments` are made for the port it is to listen on, the program's name first.
    explicit server_program(
        const std::function<std::vector<std::string>(const std::string& port)>& arguments) {
        // Somebody may have taken the free port before the program could.
        for (int attempt = 0; attempt < 5 && process_ < 0; ++attempt) {
            port_ = free_port();
            const std::vector<std::string> command = arguments(std::to_string(port_));
            name_ = command.front();
            start(command);
            wait_until_it_listens();
        }
        if (process_ < 0) throw std::runtime_error(name_ + " does not listen");
    }
    ~server_program() { end(); }
    server_program(const server_program&) = delete;
    server_program& operator=(const server_program&) = delete;

    unsigned short port() const { return port_; }

    /// Lets it end by itself, so that it ends its own children.
    void terminate() {
        using namespace std::chrono_literals;
        if (process_ < 0) return;
        ::kill(process_, SIGTERM);
        for (int i = 0; i < 500; ++i) {
            if (::waitpid(process_, nullptr, WNOHANG) == process_) {
                process_ = -1;
                return;
            }
            std::this_thread::sleep_for(10ms);
        }
        end();
    }

private:
    using tcp = conclave::asio::ip::tcp;

    static unsigned short free_port() {
        conclave::asio::io_context context;
        const tcp::acceptor probe(context,
                                  tcp::endpoint(conclave::asio::ip::address_v4::loopback(), 0));
        return probe.local_endpoint().port();
    }

    void start(const std::vector<std::string>& command) {
        std::vector<char*> arguments;
        for (const auto& each : command)
            arguments.push_back(const_cast<char*>(each.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
        const int failure =
            posix_spawnp(&process_, arguments[0], &files, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        if (failure == 0) return;
        process_ = -1;
        throw std::runtime_error(name_ + " cannot be started: is its package installed?");
    }

    void wait_until_it_listens() {
        using namespace std::chrono_literals;
        conclave::asio::io_context context;
        for (int i = 0; i < 1000; ++i) {
            tcp::socket probe(context);
            conclave::net::error_code refused;
            probe.connect({conclave::asio::ip::address_v4::loopback(), port_}, refused);
            int status = 0;
            if (waitpid(process_, &status, WNOHANG) == process_) {
                process_ = -1;
                return;
            }
            if (!refused) return;
            std::this_thread::sleep_for(10ms);
        }
        end();
    }

    void end() {
        if (process_ < 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
    }

    std::string name_;
    unsigned short port_ = 0;
    pid_t process_ = -1;
};

}  // namespace running
