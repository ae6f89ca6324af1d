#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <conclave/net/asio.hpp>

#include "simulation/channel.hpp"
#include "simulation/waiting.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

// A connection between a client and a provider, both ends of it. Kept by the network until the
// world ends, so that what is on its way has somewhere to arrive.
class connection {
public:
    connection(world& in, std::size_t number, bool tls, const direction& up_as,
               const direction& down_as)
        : up(in, up_as), down(in, down_as), world_(in), number_(number), tls_(tls) {
        down.on_arrival = [this] { wake_reader(); };
        up.on_room = [this] { go_on_writing(); };
        up.on_fate = [this](direction::fate what) { suffer(what, true); };
        down.on_fate = [this](direction::fate what) { suffer(what, false); };
    }

    channel up;    // to the provider
    channel down;  // to the client

    std::size_t number() const noexcept { return number_; }

    // ---- the client's end

    bool is_open() const noexcept { return open_; }

    void wait_readable(const std::shared_ptr<waiting>& begun) {
        reader_ = begun;
        wake_reader();
    }

    void write(const std::shared_ptr<waiting>& begun,
               const std::array<asio::const_buffer, 2>& from) {
        if (begun->singled_out_for(interference::fails)) reset_by_provider();
        if (begun->singled_out_for(interference::fails) ||
            begun->singled_out_for(interference::stalls)) {
            return begun->keep();
        }
        writer_ = begun;
        for (std::size_t i = 0; i < from.size(); ++i)
            unsent_[i] = {static_cast<const char*>(from[i].data()), from[i].size()};
        go_on_writing();
    }

    std::size_t take(asio::mutable_buffer into, net::error_code& failure) {
        const std::size_t size = down.take(static_cast<char*>(into.data()), into.size());
        world_.note("read", number_, size);
        if (size > 0) return size;
        failure = end_of_reading();
        return 0;
    }

    void close_client(bool by_reset) {
        if (!open_) return;
        open_ = false;
        world_.note(by_reset ? "reset" : "close", number_);
        for (auto* each : {&reader_, &writer_}) {
            if (const auto begun = std::exchange(*each, nullptr)) {
                begun->end(asio::error::operation_aborted);
            }
        }
        // As TCP does when there is something that nobody is going to read.
        if (by_reset || !down.empty()) {
            up.reset();
        } else {
            up.end(true);
        }
    }

    // ---- the provider's end

    void reset_by_provider() {
        down.reset();
        up.reset();
    }

private:
    net::error_code end_of_reading() const {
        if (down.broken()) return asio::error::connection_reset;
        if (!down.ended()) return asio::error::would_block;
        if (tls_ && !down.ended_in_good_order()) return asio::ssl::error::stream_truncated;
        return asio::error::eof;
    }

    void wake_reader() {
        if (!reader_ || !down.readable()) return;
        const auto begun = std::exchange(reader_, nullptr);
        begun->end({});
    }

    void go_on_writing() {
        // Once it has ended, what it was to write from is gone.
        if (!writer_ || writer_->ended()) return;
        for (std::string_view& rest : unsent_) {
            rest.remove_prefix(up.send(rest));
            if (!rest.empty() && !up.broken()) return;
        }
        const auto begun = std::exchange(writer_, nullptr);
        begun->end(up.broken() ? net::error_code(asio::error::broken_pipe) : net::error_code());
    }

    void suffer(direction::fate what, bool is_request) {
        switch (what) {
            case direction::fate::stalls:
                world_.count(is_request ? fault::stalled_request : fault::stalled_reply);
                break;
            case direction::fate::ends: world_.count(fault::ended_reply); break;
            case direction::fate::resets:
                world_.count(is_request ? fault::reset_request : fault::reset_reply);
                reset_by_provider();
                break;
            case direction::fate::none: break;
        }
    }

    world& world_;
    std::size_t number_;
    bool tls_;
    bool open_ = true;
    std::shared_ptr<waiting> reader_;
    std::shared_ptr<waiting> writer_;
    std::array<std::string_view, 2> unsent_;
};

// The client's end of a connection, as the library holds it.
class stream {
public:
    stream(std::shared_ptr<connection> on, asio::any_io_executor executor)
        : connection_(std::move(on)), executor_(std::move(executor)) {}
    stream(stream&&) noexcept = default;
    stream& operator=(stream&& other) noexcept {
        close();
        connection_ = std::move(other.connection_);
        executor_ = std::move(other.executor_);
        return *this;
    }
    ~stream() { close(); }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, net::error_code& failure) {
        connection* const on = connection_.get();
        const auto start = [on](const std::shared_ptr<waiting>& begun) {
            on->wait_readable(begun);
        };
        co_await begin_operation(operation::read, executor_, start,
                                 asio::redirect_error(asio::use_awaitable, failure));
        if (failure) co_return 0;
        co_return on->take(into, failure);
    }

    asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> from,
                                       net::error_code& failure) {
        connection* const on = connection_.get();
        const auto start = [on, from](const std::shared_ptr<waiting>& begun) {
            on->write(begun, from);
        };
        co_await begin_operation(operation::write, executor_, start,
                                 asio::redirect_error(asio::use_awaitable, failure));
        co_return failure ? 0 : from[0].size() + from[1].size();
    }

    std::size_t read_available(asio::mutable_buffer into, net::error_code& failure) {
        failure = {};
        return connection_->take(into, failure);
    }

    void close() noexcept {
        if (connection_) connection_->close_client(false);
    }
    void reset() noexcept {
        if (connection_) connection_->close_client(true);
    }
    bool is_open() const noexcept { return connection_ && connection_->is_open(); }

private:
    std::shared_ptr<connection> connection_;
    asio::any_io_executor executor_;
};

}  // namespace conclave::simulation
