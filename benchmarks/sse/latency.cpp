// How long a reader takes for one event, when each comes alone, as tokens do.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contender.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "reads.hpp"

namespace conclave::benchmarks {
namespace {

// Stamps the time from when a read has brought an event to when the reader asks for the next. The
// figures include what the stamps themselves cost.
class stopwatch final : public read_observer {
public:
    stopwatch(std::size_t batch, bool cold) : batch_(batch), cold_(cold) {}

    void before_read() override {
        if (begin_ != 0) pending_.push_back(second_ticks() - begin_);
        if (pending_.size() >= batch_) end_batch();
        if (cold_) evict({});
    }
    void after_read() override { begin_ = first_ticks(); }

    // Keeps the stamps of a batch if the clock was steady around it.
    void end_batch() {
        const bool steady = watch_.steady();
        if (steady && was_steady_) {
            kept_.insert(kept_.end(), pending_.begin(), pending_.end());
        } else {
            rejected_ += pending_.size();
        }
        was_steady_ = steady;
        pending_.clear();
    }
    void start() {
        begin_ = 0;
        pending_.clear();
        was_steady_ = watch_.steady();
    }

    std::vector<std::uint64_t>& kept() { return kept_; }
    std::size_t rejected() const { return rejected_; }

private:
    clock_watch watch_;
    std::size_t batch_;
    bool cold_;
    std::uint64_t begin_ = 0;
    bool was_steady_ = false;
    std::vector<std::uint64_t> pending_;
    std::vector<std::uint64_t> kept_;
    std::size_t rejected_ = 0;
};

double percentile(const std::vector<std::uint64_t>& sorted, double of) {
    const auto place = static_cast<std::size_t>(of * static_cast<double>(sorted.size() - 1));
    return static_cast<double>(sorted[place]) / ticks_per_ns();
}

struct subject {
    std::shared_ptr<const corpus> of;
    std::shared_ptr<contender> who;
    std::shared_ptr<const reads> pieces;
    int passes;
    bool cold;
};

void measure(benchmark::State& state, const subject& what) {
    stopwatch times(what.cold ? 20 : 200, what.cold);
    for (auto _ : state) {
        // until enough was kept, but not for ever
        const std::size_t wanted =
            static_cast<std::size_t>(what.passes) * what.of->event_ends.size() / 2;
        const std::uint64_t started = now_ns();
        for (int pass = -1; pass < what.passes || times.kept().size() < wanted; ++pass) {
            if (pass >= what.passes && now_ns() - started > 3'000'000'000) break;
            source from = what.pieces->start();
            sink to;
            if (pass >= 0) {
                times.start();
                from.observe_with(times);
            }
            what.who->run(from, to);
            benchmark::DoNotOptimize(to.touched());
        }
        state.SetIterationTime(1);
    }
    std::vector<std::uint64_t>& kept = times.kept();
    if (kept.empty()) {
        state.SkipWithError("the clock was never steady");
        return;
    }
    std::ranges::sort(kept);
    state.counters["p50_ns"] = percentile(kept, 0.5);
    state.counters["p99_ns"] = percentile(kept, 0.99);
    state.counters["p999_ns"] = percentile(kept, 0.999);
    state.counters["samples"] = static_cast<double>(kept.size());
    state.counters["rejected"] = static_cast<double>(times.rejected());
}

}  // namespace

void register_latency(const plan& how) {
    for (const std::string_view on : {"a", "b"}) {
        const auto large = std::make_shared<corpus>(make_corpus(on, how.latency_slice));
        // Evicting takes long, so fewer events are read cold.
        const auto small = std::make_shared<corpus>(make_corpus(on, how.cold_events * 300));
        for (const bool cold : {false, true}) {
            const auto& of = cold ? small : large;
            const auto pieces = std::make_shared<reads>(*of, split::event);
            for (const candidate& who : candidates()) {
                if (who.name == "memchr_in_place" || who.name.starts_with("presplit")) continue;
                if (cold && who.name == "nlohmann") continue;
                subject what{of, who.make(*of), pieces, cold ? how.cold_passes : how.latency_passes,
                             cold};
                if (what.who == nullptr) continue;
                const std::string name = "latency/" + std::string(who.name) + '/' + of->name +
                                         "/event" + (cold ? "/cold" : "/hot");
                benchmark::RegisterBenchmark(
                    name.c_str(), [what](benchmark::State& state) { measure(state, what); })
                    ->UseManualTime()
                    ->Iterations(1);
            }
        }
    }
}

}  // namespace conclave::benchmarks
