#include <conclave/version.hpp>
#include <string_view>

constexpr int part(std::string_view text, int index) {
    int value = 0;
    for (char c : text) {
        if (c == '.') {
            --index;
        } else if (index == 0) {
            value = value * 10 + (c - '0');
        }
    }
    return value;
}

static_assert(CONCLAVE_VERSION == part(CONCLAVE_VERSION_STRING, 0) * 10000 +
                                      part(CONCLAVE_VERSION_STRING, 1) * 100 +
                                      part(CONCLAVE_VERSION_STRING, 2),
              "the two forms of the version differ");

int main() {}
