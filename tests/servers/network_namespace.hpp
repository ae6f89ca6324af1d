#pragma once

// A network of a test's own, to be broken without harm to that of the machine.

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace running {

/// A network namespace with nothing but its loopback interface. The calling thread lives in it
/// until the object goes, and so do the threads and programs that it starts meanwhile, and their
/// sockets. Throws `std::runtime_error` for want of the right to make one.
class network_namespace {
public:
    network_namespace() : outside_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
        if (outside_ < 0 || ::unshare(CLONE_NEWNET) != 0) {
            const std::string cause = std::strerror(errno);
            if (outside_ >= 0) ::close(outside_);
            throw std::runtime_error(
                "no network namespace: " + cause +
                "; run this as root, or under `unshare --map-root-user --net`");
        }
        run("ip link set lo up");
    }
    ~network_namespace() {
        // A thread that stayed inside would not be noticed to.
        if (::setns(outside_, CLONE_NEWNET) != 0) std::abort();
        ::close(outside_);
    }
    network_namespace(const network_namespace&) = delete;
    network_namespace& operator=(const network_namespace&) = delete;

    /// Runs a program of /usr/sbin, its arguments between spaces, for any thread of this network.
    /// Throws `std::runtime_error` if it fails, or is not there.
    void run(const std::string& command) const {
        std::vector<std::string> words;
        std::istringstream text(command);
        for (std::string word; text >> word;)
            words.push_back(word);
        std::vector<char*> arguments;
        for (std::string& each : words)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        pid_t process = 0;
        const std::string program = "/usr/sbin/" + words.at(0);
        if (::posix_spawn(&process, program.c_str(), nullptr, nullptr, arguments.data(), environ) !=
            0) {
            throw std::runtime_error(program + " cannot be started: is its package installed?");
        }
        int status = 0;
        while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
        }
        if (status != 0) throw std::runtime_error("this failed: " + command);
    }

private:
    int outside_ = -1;
};

}  // namespace running
