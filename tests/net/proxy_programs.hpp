#pragma once

// Proxies that are not ours: tinyproxy and microsocks, as Debian has them.

#include "child_process.hpp"
#include "temporary_file.hpp"

#include <string>
#include <vector>

namespace running {

/// An HTTP proxy; with a user and a password if `basic_auth` has them: `user password`.
class tinyproxy {
public:
    explicit tinyproxy(const std::string& basic_auth = {})
        : file_(""), program_([&](const std::string& port) {
              std::ofstream config(file_.name(), std::ios::trunc);
              config << "Port " << port << "\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\n";
              if (!basic_auth.empty()) config << "BasicAuth " << basic_auth << "\n";
              return std::vector<std::string>{"tinyproxy", "-d", "-c", file_.name()};
          }) {}

    /// Its URL, with these credentials: `user:password@`.
    std::string url(const std::string& credentials = {}) const {
        return "http://" + credentials + "127.0.0.1:" + std::to_string(program_.port());
    }

private:
    temporary_file file_;
    server_program program_;
};

/// A SOCKS5 server; with a user and a password if there are any.
class microsocks {
public:
    explicit microsocks(const std::string& user = {}, const std::string& password = {})
        : program_([&](const std::string& port) {
              std::vector<std::string> command = {"microsocks", "-i", "127.0.0.1", "-p", port};
              if (user.empty()) return command;
              for (const std::string& each : {std::string("-u"), user, std::string("-P"), password})
                  command.push_back(each);
              return command;
          }) {}

    std::string url(const std::string& credentials = {}) const {
        return "socks5h://" + credentials + "127.0.0.1:" + std::to_string(program_.port());
    }

private:
    server_program program_;
};

}  // namespace running
