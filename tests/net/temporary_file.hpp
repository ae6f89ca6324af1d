#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace running {

/// A file of this content, gone with the object.
class temporary_file {
public:
    explicit temporary_file(const std::string& content) {
        const int descriptor = mkstemp(name_.data());
        if (descriptor >= 0) ::close(descriptor);
        std::ofstream(name_) << content;
    }
    ~temporary_file() { std::remove(name_.c_str()); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    const std::string& name() const { return name_; }

private:
    std::string name_ = "/tmp/conclave-test-XXXXXX";
};

}  // namespace running
