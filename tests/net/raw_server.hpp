#pragma once

// A server of the tests' own, with blocking sockets, for what needs a hand on every byte.

#include <conclave/net/asio.hpp>

#include <asio/read_until.hpp>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace running {

namespace asio = conclave::asio;
using asio::ip::tcp;

/// Serves connections one after the other on a thread of its own: each is handed to a function with
/// its number, counted from 1, and closed when that returns. Ends at once when it is destroyed.
class raw_server {
public:
    using session = std::function<void(tcp::socket&, int number)>;

    explicit raw_server(session serve)
        : serve_(std::move(serve)),
          acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port()),
          thread_([this] { accept_all(); }) {}

    ~raw_server() {
        {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
            if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
        }
        thread_.join();
    }

    raw_server(const raw_server&) = delete;
    raw_server& operator=(const raw_server&) = delete;

    unsigned short port() const { return port_; }
    std::string url(std::string_view scheme = "http") const {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + "/v1";
    }
    int connections() const { return accepted_; }

private:
    void accept_all() {
        while (true) {
            conclave::net::error_code failure;
            tcp::socket socket(context_);
            acceptor_.accept(socket, failure);
            if (!begin(socket)) return;
            if (failure) continue;
            socket.set_option(tcp::no_delay(true));
            try {
                serve_(socket, ++accepted_);
            } catch (const std::exception&) {
                // The client went away, or the server was stopped.
            }
            const std::lock_guard lock(mutex_);
            current_ = -1;
        }
    }

    bool begin(tcp::socket& socket) {
        const std::lock_guard lock(mutex_);
        if (socket.is_open()) current_ = socket.native_handle();
        return !stopped_;
    }

    session serve_;
    asio::io_context context_;
    tcp::acceptor acceptor_;
    unsigned short port_;
    std::mutex mutex_;
    bool stopped_ = false;
    int current_ = -1;
    std::atomic<int> accepted_ = 0;
    std::thread thread_;
};

/// What a server has heard, a text for each request or the like: for its own thread and the test's.
class heard_texts {
public:
    /// Returns how many there are with this one.
    int add(std::string text) {
        const std::lock_guard lock(mutex_);
        texts_.push_back(std::move(text));
        return static_cast<int>(texts_.size());
    }
    std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return texts_;
    }
    /// The last one; empty if there is none.
    std::string last() const {
        const std::lock_guard lock(mutex_);
        return texts_.empty() ? std::string() : texts_.back();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> texts_;
};

/// Reads until `end` has come, and returns all that came.
template <class Stream>
std::string read_until(Stream& from, std::string_view end) {
    std::string text;
    asio::read_until(from, asio::dynamic_buffer(text), end);
    return text;
}

/// Reads a request with a `Content-Length`, body and all.
template <class Stream>
std::string read_request(Stream& from) {
    std::string text = read_until(from, "\r\n\r\n");
    const std::size_t head = text.find("\r\n\r\n") + 4;
    const std::size_t field = text.find("Content-Length: ");
    if (field == text.npos) return text;
    const std::size_t whole = head + std::stoul(text.substr(field + 16));
    if (text.size() < whole) {
        asio::read(from, asio::dynamic_buffer(text), asio::transfer_exactly(whole - text.size()));
    }
    return text;
}

/// Reads and drops what comes until the peer closes.
template <class Stream>
std::string read_to_end(Stream& from) {
    std::string text;
    conclave::net::error_code end;
    asio::read(from, asio::dynamic_buffer(text), end);
    return text;
}

template <class Stream>
void write(Stream& to, std::string_view bytes) {
    asio::write(to, asio::buffer(bytes.data(), bytes.size()));
}

/// Two ends of a connection over the loopback interface.
class connected_pair {
public:
    explicit connected_pair(asio::io_context& context)
        : client(context),
          server(context),
          acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        client.connect(acceptor_.local_endpoint());
        acceptor_.accept(server);
        server.set_option(tcp::no_delay(true));
    }

    tcp::socket client;
    tcp::socket server;

private:
    tcp::acceptor acceptor_;
};

}  // namespace running
