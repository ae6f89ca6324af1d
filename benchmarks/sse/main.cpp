// Measures readers of event streams:
//
//   sse_benchmark --check                    compares what all contenders bring, on small corpora
//   sse_benchmark --count=<who>:<corpus>     reads once warm, then once in conclave_measured_pass,
//                                            for callgrind; prints the number of events
//   sse_benchmark [--quick] [options of Google Benchmark]

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "contender.hpp"
#include "measure.hpp"
#include "reads.hpp"

namespace {

using namespace conclave::benchmarks;

std::string simdjson_version() {
    return std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + '.' +
           std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + '.' +
           std::to_string(simdjson::SIMDJSON_VERSION_REVISION);
}

// Reads of one byte take long, so those corpora are smaller.
bool check(std::size_t size) {
    bool agree = true;
    for (const std::string_view name : corpus_names()) {
        for (const split how : all_splits) {
            const bool small = how == split::one_byte || how == split::read_64;
            agree = outputs_agree(make_corpus(name, small ? size / 4 : size), how) && agree;
        }
    }
    return agree;
}

}  // namespace

// The name by which callgrind knows what to count.
extern "C" __attribute__((noinline)) void conclave_measured_pass(
    conclave::benchmarks::contender& who, conclave::benchmarks::source& from,
    conclave::benchmarks::sink& to) {
    who.run(from, to);
}

namespace {

int count(const std::string& what) {
    const std::string who = what.substr(0, what.find(':'));
    const corpus of = make_corpus(what.substr(what.find(':') + 1), std::size_t{640} << 10);
    const reads pieces(of, split::read_16k);
    for (const candidate& each : candidates()) {
        if (each.name != who) continue;
        const std::unique_ptr<contender> one = each.make(of);
        if (one == nullptr) break;
        source warm = pieces.start(), counted = pieces.start();
        sink to;
        one->run(warm, to);
        conclave_measured_pass(*one, counted, to);
        benchmark::DoNotOptimize(to.touched());
        std::printf("%zu\n", of.event_ends.size());
        return 0;
    }
    std::fprintf(stderr, "%s cannot be counted\n", what.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    plan how;
    std::vector<char*> rest{argv[0]};
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--check") return check(std::size_t{64} << 10) ? 0 : 1;
        if (argument.starts_with("--count=")) return count(std::string(argument.substr(8)));
        if (argument == "--quick") {
            how = plan::quick();
        } else {
            rest.push_back(argv[i]);
        }
    }
    int count = static_cast<int>(rest.size());
    benchmark::Initialize(&count, rest.data());
    if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 2;
    if (!check(how.slice)) return 1;
    benchmark::AddCustomContext("compiler", __VERSION__);
    benchmark::AddCustomContext("simdjson", simdjson_version());
    benchmark::AddCustomContext("simdjson_implementation",
                                simdjson::get_active_implementation()->name());
    register_throughput(how);
    register_latency(how);
    register_linearity(how);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
