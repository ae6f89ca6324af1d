#pragma once

#include <conclave/net/asio.hpp>

#include <chrono>
#include <deque>
#include <string>

namespace running {

/// An address at which connections are neither accepted nor refused: the queue of those that wait
/// for it is full.
class full_backlog {
public:
    explicit full_backlog(
        const conclave::asio::ip::address& at = conclave::asio::ip::address_v4::loopback(),
        unsigned short port = 0)
        : acceptor_(context_) {
        const conclave::asio::ip::tcp::endpoint place(at, port);
        acceptor_.open(place.protocol());
        acceptor_.set_option(conclave::asio::socket_base::reuse_address(true));
        acceptor_.bind(place);
        acceptor_.listen(0);
        for (int i = 0; i < 4; ++i) {
            waiting_.emplace_back(context_);
            waiting_.back().async_connect(acceptor_.local_endpoint(),
                                          [](conclave::net::error_code) {});
        }
        context_.run_for(std::chrono::milliseconds(20));
    }

    conclave::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(endpoint().port()) + "/v1";
    }

private:
    conclave::asio::io_context context_;
    conclave::asio::ip::tcp::acceptor acceptor_;
    std::deque<conclave::asio::ip::tcp::socket> waiting_;
};

}  // namespace running
