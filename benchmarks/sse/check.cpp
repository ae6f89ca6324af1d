#include "check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

bool same(std::string_view found, std::string_view expected, const candidate& who, const corpus& of,
          split how) {
    if (found == expected) return true;
    const auto place = std::ranges::mismatch(found, expected);
    std::fprintf(stderr,
                 "%.*s on corpus %s, reads of %.*s: %zu bytes found, %zu expected; "
                 "they differ from byte %td on\n",
                 static_cast<int>(who.name.size()), who.name.data(), of.name.c_str(),
                 static_cast<int>(to_string(how).size()), to_string(how).data(), found.size(),
                 expected.size(), place.in1 - found.begin());
    return false;
}

}  // namespace

bool outputs_agree(const corpus& of, split how) {
    std::string events;
    {
        sink to;
        to.collect_in(events);
        for (const reference_event& each : reference_events(of.bytes))
            to.event(each.type, each.data);
    }
    const reads pieces(of, how);
    bool agree = true;
    for (const candidate& who : candidates()) {
        const std::unique_ptr<contender> one = who.make(of);
        if (one == nullptr) continue;
        const bool deltas = who.brings == output::deltas;
        if (deltas && of.wire == format::none) continue;
        for (int pass = 0; pass < 2; ++pass) {
            std::string found;
            sink to;
            if (who.brings != output::nothing) to.collect_in(found);
            source from = pieces.start();
            one->run(from, to);
            if (who.brings == output::nothing) continue;
            agree = same(found, deltas ? of.deltas : events, who, of, how) && agree;
        }
    }
    return agree;
}

}  // namespace conclave::benchmarks
