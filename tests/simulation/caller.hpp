#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <conclave/client/client.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/roundtable.hpp>
#include <conclave/roundtable/stream.hpp>

#include "simulation/network.hpp"
#include "simulation/panel_record.hpp"
#include "simulation/waiting.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

using simulated_client = basic_client<transport>;

// Writes down what a caller is shown, and throws where it is told to.
class event_recorder {
public:
    explicit event_recorder(panel_record& panel) : panel_(panel) {}

    void operator()(const roundtable_event& seen) {
        panel_.events.emplace_back(seen);
        note(panel_, panel_.events.back());
        if (panel_.events.size() != panel_.throws_at) return;
        world::current().count(fault::throwing_handler);
        panel_.handler_threw = true;
        throw handler_exception();
    }

    static void note(const panel_record& panel, const stream_event& seen) {
        world::current().note("panel", panel.number, to_string(seen.type), seen.model_index,
                              digest(seen.delta), seen.error, seen.data);
    }

private:
    panel_record& panel_;
};

inline asio::awaitable<void> watch(simulated_client& via, panel_record& panel) {
    event_recorder on_event(panel);
    auto response = co_await roundtable(via, panel.request, on_event);
    panel.response = std::move(response);
}

inline asio::awaitable<void> pull(simulated_client& via, panel_record& panel) {
    const auto executor = co_await asio::this_coro::executor;
    auto stream = roundtable_stream(via, panel.request);
    timer pause(executor);
    while (true) {
        const auto seen = co_await stream.next();
        if (!seen) break;
        panel.events.push_back(*seen);
        event_recorder::note(panel, *seen);
        if (seen->response) panel.response = *seen->response;
        if (panel.events.size() == panel.abandons_at) {
            world::current().count(fault::abandoned_stream);
            panel.abandoned = true;
            co_return;
        }
        if (panel.pause.count() == 0) continue;
        panel.paused += panel.pause;
        pause.expires_after(panel.pause);
        net::error_code failure;
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failure));
        if (!failure) continue;
        panel.abandoned = true;
        throw error(errc::cancelled);
    }
}

// Takes note of how a roundtable ended.
inline void conclude(panel_record& panel, std::exception_ptr thrown) {
    world& in = world::current();
    panel.ended = in.now();
    if (thrown) {
        panel.response.reset();
        try {
            std::rethrow_exception(thrown);
        } catch (const error& failure) {
            panel.failure = failure;
        } catch (const handler_exception&) {
        } catch (const net::system_error& failure) {
            // What Asio throws where a coroutine of ours was cancelled between two awaits.
            if (failure.code() == asio::error::operation_aborted) {
                panel.failure.emplace(errc::cancelled);
            } else {
                panel.threw_other = true;
            }
        } catch (...) {
            panel.threw_other = true;
        }
    }
    in.note("panel", panel.number, "ends", panel.response ? panel.response->to_json() : "",
            panel.failure ? panel.failure->what() : "");
}

// Starts a roundtable in the way it is to be asked, and calls `on_end` after its end.
inline void start(simulated_client& via, panel_record& panel, std::function<void()> on_end) {
    world& in = world::current();
    panel.started = in.now();
    in.note("panel", panel.number, "starts", panel.request.models().size(),
            to_string(panel.request.resolution()), panel.request.timeout().count());
    const auto slot = panel.stop.slot();
    if (panel.asked == way::plain) {
        auto done = [&panel, on_end](std::exception_ptr thrown, roundtable_response response) {
            panel.response = std::move(response);
            conclude(panel, thrown);
            on_end();
        };
        async_roundtable(via, panel.request,
                         asio::bind_cancellation_slot(
                             slot, asio::bind_executor(in.context().get_executor(), done)));
        return;
    }
    auto done = [&panel, on_end](std::exception_ptr thrown) {
        conclude(panel, thrown);
        on_end();
    };
    const auto ask = [&via, &panel] {
        return panel.asked == way::watching ? watch(via, panel) : pull(via, panel);
    };
    asio::co_spawn(in.context(), ask, asio::bind_cancellation_slot(slot, done));
}

inline void cancel(panel_record& panel) {
    if (!panel.started || panel.ended) return;
    world& in = world::current();
    in.note("panel", panel.number, "is cancelled");
    if (!panel.cancelled) panel.cancelled = in.now();
    panel.stop.emit(asio::cancellation_type::terminal);
}

}  // namespace conclave::simulation
