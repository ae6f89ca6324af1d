// Whether time grows as the input does when every byte comes alone.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <limits>
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

// One event of that size, or a stream of usual ones.
corpus make_stream(std::string_view kind, std::size_t size) {
    if (kind == "stream") return make_corpus("a", size);
    corpus made;
    made.name = "one";
    made.wire = format::chat_completions;
    const std::string text(size - 200, 'x');
    made.bytes =
        "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
        "\"delta\":{\"content\":\"" +
        text + "\"},\"finish_reason\":null}]}\n\n";
    made.event_ends.push_back(made.bytes.size());
    return made;
}

double fastest_read(std::string_view who, const corpus& of) {
    double best = std::numeric_limits<double>::max();
    const reads pieces(of, split::one_byte);
    for (const candidate& each : candidates()) {
        if (each.name != who) continue;
        const auto one = each.make(of);
        if (one == nullptr) return 0;
        for (int i = 0; i < 3; ++i) {
            source from = pieces.start();
            sink to;
            const double begin = processor_ns();
            one->run(from, to);
            best = std::min(best, processor_ns() - begin);
            benchmark::DoNotOptimize(to.touched());
        }
    }
    return best;
}

// The largest of time(2n)/time(n), for n doubling from an eighth of the largest size.
void measure(benchmark::State& state, const std::string& who, const std::string& kind,
             std::size_t mib) {
    double worst = 0, last = 0;
    for (auto _ : state) {
        for (std::size_t size = (mib << 20) / 8; size <= mib << 20; size *= 2) {
            const double ns = fastest_read(who, make_stream(kind, size));
            if (last != 0) worst = std::max(worst, ns / last);
            last = ns;
        }
        state.SetIterationTime(last / 1e9);
    }
    state.counters["ratio"] = worst;
    state.counters["mib"] = static_cast<double>(mib);
}

}  // namespace

void register_linearity(const plan& how) {
    for (const std::string who : {"framing", "general", "delta"}) {
        const auto of = make_corpus("a", 1);
        const auto known = [&] {
            for (const candidate& each : candidates())
                if (each.name == who) return each.make(of) != nullptr;
            return false;
        }();
        if (!known) continue;
        for (const std::string kind : {"stream", "one_event"}) {
            benchmark::RegisterBenchmark(("linearity/" + who + '/' + kind + "/1B").c_str(),
                                         [=, mib = how.linearity_mib](benchmark::State& state) {
                                             measure(state, who, kind, mib);
                                         })
                ->UseManualTime()
                ->Iterations(1)
                ->Unit(benchmark::kMillisecond);
        }
    }
}

}  // namespace conclave::benchmarks
