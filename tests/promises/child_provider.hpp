#pragma once

// A scripted provider in a process of its own, so that its descriptors and its memory are not those
// of the client that is tested.

#include <conclave/testing/scripted_provider.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

namespace running {

class child_provider {
public:
    using provider_type = conclave::testing::scripted_provider;
    using options_type = conclave::testing::provider_options;

    /// What it saw so far.
    struct counts {
        std::size_t connections = 0;
        std::size_t open_connections = 0;
        std::size_t requests = 0;
    };

    /// `script` tells the provider, in its process, what to reply. The calling process has to have
    /// no other thread than this.
    explicit child_provider(const std::function<void(provider_type&)>& script,
                            const options_type& options = options_type()) {
        int ends[2] = {};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            throw std::runtime_error("no socket pair");
        }
        control_ = ends[0];
        process_ = ::fork();
        if (process_ < 0) throw std::runtime_error("no child process");
        if (process_ == 0) {
            ::close(ends[0]);
            serve(ends[1], script, options);
        }
        ::close(ends[1]);
        std::size_t size = 0;
        const bool is_there = receive(port_) && receive(size);
        if (!is_there) throw std::runtime_error("the provider's process failed");
        authority_.resize(size);
        for (char& byte : authority_)
            receive(byte);
    }

    ~child_provider() {
        ::close(control_);
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    child_provider(const child_provider&) = delete;
    child_provider& operator=(const child_provider&) = delete;

    unsigned short port() const { return port_; }
    std::string base_url(const std::string& origin = "http://127.0.0.1") const {
        return origin + ":" + std::to_string(port_) + "/v1";
    }
    const std::string& certificate_authority() const { return authority_; }

    counts seen() const {
        counts now;
        if (::write(control_, &ask, 1) != 1 || !receive(now)) {
            throw std::runtime_error("the provider's process has ended");
        }
        return now;
    }

    /// See `scripted_provider`.
    void skip_pauses() const {
        if (::write(control_, &skip, 1) != 1) {
            throw std::runtime_error("the provider's process has ended");
        }
    }

private:
    static constexpr char ask = '?';
    static constexpr char skip = '!';

    template <class Value>
    bool receive(Value& value) const {
        return ::recv(control_, &value, sizeof value, MSG_WAITALL) ==
               static_cast<ssize_t>(sizeof value);
    }

    [[noreturn]] static void serve(int control, const std::function<void(provider_type&)>& script,
                                   const options_type& options) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
        try {
            provider_type provider(options);
            script(provider);
            const unsigned short port = provider.port();
            const std::string authority = provider.certificate_authority();
            const std::size_t size = authority.size();
            bool is_asked = ::write(control, &port, sizeof port) > 0 &&
                            ::write(control, &size, sizeof size) > 0 &&
                            ::write(control, authority.data(), size) >= 0;
            char order = 0;
            while (is_asked && ::read(control, &order, 1) == 1) {
                if (order == skip) {
                    provider.skip_pauses();
                    continue;
                }
                const counts now{provider.connections(), provider.open_connections(),
                                 provider.requests().size()};
                is_asked = ::write(control, &now, sizeof now) > 0;
            }
        } catch (const std::exception&) {
            // The other process sees its end of the control close.
        }
        ::_exit(0);
    }

    pid_t process_ = -1;
    int control_ = -1;
    unsigned short port_ = 0;
    std::string authority_;
};

}  // namespace running
