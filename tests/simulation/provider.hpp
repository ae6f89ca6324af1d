#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/response_plan.hpp>
#include <conclave/testing/services.hpp>

#include "simulation/connection.hpp"
#include "simulation/replies.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {

// A request that a provider has taken whole, and may charge for.
struct taken_request {
    // The question's number, the model asked for, and which call it is an attempt of.
    std::size_t question = 0;
    std::string model;
    std::string key;
    // Whether it asks for answers to be merged.
    bool merges = false;
    world::time_point at;
    // Whether the connection has served a request before.
    bool reused = false;
    chosen_reply chosen;
    // How long the reply's head is, and how much of the reply the client has read.
    std::size_t head_size = 0;
    const channel* down = nullptr;
    std::size_t before = 0;

    std::size_t heard() const { return down->taken() - before; }
};

// Chooses the reply to a request, of a number that tells it from all others.
using choosing = std::function<chosen_reply(const testing::recorded_request&, std::uint64_t)>;

// One end of a connection: reads requests and plays the replies to them.
class session {
public:
    session(world& in, connection& on, std::vector<taken_request>& taken, const choosing& choose)
        : world_(in), on_(on), taken_(taken), choose_(choose) {
        on_.up.on_arrival = [this] { listen(); };
        on_.down.on_room = [this] { pump(); };
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

private:
    enum class state { head, body, replying, gone };

    void listen() {
        input_ += on_.up.take_all();
        while (state_ == state::head || state_ == state::body) {
            const bool more = state_ == state::head ? read_head() : read_body();
            if (!more) break;
        }
        if ((on_.up.ended() || on_.up.broken()) && state_ != state::gone) leave();
    }

    void leave() {
        world_.note("left", on_.number());
        state_ = state::gone;
        ++generation_;
        on_.down.end(false);
    }

    bool read_head() {
        input_.erase(0, parser_.feed(input_));
        if (parser_.error()) return malformed(parser_.error().message());
        if (!parser_.done()) return false;
        const auto head = parser_.release();
        parser_ = http::request_parser();
        request_ = testing::recorded_request();
        request_.method = head.method;
        request_.target = head.target;
        request_.header = head.header;
        request_.connection = on_.number();
        decoder_ = http::body_decoder();
        if (http::body_decoder::for_request(head, decoder_)) return malformed("framing");
        state_ = state::body;
        return true;
    }

    bool read_body() {
        const auto piece = decoder_.decode(std::span<char>(input_));
        request_.body.append(piece.payload.data(), piece.payload.size());
        input_.erase(0, piece.consumed);
        if (decoder_.error()) return malformed(decoder_.error().message());
        if (!decoder_.done()) return false;
        const std::string_view path =
            std::string_view(request_.target).substr(0, request_.target.find('?'));
        service_ = testing::detail::find_service(request_.method, path);
        if (service_ == nullptr) return malformed("no such path");
        const std::string wrong = service_->read_request(request_);
        if (!wrong.empty()) return malformed(wrong);
        reply();
        return false;
    }

    // What a client of ours sends is never that.
    bool malformed(const std::string& why) {
        world_.complain("a provider got a malformed request: " + why);
        leave();
        return false;
    }

    void reply() {
        taken_request taken;
        taken.model = request_.model;
        taken.key = request_.header.find("idempotency-key").value_or("");
        taken.merges = request_.body.find(merging_words) != std::string::npos;
        taken.question = question_number();
        taken.at = world_.now();
        taken.reused = served_++ > 0;
        taken.down = &on_.down;
        taken.before = on_.down.taken();
        const std::uint64_t number = taken_.size() + 1;
        world_.note("taken", number, on_.number(), digest(request_.body), taken.key);
        taken.chosen = choose_(request_, number);
        play(taken.chosen.reply, number);
        taken.head_size = head_size_;
        taken_.push_back(std::move(taken));
    }

    // Of the first message, as the last one may be a complaint.
    std::size_t question_number() const {
        constexpr std::string_view words = "Question #";
        std::size_t number = 0;
        const std::size_t at = request_.body.find(words);
        if (at == std::string::npos) return 0;
        for (std::size_t i = at + words.size(); i < request_.body.size(); ++i) {
            const char digit = request_.body[i];
            if (digit < '0' || digit > '9') break;
            number = number * 10 + static_cast<std::size_t>(digit - '0');
        }
        return number;
    }

    void play(const testing::scripted_reply& reply, std::uint64_t number) {
        using testing::detail::response_planner;
        plan_ = response_planner(reply.script(), *service_, request_, number, true).make();
        head_size_ = head_size();
        state_ = state::replying;
        next_write_ = endless_sent_ = 0;
        ++generation_;
        scheduled_ = false;
        pump();
    }

    // Of the reply that is played; where its head is cut off, nobody ever gets to its end.
    std::size_t head_size() const {
        std::string all;
        for (const auto& each : plan_.writes)
            all += each.bytes;
        const std::size_t end = all.find("\r\n\r\n");
        return end == std::string::npos ? end : end + 4;
    }

    void schedule() {
        scheduled_ = true;
        world_.after(plan_.writes[next_write_].after, [this, mine = generation_] {
            if (mine != generation_) return;
            scheduled_ = false;
            outbox_ += plan_.writes[next_write_++].bytes;
            pump();
        });
    }

    // Sends what there is room for, and goes on when all of it is on its way.
    void pump() {
        if (state_ != state::replying) return;
        outbox_.erase(0, on_.down.send(outbox_));
        if (!outbox_.empty()) return;
        if (next_write_ < plan_.writes.size()) {
            if (!scheduled_) schedule();
            return;
        }
        while (!plan_.endless.empty() && endless_sent_ < endless_limit && outbox_.empty()) {
            outbox_ = plan_.endless;
            endless_sent_ += outbox_.size();
            outbox_.erase(0, on_.down.send(outbox_));
        }
        if (outbox_.empty()) finish();
    }

    void finish() {
        using ending = testing::detail::response_plan::ending;
        state_ = state::gone;
        switch (plan_.then) {
            case ending::keep_alive: return wait_for_next();
            case ending::stall: return;
            case ending::close: return on_.down.end(true);
            case ending::drop: return on_.down.end(false);
            case ending::reset: return on_.reset_by_provider();
        }
    }

    void wait_for_next() {
        state_ = state::head;
        const bool says_so = world_.draws(fault::unasked_reply);
        if (says_so || world_.draws(fault::closed_while_idle)) {
            // At times in the same breath.
            const auto wait = static_cast<std::int64_t>(
                world_.chance.one_in(4) ? 0 : world_.chance.about(1, 40'000'000));
            world_.after(world::duration(wait), [this, mine = generation_, says_so] {
                if (mine == generation_ && state_ == state::head) close_idle(says_so);
            });
        }
        listen();
    }

    void close_idle(bool says_so) {
        world_.count(says_so ? fault::unasked_reply : fault::closed_while_idle);
        if (says_so) {
            on_.down.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n");
        }
        on_.down.end(true);
        state_ = state::gone;
    }

    static constexpr std::size_t endless_limit = 300'000;
    static constexpr std::string_view merging_words = "Several models answered";

    world& world_;
    connection& on_;
    std::vector<taken_request>& taken_;
    const choosing& choose_;
    state state_ = state::head;
    std::string input_;
    http::request_parser parser_;
    http::body_decoder decoder_;
    const testing::detail::service* service_ = nullptr;
    testing::recorded_request request_;
    std::size_t served_ = 0;

    testing::detail::response_plan plan_;
    std::size_t head_size_ = 0;
    std::string outbox_;
    std::size_t next_write_ = 0;
    std::size_t endless_sent_ = 0;
    std::uint64_t generation_ = 0;
    bool scheduled_ = false;
};

// Every provider of a world.
class providers {
public:
    providers(world& in, choosing choose) : world_(in), choose_(std::move(choose)) {}
    providers(const providers&) = delete;
    providers& operator=(const providers&) = delete;

    void accept(connection& on) {
        sessions_.push_back(std::make_unique<session>(world_, on, taken_, choose_));
    }

    const std::vector<taken_request>& taken() const noexcept { return taken_; }

private:
    world& world_;
    choosing choose_;
    std::vector<taken_request> taken_;
    std::vector<std::unique_ptr<session>> sessions_;
};

}  // namespace conclave::simulation
