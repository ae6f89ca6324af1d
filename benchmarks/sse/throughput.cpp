// How fast whole streams are read.

#include <benchmark/benchmark.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "allocations.hpp"
#include "contender.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "reads.hpp"

namespace conclave::benchmarks {
namespace {

clock_watch& watch() {
    static clock_watch one;
    return one;
}

// A contender on a corpus, ready to be measured again and again.
struct subject {
    std::shared_ptr<const corpus> of;
    std::shared_ptr<contender> who;
    std::shared_ptr<const reads> pieces;
    bool cold = false;

    void pass() const {
        source from = pieces->start();
        sink to;
        who->run(from, to);
        benchmark::DoNotOptimize(to.touched());
    }
};

// Each repetition takes one sample; Google Benchmark interleaves those of all subjects.
void sample_once(benchmark::State& state, const subject& what) {
    std::uint64_t allocations = 0;
    sample_result found;
    for (auto _ : state) {
        what.pass();
        found = take_sample(
            watch(), [&] { what.cold ? evict(what.of->bytes) : what.pass(); },
            [&] {
                const std::uint64_t before = allocation_count();
                what.pass();
                allocations = allocation_count() - before;
            });
        state.SetIterationTime(found.ns / 1e9);
    }
    if (!found.accepted) {
        state.SkipWithError("the clock was never steady");
        return;
    }
    state.counters["bytes"] = static_cast<double>(what.of->bytes.size());
    state.counters["events"] = static_cast<double>(what.of->event_ends.size());
    state.counters["allocations"] = static_cast<double>(allocations);
    state.counters["rejected"] = static_cast<double>(found.rejected);
    state.counters["ghz"] = watch().highest();
}

class registry {
public:
    explicit registry(const plan& how) : how_(how) {}

    void add(std::string_view who, std::string_view on, split by, bool cold = false) {
        const std::shared_ptr<const corpus> of = corpus_of(on);
        for (const candidate& each : candidates()) {
            if (each.name != who) continue;
            subject what{of, each.make(*of), std::make_shared<reads>(*of, by), cold};
            if (what.who == nullptr) return;
            const std::string name = "throughput/" + std::string(who) + '/' + of->name + '/' +
                                     std::string(to_string(by)) + (cold ? "/cold" : "/hot");
            benchmark::RegisterBenchmark(
                name.c_str(), [what](benchmark::State& state) { sample_once(state, what); })
                ->UseManualTime()
                ->Iterations(1)
                ->Repetitions(who == "nlohmann" ? (how_.samples + 3) / 4 : how_.samples)
                ->Unit(benchmark::kMicrosecond);
        }
    }

private:
    std::shared_ptr<const corpus> corpus_of(std::string_view name) {
        auto& found = corpora_[std::string(name)];
        if (found == nullptr) {
            const std::size_t size = name == "e" ? std::size_t{4} << 20 : how_.slice;
            found = std::make_shared<corpus>(make_corpus(name, size));
        }
        return found;
    }

    plan how_;
    std::map<std::string, std::shared_ptr<const corpus>> corpora_;
};

}  // namespace

void register_throughput(const plan& how) {
    registry all(how);
    for (const std::string_view on : corpus_names()) {
        for (const candidate& who : candidates())
            all.add(who.name, on, split::read_16k);
    }
    constexpr auto compared = std::to_array<std::string_view>(
        {"copy", "nlohmann", "handbuilt", "framing", "general", "delta"});
    constexpr auto others =
        std::to_array<split>({split::read_1400, split::read_64, split::random, split::one_byte});
    for (const std::string_view who : compared) {
        for (const std::string_view on : {"a", "b", "c"}) {
            for (const split by : others)
                all.add(who, on, by);
        }
        all.add(who, "e", split::read_1400);
    }
    for (const std::string_view on : {"a", "a2", "b", "c", "f", "g"}) {
        for (const std::string_view who :
             {"copy", "memchr", "presplit", "handbuilt", "framing", "general", "delta"}) {
            all.add(who, on, split::read_16k, true);
        }
    }
}

}  // namespace conclave::benchmarks
