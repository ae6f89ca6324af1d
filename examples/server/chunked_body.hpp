#pragma once

// The body of a response that is sent as it comes. It goes to the socket past RESTinio, which makes
// a copy, a group and several turns of the loop out of each piece, where a call of the kernel is
// all that is needed: between the head of such a response and its end RESTinio writes nothing.

#include "guarded_socket.hpp"

#include <conclave/net/asio.hpp>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace server {

class chunked_body {
public:
    explicit chunked_body(std::shared_ptr<guard> connection) : connection_(std::move(connection)) {
        std::error_code ignored;
        connection_->socket().non_blocking(true, ignored);
    }

    /// The next chunk, not empty. It is sent with what was left of those before.
    void add(std::string_view bytes) {
        std::array<char, 16> size{};
        const auto end =
            std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
        unsent_.append(size.data(), end);
        unsent_ += "\r\n";
        unsent_ += bytes;
        unsent_ += "\r\n";
    }

    /// Gives the kernel what it takes now. Whether that was everything.
    bool send() {
        while (!unsent_.empty()) {
            std::error_code failure;
            const std::size_t taken =
                connection_->socket().write_some(asio::buffer(unsent_), failure);
            unsent_.erase(0, taken);
            if (failure == asio::error::would_block) return false;
            if (failure) throw std::system_error(failure);
        }
        return true;
    }

    /// Completes when the kernel has taken everything. Closes the connection of a client that takes
    /// nothing for too long. When it is cancelled, the rest stays for the next call.
    asio::awaitable<void> send_all() {
        asio::steady_timer limit(connection_->socket().get_executor());  // others may wait as well
        while (!send()) {
            limit.expires_after(connection_->limits().write_time);
            limit.async_wait([connection = connection_](const std::error_code& error) {
                if (!error) connection->abort();
            });
            std::error_code failure;
            co_await connection_->socket().async_wait(
                guard::tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, failure));
            limit.cancel();
            if (failure) throw std::system_error(failure);
        }
    }

private:
    std::shared_ptr<guard> connection_;
    std::string unsent_;
};

}  // namespace server
