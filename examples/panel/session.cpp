#include "session.hpp"

#include "text.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace panel {

namespace {

constexpr milliseconds frame_time{66};
constexpr std::size_t panel_size = 3;

// Throws if an answer that nobody may ask for again goes nowhere.
void write_or_throw(std::string_view text) {
    if (const auto failure = write_output(text)) {
        throw std::runtime_error("cannot write the answer: " + failure.message());
    }
}

std::vector<std::string> chosen_models(const options& given, const source& from) {
    if (!given.models.empty()) return given.models;
    if (!given.every_format) return from.models;
    if (from.every_format.empty()) {
        throw usage_error("--every-format is for the scripted panel, which answers without a key");
    }
    return from.every_format;
}

// Whether a server was reached that has no list of models, or none that can be read.
bool may_serve_models(const conclave::error& failure) {
    const int status = failure.http_status();
    return status != 0 && status < 500 && status != 401 && status != 403 && status != 429;
}

}  // namespace

session::session(options given, source asked)
    : given_(std::move(given)),
      source_(std::move(asked)),
      is_live_(!given_.json && output_is_terminal()),
      paint_(is_live_ && given_.colours),
      models_(chosen_models(given_, source_)),
      client_(context_, source_.client),
      ending_(context_, SIGINT, SIGTERM),
      suspending_(context_),
      next_frame_(context_) {}

int session::run() {
    watch_signals();
    const auto on_end = [this](std::exception_ptr failure) { finish(failure); };
    asio::co_spawn(context_, ask(), asio::bind_cancellation_slot(stop_.slot(), on_end));
    context_.run();
    if (interrupted_ != 0) return 128 + interrupted_;
    if (failure_) std::rethrow_exception(failure_);
    show_outcome();
    return state_->response->meta.models_used.empty() ? 1 : 0;
}

asio::awaitable<void> session::ask() {
    if (models_.empty()) co_await choose_models();
    const auto request = make_request(given_, models_);
    validate(request);

    state_.emplace(models_, request.resolution());
    started_ = std::chrono::steady_clock::now();
    auto on_event = [this](const conclave::roundtable_event& seen) { see(seen); };
    co_await conclave::roundtable(client_, request, on_event);
}

void session::open() {
    is_open_ = true;
    if (given_.json) {
        std::fprintf(stderr, "%s\n", source_.notice.c_str());
        return;
    }
    const std::size_t width = is_live_ ? terminal_size().line_width() : unbounded;
    print(opening_block(source_.notice, given_.question, width, paint_));
    if (is_live_) redraw_later();
}

asio::awaitable<void> session::choose_models() {
    std::string why = "it has none";
    bool is_served = true;
    try {
        models_ = co_await conclave::list_models(client_);
    } catch (const conclave::error& failure) {
        if (failure.code() == conclave::errc::cancelled) throw;
        why = failure.what();
        is_served = may_serve_models(failure);
    }
    if (models_.empty()) {
        throw std::runtime_error("no list of models from the server: " + why +
                                 (is_served ? ". Name them yourself: --models a,b,c" : ""));
    }
    models_.resize(std::min(models_.size(), panel_size));
    if (models_.size() == 1) models_.assign(panel_size, std::string(models_.front()));
}

// The first signal ends the roundtable, and whatever comes after it has its usual effect.
void session::watch_signals() {
    ending_.async_wait([this](const std::error_code& failure, int number) {
        if (failure) return;
        interrupted_ = number;
        ending_.clear();
        screen_.release("Interrupted.");
        stop_.emit(asio::cancellation_type::terminal);
    });
    if (!is_live_) return;
    suspending_.add(SIGTSTP);
    watch_suspension();
}

// The shell gets its cursor back while the program is suspended.
void session::watch_suspension() {
    suspending_.async_wait([this](const std::error_code& failure, int) {
        if (failure) return;
        screen_.release();
        std::raise(SIGSTOP);
        watch_suspension();
    });
}

void session::redraw_later() {
    next_frame_.expires_after(frame_time);
    next_frame_.async_wait([this](const std::error_code& failure) {
        if (failure || interrupted_ != 0) return;
        redraw();
        redraw_later();
    });
}

void session::redraw() {
    const screen_size size = terminal_size();
    screen_.draw(live_frame(*state_, size, paint_, elapsed()), size);
}

void session::see(const conclave::roundtable_event& seen) {
    // Not before the first seat has started: what cannot be asked is refused without a word of it.
    if (!is_open_) open();
    state_->apply(seen, elapsed());
    if (is_live_ || given_.json || seen.result == nullptr) return;
    print(seat_block(state_->seats[seen.model_index], unbounded, paint_, unbounded));
    write_or_throw("\n");
}

void session::print(const lines& block) const {
    std::string text;
    for (const std::string& line : block)
        text += line + '\n';
    write_or_throw(text);
}

void session::finish(std::exception_ptr failure) {
    failure_ = failure;
    ending_.cancel();
    suspending_.cancel();
    next_frame_.cancel();
}

void session::show_outcome() {
    if (given_.json) {
        write_or_throw(state_->response->to_json() + '\n');
    } else if (is_live_) {
        const screen_size size = terminal_size();
        screen_.draw(final_picture(*state_, size.line_width(), paint_), size);
        screen_.release();
    } else {
        print(outcome_block(*state_, unbounded, paint_));
    }
}

milliseconds session::elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started_);
}

}  // namespace panel
