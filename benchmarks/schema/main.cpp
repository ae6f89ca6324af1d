// Measures validators of JSON Schema, from a text to the verdict:
//
//   schema_benchmark --check     compares the verdicts of all contenders
//   schema_benchmark [--quick] [options of Google Benchmark]

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "cases.hpp"
#include "check.hpp"
#include "clock.hpp"
#include "contender.hpp"
#include "machine.hpp"

namespace {

using namespace conclave::benchmarks;

clock_watch& watch() {
    static clock_watch one;
    return one;
}

// A contender with its schema, and how often a text is judged in one sample: for about a
// millisecond, so that reading the clock is nothing beside it.
struct subject {
    std::shared_ptr<const std::string> text;
    std::shared_ptr<judge> who;
    std::size_t times = 1;

    void judge_once() const {
        bool valid = who->is_valid(*text);
        benchmark::DoNotOptimize(valid);
    }
    void calibrate() {
        judge_once();
        const std::uint64_t begin = now_ns();
        std::size_t count = 0;
        while (now_ns() - begin < 2'000'000) {
            judge_once();
            ++count;
        }
        times = count / 2 + 1;
    }
};

void sample_once(benchmark::State& state, const subject& what) {
    std::uint64_t allocations = 0;
    sample_result found;
    for (auto _ : state) {
        found = take_sample(
            watch(), [&] { what.judge_once(); },
            [&] {
                const std::uint64_t before = allocation_count();
                for (std::size_t i = 0; i < what.times; ++i)
                    what.judge_once();
                allocations = allocation_count() - before;
            });
        state.SetIterationTime(found.accepted ? found.ns / 1e9 : 1e-9);
    }
    const auto times = static_cast<double>(what.times);
    // not by SkipWithError, on which Google Benchmark 1.7 fails if it is the first of several
    state.counters["accepted"] = found.accepted ? 1 : 0;
    state.counters["bytes"] = static_cast<double>(what.text->size());
    state.counters["ns"] = found.ns / times;
    state.counters["allocations"] = static_cast<double>(allocations) / times;
    state.counters["rejected"] = static_cast<double>(found.rejected);
    state.counters["ghz"] = watch().highest();
}

void register_all(int samples) {
    for (const schema_case& of : make_schema_cases()) {
        for (const judge_candidate& who : judges()) {
            for (const bool valid : {true, false}) {
                // the invalid one is wrong near its end, as the cases have it
                const std::string& text = valid ? of.valid : of.invalid.front();
                if (!valid && !who.validates) continue;
                subject what{std::make_shared<const std::string>(text), who.make(of.schema)};
                what.calibrate();
                const std::string name = "schema/" + std::string(who.name) + '/' + of.name +
                                         (valid ? "/valid" : "/invalid");
                benchmark::RegisterBenchmark(
                    name.c_str(), [what](benchmark::State& state) { sample_once(state, what); })
                    ->UseManualTime()
                    ->Iterations(1)
                    ->Repetitions(samples)
                    ->Unit(benchmark::kMicrosecond);
            }
        }
    }
}

std::string simdjson_version() {
    return std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + '.' +
           std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + '.' +
           std::to_string(simdjson::SIMDJSON_VERSION_REVISION);
}

}  // namespace

int main(int argc, char** argv) {
    int samples = 41;
    std::vector<char*> rest{argv[0]};
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--check") return verdicts_agree() ? 0 : 1;
        if (argument == "--quick") {
            samples = 9;
        } else {
            rest.push_back(argv[i]);
        }
    }
    int count = static_cast<int>(rest.size());
    benchmark::Initialize(&count, rest.data());
    if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 2;
    if (!verdicts_agree()) return 1;
    benchmark::AddCustomContext("compiler", __VERSION__);
    benchmark::AddCustomContext("simdjson", simdjson_version());
    benchmark::AddCustomContext("simdjson_implementation",
                                simdjson::get_active_implementation()->name());
    register_all(samples);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
