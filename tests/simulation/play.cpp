#include "simulation/play.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "every_format.hpp"
#include "simulation/caller.hpp"
#include "simulation/invariants.hpp"
#include "simulation/live_blocks.hpp"
#include "simulation/network.hpp"
#include "simulation/panel_record.hpp"
#include "simulation/provider.hpp"
#include "simulation/replies.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {
namespace {

using namespace std::chrono_literals;

// A world with its wires, its providers and one client, and the roundtables that are played in it.
class stage {
public:
    stage(std::uint64_t seed, choosing choose, client_options options)
        : world_(seed),
          wires_(world_),
          providers_(world_, std::move(choose)),
          retry_budget_(options.retry_budget) {
        wires_.on_accept = [this](connection& made) { providers_.accept(made); };
        client_.emplace(world_.context(), std::move(options));
    }

    world& in() noexcept { return world_; }
    std::optional<simulated_client>& client() noexcept { return client_; }
    std::deque<panel_record>& panels() noexcept { return panels_; }

    panel_record& add(roundtable_request request) {
        return panels_.emplace_back(panels_.size() + 1, std::move(request));
    }

    // Starts a roundtable, looks at what it leaves behind, and then calls `on_end`.
    void start(panel_record& panel, const std::function<void()>& on_end) {
        ++running_;
        simulation::start(*client_, panel, [this, on_end] {
            --running_;
            world_.after(world::duration(1), [this] { look_for_leftovers(); });
            world_.after(world::duration(2), on_end);
        });
    }

    // Plays until nothing is going to happen any more.
    outcome finish() {
        constexpr std::uint64_t enough = 3'000'000;
        std::uint64_t steps = 0;
        while (steps < enough && world_.step())
            ++steps;
        if (steps == enough) world_.complain("the world does not come to an end");
        if (client_) client_->close_idle_connections();
        look_for_leftovers();
        outcome result;
        for (panel_record& panel : panels_) {
            panel.a_timer_failed = world_.a_timer_failed;
            account(panel, result);
        }
        check_retry_budget();
        result.complaints = std::move(world_.complaints);
        result.trace = std::move(world_.trace);
        result.faults = world_.faults;
        result.panels = panels_.size();
        result.requests = providers_.taken().size();
        result.operations = world_.operations();
        return result;
    }

private:
    // Between roundtables nothing is open, pending or running but for pooled connections.
    void look_for_leftovers() {
        if (running_ > 0) return;
        const bool busy = world_.busy();
        if (busy) world_.complain("something still runs");
        if (world_.waiting_count() > 0) {
            world_.complain(std::to_string(world_.waiting_count()) + " operations still pending");
        }
        const std::size_t idle = client_ ? client_->idle_connections() : 0;
        if (wires_.open() != idle) {
            world_.complain(std::to_string(wires_.open()) + " connections open, and " +
                            std::to_string(idle) + " in the pool");
        }
    }

    void account(const panel_record& panel, outcome& result) {
        for (std::string& wrong : panel_check(panel, providers_.taken()).run())
            world_.complain(std::move(wrong));
        result.seats += panel.request.models().size();
        if (!panel.response) return;
        for (const model_result& seat : panel.response->results)
            result.seats_answered += seat.ok() ? 1 : 0;
    }

    // The retries of all roundtables at one provider, against what the calls there may have paid
    // in: one for each seat, and for each seat and each roundtable one that merges. Under a schema
    // each of these may be two calls, of which the second is no retry.
    void check_retry_budget() {
        if (retry_budget_.percent == 0) return;
        std::map<std::string, std::uint64_t> calls;
        std::map<std::string, std::uint64_t> retries;
        std::uint64_t merges = 0;
        const auto provider_of = [](const std::string& model) {
            return model.substr(0, model.find('/'));
        };
        for (const panel_record& panel : panels_) {
            const int own = panel.request.output_schema().empty() ? 1 : 2;
            merges += static_cast<std::uint64_t>(own);
            for (const auto& model : panel.request.models())
                calls[provider_of(model.name())] += 2 * static_cast<std::uint64_t>(own);
            if (!panel.response) continue;
            for (const model_result& seat : panel.response->results) {
                retries[provider_of(seat.model)] +=
                    static_cast<std::uint64_t>(std::max(seat.attempts - own, 0));
            }
        }
        for (const auto& [provider, made] : retries) {
            const std::uint64_t paid = (calls[provider] + merges) * retry_budget_.percent;
            const std::uint64_t most = std::max(retry_budget_.reserve, 1u) + paid / 100;
            if (made <= most) continue;
            world_.complain(std::to_string(made) + " retries at " + provider + " instead of " +
                            std::to_string(most) + " at most");
        }
    }

