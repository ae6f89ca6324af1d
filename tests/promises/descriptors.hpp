#pragma once

// How many descriptors a process has, may have, and has left.

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace running {

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const folder = opendir("/proc/self/fd");
    while (folder != nullptr && readdir(folder) != nullptr)
        ++count;
    closedir(folder);
    return count;
}

/// A soft limit on descriptors, at most the hard one, until the object goes.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t count) {
        if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw std::runtime_error("no limit to read");
        rlimit limit = before_;
        limit.rlim_cur = std::min(count, before_.rlim_max);
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("no limit to set");
        value_ = limit.rlim_cur;
    }
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

    rlim_t value() const { return value_; }

private:
    rlimit before_{};
    rlim_t value_ = 0;
};

/// Takes all descriptors but `left` of a process that may have 256, until it is told to give them
/// back.
class descriptor_shortage {
public:
    explicit descriptor_shortage(std::size_t left) {
        while (true) {
            const int taken = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            if (taken < 0) break;
            taken_.push_back(taken);
        }
        give_back(left);
    }
    ~descriptor_shortage() { give_back(taken_.size()); }
    descriptor_shortage(const descriptor_shortage&) = delete;
    descriptor_shortage& operator=(const descriptor_shortage&) = delete;

    void give_back(std::size_t count) {
        for (; count > 0 && !taken_.empty(); --count) {
            ::close(taken_.back());
            taken_.pop_back();
        }
    }
    void end() { give_back(taken_.size()); }

private:
    descriptor_limit limit_{256};
    std::vector<int> taken_;
};

}  // namespace running
