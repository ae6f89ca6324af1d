#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/clocks.hpp>
#include <conclave/net/socket_transport.hpp>

#include "simulation/connection.hpp"
#include "simulation/waiting.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

// One step towards a connection: how long it takes, and how it ends. Without a time it never does.
struct connecting_step {
    std::optional<world::duration> takes = world::duration(100);
    net::error_code result;
};

// The wires of a world: what each new connection goes through, and all there have been.
class network {
public:
    explicit network(world& in) : world_(in) {
        current_ = this;
        typical_latency_ = world_.chance.about(10, 40'000);
    }
    ~network() { current_ = nullptr; }
    network(const network&) = delete;
    network& operator=(const network&) = delete;

    static network& current() noexcept { return *current_; }

    // Told of each connection, to serve it.
    std::function<void(connection&)> on_accept;

    connecting_step resolve() {
        connecting_step step = usual_step();
        if (world_.strikes(fault::slow_name)) step.takes = some(1000, 20'000'000);
        if (world_.strikes(fault::unknown_name)) step.result = asio::error::host_not_found;
        if (world_.strikes(fault::silent_name_server)) step.takes.reset();
        return step;
    }

    connecting_step connect() {
        connecting_step step = usual_step();
        if (world_.strikes(fault::refused_connection)) {
            step.result = asio::error::connection_refused;
        }
        if (world_.strikes(fault::silent_connection)) step.takes.reset();
        return step;
    }

    connecting_step shake_hands() {
        connecting_step step = usual_step();
        if (world_.strikes(fault::failed_handshake)) {
            step.result = net::error_code(1, asio::error::get_ssl_category());
        }
        if (world_.strikes(fault::closed_handshake)) step.result = asio::error::eof;
        if (world_.strikes(fault::silent_handshake)) step.takes.reset();
        return step;
    }

    std::shared_ptr<connection> make(bool tls) {
        const direction up = some_direction(fault::stalled_request, fault::reset_request, {});
        const direction down =
            some_direction(fault::stalled_reply, fault::reset_reply, fault::ended_reply);
        const auto made =
            std::make_shared<connection>(world_, connections_.size() + 1, tls, up, down);
        connections_.push_back(made);
        if (on_accept) on_accept(*made);
        return made;
    }

    // How many the clients have open.
    std::size_t open() const {
        std::size_t count = 0;
        for (const auto& each : connections_)
            count += each->is_open() ? 1 : 0;
        return count;
    }

private:
    world::duration some(std::uint64_t least, std::uint64_t most) {
        return world::duration(static_cast<std::int64_t>(world_.chance.about(least, most)));
    }

    connecting_step usual_step() {
        connecting_step step;
        step.takes = some(10, 2 * typical_latency_);
        return step;
    }

    direction some_direction(fault stall, fault reset, std::optional<fault> end) {
        direction made;
        made.latency = some(10, typical_latency_);
        made.jitter = some(1, typical_latency_);
        if (world_.strikes(fault::small_pieces)) made.piece = world_.chance.about(8, 2000);
        if (world_.strikes(fault::small_window)) made.window = world_.chance.about(16, 4000);
        const auto strikes_after = [&](direction::fate what) {
            made.then = what;
            made.after = world_.chance.about(1, 16'000) - 1;
        };
        if (world_.draws(stall)) strikes_after(direction::fate::stalls);
        if (world_.draws(reset)) strikes_after(direction::fate::resets);
        if (end && world_.draws(*end)) strikes_after(direction::fate::ends);
        return made;
    }

    static thread_local inline network* current_ = nullptr;

    world& world_;
    std::uint64_t typical_latency_;
    std::vector<std::shared_ptr<connection>> connections_;
};

// The transport of a client that lives in a simulated world.
class transport {
public:
    using stream_type = stream;
    using timer_type = timer;
    using clock_type = virtual_clock;
    using wall_clock_type = virtual_date;

    // Whatever options real sockets have, none of them means anything here.
    template <class... Options>
    explicit transport(asio::any_io_executor executor, const Options&...)
        : executor_(std::move(executor)) {}

    void prepare_tls() {}

    asio::awaitable<stream> connect(http::url to, net::connect_options options,
                                    net::clocks<timer>& timers) {
        network& wires = network::current();
        net::error_code failure;
        start(timers, errc::resolve_timeout, options.resolve_timeout);
        co_await take(operation::resolve, wires.resolve(), failure);
        if (failure) throw failed(errc::resolve_failed, failure);
        timers.clear(errc::resolve_timeout);

        start(timers, errc::connect_timeout, options.connect_timeout);
        co_await take(operation::connect, wires.connect(), failure);
        if (failure) throw failed(errc::connect_failed, failure);
        timers.clear(errc::connect_timeout);

        stream connected(wires.make(to.is_tls()), executor_);
        if (to.is_tls()) {
            start(timers, errc::tls_timeout, options.tls_timeout);
            co_await take(operation::handshake, wires.shake_hands(), failure);
            const bool closed = failure == asio::error::eof;
            if (failure) throw failed(closed ? errc::connection_lost : errc::tls_failed, failure);
            timers.clear(errc::tls_timeout);
        }
        co_return connected;
    }

    static std::uint64_t random() { return world::current().chance.next(); }

private:
    static void start(net::clocks<timer>& timers, errc which, std::chrono::milliseconds limit) {
        if (limit.count() > 0) timers.set(which, clock_type::now() + limit);
    }

    asio::awaitable<void> take(operation what, connecting_step step, net::error_code& failure) {
        std::shared_ptr<waiting> kept;
        const auto begin = [step, &kept](const std::shared_ptr<waiting>& begun) {
            kept = begun;
            if (step.takes) begun->end_at(virtual_clock::now() + *step.takes, step.result);
        };
        co_await begin_operation(what, executor_, begin,
                                 asio::redirect_error(asio::use_awaitable, failure));
    }

    static error failed(errc what, net::error_code why) {
        error_details details;
        details.cause = why;
        return error(what, "simulated: " + why.message(), std::move(details));
    }

    asio::any_io_executor executor_;
};

}  // namespace conclave::simulation