    world world_;
    network wires_;
    providers providers_;
    retry_budget_options retry_budget_;
    std::deque<panel_record> panels_;
    std::optional<simulated_client> client_;
    std::size_t running_ = 0;
};

client_options reachable_providers() {
    client_options options;
    const auto add = [&](const char* url, const char* prefix) {
        options.endpoints.emplace_back(url, "sk-simulated");
        options.endpoints.back().prefix = prefix;
    };
    add("https://a.test/v1", "a/");
    add("http://b.test/v1", "b/");
    add("https://c.test:8443/v1", "c/");
    return options;
}

// A world in which everything is left to chance.
class random_play {
public:
    explicit random_play(std::uint64_t seed)
        : stage_(seed, choosing([this](const auto& request, std::uint64_t number) {
                     return replies_->choose(request, number);
                 }),
                 random_options(seed)),
          in_(stage_.in()),
          replies_(in_) {
        set_likelihoods();
    }

    outcome play() {
        const auto lanes = in_.chance.one_in(3) ? in_.chance.between(2, 3) : 1;
        for (std::uint64_t lane = 0; lane < lanes; ++lane)
            start_next(static_cast<int>(in_.chance.between(1, 6)));
        return stage_.finish();
    }

private:
    std::chrono::milliseconds some(std::uint64_t least, std::uint64_t most) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(in_.chance.about(least, most)));
    }

    // Before there is a world: from the seed by another way.
    static client_options random_options(std::uint64_t seed) {
        random_source chance(~seed);
        client_options options = reachable_providers();
        const auto formats = testing::every_format();
        for (endpoint& each : options.endpoints)
            each.format = formats[chance.between(0, formats.size() - 1)].format;
        const auto limit = [&] {
            return std::chrono::milliseconds(
                chance.one_in(6) ? 0 : static_cast<std::int64_t>(chance.about(5, 20'000)));
        };
        options.connect.resolve_timeout = limit();
        options.connect.connect_timeout = limit();
        options.connect.tls_timeout = limit();
        options.timeouts.first_token_timeout = limit();
        options.timeouts.idle_timeout = limit();
        options.timeouts.attempt_timeout = limit();
        options.pool.max_idle_per_origin = chance.between(0, 8);
        options.pool.max_connections_per_origin = chance.one_in(2) ? 0 : chance.about(1, 8);
        options.pool.resend_on_dead_connection = !chance.one_in(4);
        options.pool.idle_timeout = limit();
        options.limits.body_size = 100'000;
        options.limits.event_size = 50'000;
        const bool is_limited = !chance.one_in(3);
        options.retry_budget.percent =
            is_limited ? static_cast<std::uint32_t>(chance.about(1, 50)) : 0;
        options.retry_budget.reserve = static_cast<std::uint32_t>(chance.between(0, 20));
        return options;
    }

    // Which faults there are differs from world to world: where everything goes wrong at once,
    // nothing ever gets far.
    void set_likelihoods() {
        if (in_.chance.one_in(10)) return;
        const auto most = in_.chance.about(20, 400);
        for (unsigned& likelihood : in_.likelihood) {
            if (in_.chance.one_in(2)) continue;
            likelihood = static_cast<unsigned>(in_.chance.about(2, most));
        }
        // What callers do happens once in a roundtable, and not with every step of it.
        for (const fault rare :
             {fault::cancelled, fault::cancelled_at_operation, fault::cancelled_after_operation,
              fault::abandoned_stream, fault::slow_reader, fault::throwing_handler,
              fault::destroyed_client, fault::retry_after}) {
            if (in_.chance.one_in(2)) in_.likelihood[static_cast<std::size_t>(rare)] = 200;
        }
    }

    roundtable_request some_request(std::size_t number) {
        constexpr std::array<std::string_view, 5> models = {"a/anna", "a/arno", "b/berta", "b/bodo",
                                                            "c/carla"};
        roundtable_request request("Question #" + std::to_string(number) + ": tabs or spaces?");
        for (auto seats = in_.chance.about(1, 16); seats > 0; --seats)
            request.model(std::string(in_.chance.pick(models)));
        constexpr std::array<resolution, 3> ways = {resolution::summary, resolution::fast,
                                                    resolution::multiple_choice};
        request.resolve_by(in_.chance.pick(ways));
        if (request.resolution() == resolution::multiple_choice) {
            request.choice("red").choice("green").choice("blue");
        } else if (in_.chance.one_in(5)) {
            request.output_schema(R"({"type":"object"})");
        }
        if (in_.chance.one_in(4)) request.summary_model(std::string(in_.chance.pick(models)));
        request.max_retries(static_cast<int>(in_.chance.between(0, 3)));
        if (in_.chance.one_in(3)) request.deadline(some(2, 60'000));
        return request.timeout(some(2, 60'000));
    }

    void start_next(int left) {
        if (left == 0 || !stage_.client()) return;
        panel_record& panel = stage_.add(some_request(stage_.panels().size() + 1));
        choose_way(panel);
        stage_.start(panel, [this, left] {
            in_.after(world::duration(in_.chance.about(1, 60'000'000)),
                      [this, left] { start_next(left - 1); });
        });
        disturb(panel);
        if (left == 1 && in_.strikes(fault::destroyed_client)) {
            in_.after(some(1, 5000), [this] { stage_.client().reset(); });
        }
    }

    void choose_way(panel_record& panel) {
        constexpr std::array<way, 4> ways = {way::plain, way::watching, way::watching,
                                             way::pulling};
        panel.asked = in_.chance.pick(ways);
        if (panel.asked == way::watching && in_.draws(fault::throwing_handler)) {
            panel.throws_at = in_.chance.about(1, 100);
        }
        if (panel.asked != way::pulling) return;
        if (in_.draws(fault::abandoned_stream)) panel.abandons_at = in_.chance.about(1, 100);
        if (in_.strikes(fault::slow_reader)) panel.pause = some(1, 4000);
    }

    void disturb(panel_record& panel) {
        const auto stop = [&panel] { cancel(panel); };
        if (in_.strikes(fault::cancelled)) {
            const auto longest = static_cast<std::uint64_t>(panel.request.timeout().count()) * 1000;
            const auto when = world::duration(in_.chance.about(1, 2 * longest));
            in_.after(when, stop);
            if (in_.chance.one_in(4)) in_.after(2 * when, stop);
        } else if (in_.draws(fault::cancelled_at_operation)) {
            in_.single_out(in_.chance.about(1, 400), interference::cancelled, stop);
        } else if (in_.draws(fault::cancelled_after_operation)) {
            in_.single_out(in_.chance.about(1, 400), interference::cancelled_late, stop);
        }
    }

    stage stage_;
    world& in_;
    std::optional<reply_chooser> replies_;
};

// Two roundtables that go well, but for one busy moment.
class canonical_play {
public:
    canonical_play()
        : stage_(1, choosing([this](const auto& request, std::uint64_t number) {
                     return reply(request, number);
                 }),
                 reachable_providers()) {}

    outcome play(std::uint64_t number, interference how) {
        const auto ask = [this](resolution by) -> panel_record& {
            const std::size_t place = stage_.panels().size() + 1;
            roundtable_request request("Question #" + std::to_string(place));
            request.model("a/anna").model("b/berta").model("c/carla");
            request.resolve_by(by).timeout(5s).max_retries(1);
            return stage_.add(std::move(request));
        };
        panel_record& first = ask(resolution::summary);
        panel_record& second = ask(resolution::fast);
        stage_.in().single_out(number, how, [&] { cancel(first.ended ? second : first); });
        stage_.start(first, [&] { stage_.start(second, [] {}); });
        outcome result = stage_.finish();
        for (const panel_record& panel : stage_.panels())
            require_answers(panel, result);
        return result;
    }

private:
    chosen_reply reply(const testing::recorded_request& request, std::uint64_t number) {
        chosen_reply chosen;
        if (request.model == "berta" && !refused_) {
            refused_ = true;
            chosen.retry_after = 5ms;
            chosen.cost = 0.0;
            chosen.reply = testing::status(503).header("retry-after-ms", "5");
            return chosen;
        }
        chosen.text = request.model + " says " + std::to_string(number);
        chosen.cost = 0.25;
        chosen.reply = testing::answer(chosen.text).cost(0.25).token_every(3ms);
        return chosen;
    }

    // One operation is one seat's, or the merging's: the others do not suffer.
    static void require_answers(const panel_record& panel, outcome& result) {
        if (panel.cancelled) return;
        std::size_t answered = 0;
        if (panel.response) answered = panel.response->meta.models_used.size();
        if (answered + 1 >= panel.request.models().size()) return;
        result.complaints.push_back("panel " + std::to_string(panel.number) + ": only " +
                                    std::to_string(answered) + " seats answered");
    }

    stage stage_;
    bool refused_ = false;
};

template <class Play>
outcome with_blocks_counted(const Play& play) {
    const std::size_t before = live_blocks();
    outcome result = play();
    std::size_t own = result.complaints.capacity() > 0 ? 1 : 0;
    for (const std::string& each : result.complaints)
        own += each.capacity() > 15 ? 1 : 0;
    own += result.trace.capacity() > 15 ? 1 : 0;
    result.blocks_left = live_blocks() - before - own;
    if (result.blocks_left > 0) {
        result.complaints.push_back(std::to_string(result.blocks_left) +
                                    " blocks of memory are left over");
    }
    return result;
}

}  // namespace

outcome play(std::uint64_t seed) {
    return with_blocks_counted([seed] { return random_play(seed).play(); });
}

outcome play_canonical(std::uint64_t number, interference how) {
    return with_blocks_counted([=] { return canonical_play().play(number, how); });
}

}  // namespace conclave::simulation
