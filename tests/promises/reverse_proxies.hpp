#pragma once

// Reverse proxies that are not ours, in front of a provider: nginx and HAProxy, as Debian has them.
// Each tells the provider the port of the client it serves, as `X-Client-Port`.

#include "net/child_process.hpp"
#include "net/made_certificates.hpp"
#include "net/temporary_file.hpp"

#include <conclave/testing/scripted_provider.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace running {

/// How many connections of clients the requests came by.
inline std::size_t client_connections(const conclave::testing::scripted_provider& provider) {
    std::set<std::string> ports;
    for (const auto& request : provider.requests())
        ports.insert(std::string(request.header.find("x-client-port").value_or("none")));
    return ports.size();
}

/// nginx, which ends the clients' TLS and has a folder of its own.
class nginx {
public:
    nginx(unsigned short upstream, bool buffering)
        : certificate_(make_certificate(server_plan("DNS:localhost,IP:127.0.0.1"), &authority_)),
          program_([&](const std::string& port) {
              write_configuration(port, upstream, buffering);
              std::vector<std::string> command = base_command();
              command.insert(command.end(), {"-g", "daemon off;"});
              return command;
          }) {}
    ~nginx() {
        program_.terminate();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::string base_url() const {
        return "https://localhost:" + std::to_string(program_.port()) + "/v1";
    }
    std::string certificate_authority() const { return authority_.pem(); }

    /// Has it read its configuration again, and waits until it has heard that.
    void reload() {
        using namespace std::chrono_literals;
        const std::string heard = "reconfiguring";
        const std::size_t before = count_in_log(heard);
        std::string command;
        for (const std::string& each : base_command())
            command += each + ' ';
        if (std::system((command + "-s reload 2>/dev/null").c_str()) != 0) {
            throw std::runtime_error("nginx cannot be told to reload");
        }
        for (int i = 0; i < 500 && count_in_log(heard) == before; ++i)
            std::this_thread::sleep_for(10ms);
        if (count_in_log(heard) == before) throw std::runtime_error("nginx does not reload");
    }

private:
    static std::string make_folder() {
        std::string name = "/tmp/conclave-nginx-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for nginx");
        return name;
    }

    std::vector<std::string> base_command() const {
        return {"/usr/sbin/nginx",     "-p", folder_, "-c", folder_ + "/nginx.conf", "-e",
                folder_ + "/error.log"};
    }

    void write_configuration(const std::string& port, unsigned short upstream, bool buffering) {
        std::ofstream(folder_ + "/chain.pem") << certificate_.pem();
        std::ofstream(folder_ + "/key.pem") << certificate_.key_pem();
        std::ofstream config(folder_ + "/nginx.conf");
        // Its workers are to be able to write into the folder.
        if (::geteuid() == 0) config << "user root;\n";
        config << "worker_processes 1;\npid nginx.pid;\nerror_log error.log notice;\n"
                  "events { worker_connections 256; }\n"
                  "http {\n  access_log off;\n";
        for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            config << "  " << kind << "_temp_path temporary_" << kind << ";\n";
        config << "  upstream provider { server 127.0.0.1:" << upstream
               << "; keepalive 4; }\n"
                  "  server {\n    listen 127.0.0.1:"
               << port
               << " ssl;\n"
                  "    ssl_certificate chain.pem;\n    ssl_certificate_key key.pem;\n"
                  "    location / {\n"
                  "      proxy_pass http://provider;\n      proxy_http_version 1.1;\n"
                  "      proxy_set_header Connection \"\";\n"
                  "      proxy_set_header X-Client-Port $remote_port;\n"
                  "      proxy_buffering "
               << (buffering ? "on" : "off") << ";\n    }\n  }\n}\n";
    }

    std::size_t count_in_log(const std::string& words) const {
        std::ifstream file(folder_ + "/error.log");
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        std::size_t count = 0;
        for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1))
            ++count;
        return count;
    }

    std::string folder_ = make_folder();
    made_certificate authority_ = make_certificate(authority_plan("conclave nginx"));
    made_certificate certificate_;
    server_program program_;
};

/// HAProxy, which cuts off whoever is silent for `patience`, client or server.
class haproxy {
public:
    haproxy(unsigned short upstream, std::chrono::milliseconds patience)
        : file_(""), program_([&](const std::string& port) {
              const std::string limit = std::to_string(patience.count()) + "ms\n";
              std::ofstream config(file_.name(), std::ios::trunc);
              config << "global\n  maxconn 200\n"
                        "defaults\n  mode http\n  timeout connect 5s\n  timeout client "
                     << limit << "  timeout server " << limit << "  timeout http-keep-alive "
                     << limit << "frontend clients\n  bind 127.0.0.1:" << port
                     << "\n  http-request set-header X-Client-Port %[src_port]\n"
                        "  default_backend provider\n"
                        "backend provider\n  server one 127.0.0.1:"
                     << upstream << "\n";
              config.close();
              return std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", file_.name()};
          }) {}

    std::string base_url() const {
        return "http://127.0.0.1:" + std::to_string(program_.port()) + "/v1";
    }

private:
    temporary_file file_;
    server_program program_;
};

}  // namespace running
