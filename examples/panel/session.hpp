#pragma once

#include "options.hpp"
#include "source.hpp"
#include "state.hpp"
#include "terminal.hpp"
#include "view.hpp"

#include <conclave/conclave.hpp>

#include <asio/signal_set.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace panel {

/// One run of the program: asks, shows, and can be interrupted. All of it on one thread.
class session {
public:
    session(options given, source asked);

    /// The status to leave with. Throws what the roundtable throws.
    int run();

    /// The signal that ended the run, 0 if none did.
    int interrupted() const noexcept { return interrupted_; }

private:
    asio::awaitable<void> ask();
    asio::awaitable<void> choose_models();

    void watch_signals();
    void watch_suspension();
    void redraw_later();
    void redraw();

    void see(const conclave::roundtable_event& seen);
    void print(const lines& block) const;
    void open();
    void finish(std::exception_ptr failure);
    void show_outcome();
    milliseconds elapsed() const;

    options given_;
    source source_;
    const bool is_live_;
    bool is_open_ = false;
    const painter paint_;
    std::vector<std::string> models_;

    asio::io_context context_{1};
    conclave::client client_;
    asio::cancellation_signal stop_;
    asio::signal_set ending_;
    asio::signal_set suspending_;
    asio::steady_timer next_frame_;

    std::optional<panel_state> state_;
    std::chrono::steady_clock::time_point started_;
    screen screen_;
    std::exception_ptr failure_;
    int interrupted_ = 0;
};

}  // namespace panel
