// The scripted provider behind what is measured. Prints its port, and runs until its input ends.
// Models: `short` answers at once; `paced` says a word every 20 ms for 4 s, `slow` one every 200 ms
// for 8 s, `burst` 2,000 words as fast as they are taken, `open` a word every second for a minute.

#include <conclave/testing/scripted_provider.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

int main() {
    using namespace conclave::testing;
    using namespace std::chrono_literals;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    const auto words = [](std::size_t count) { return std::vector<std::string>(count, "word "); };
    scripted_provider provider;
    provider.on("short", answer(words(8)));
    provider.on("paced", answer(words(200)).token_every(20ms));
    provider.on("slow", answer(words(40)).token_every(200ms));
    provider.on("burst", answer(words(2000)));
    provider.on("open", answer(words(60)).token_every(1s));
    std::printf("%d\n", static_cast<int>(provider.port()));
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
}
