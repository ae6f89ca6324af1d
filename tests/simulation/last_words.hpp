#pragma once

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Defined where there is a sanitizer, which calls what it is given before it ends the program.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace conclave::simulation {

// Says which world was played when the program crashes.
class last_words {
public:
    static void set(std::string_view what, std::uint64_t number) {
        const int size = std::snprintf(text_.data(), text_.size(), "\ncrashed at: %.*s %llu\n",
                                       static_cast<int>(what.size()), what.data(),
                                       static_cast<unsigned long long>(number));
        size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
    }

    static void listen() {
        if (__sanitizer_set_death_callback != nullptr) {
            __sanitizer_set_death_callback(say);
            return;
        }
        for (const int each : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
            std::signal(each, say_and_die);
    }

private:
    static void say() { [[maybe_unused]] const auto said = write(2, text_.data(), size_); }

    static void say_and_die(int signal) {
        say();
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }

    static inline std::array<char, 100> text_{};
    static inline std::size_t size_ = 0;
};

}  // namespace conclave::simulation
