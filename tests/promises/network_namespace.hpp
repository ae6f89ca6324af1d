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
/// sockets.
///
/// Without root's rights the process first enters a user namespace, in which it has them, and a
/// network of that, and stays there: it must have no other thread then, and tests that want the
/// machine's network or its users come before. Throws `std::runtime_error` where the system does
/// not allow that either.
class network_namespace {
public:
    network_namespace() {
        bool is_inside = enter();
        if (!is_inside && errno == EPERM && become_root()) {
            run("ip link set lo up");
            is_inside = enter();
        }
        if (!is_inside) {
            throw std::runtime_error("no network namespace, which takes root's rights or a user " +
                                     std::string("namespace: ") + std::strerror(errno));
        }
        run("ip link set lo up");
    }
    ~network_namespace() {
        // What follows would be tested in a network that is none.
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
    bool enter() {
        outside_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (outside_ < 0) return false;
        if (::unshare(CLONE_NEWNET) == 0) return true;
        const int cause = errno;
        ::close(outside_);
        errno = cause;
        return false;
    }

    static bool become_root() {
        const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
        const std::string group = "0 " + std::to_string(::getegid()) + " 1";
        return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
               write_to("/proc/self/setgroups", "deny") && write_to("/proc/self/uid_map", user) &&
               write_to("/proc/self/gid_map", group);
    }

    static bool write_to(const char* file, const std::string& text) {
        const int opened = ::open(file, O_WRONLY | O_CLOEXEC);
        if (opened < 0) return false;
        const bool is_written =
            ::write(opened, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::close(opened);
        return is_written;
    }

    int outside_ = -1;
};

}  // namespace running
