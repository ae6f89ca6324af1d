// Asks a panel of models one question in the terminal: their answers side by side as they come,
// then the one they come to. `panel --help` has the options.

#include "options.hpp"
#include "session.hpp"
#include "source.hpp"
#include "text.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

namespace {

constexpr int wrong_usage = 2;

int complain(const std::exception& failure, int status) {
    std::fprintf(stderr, "panel: %s\n", panel::one_line(failure.what()).c_str());
    return status;
}

int run(int count, char** arguments) {
    auto given = panel::read_command_line(count, arguments);
    if (!given) return 0;
    panel::session session(std::move(*given), panel::find_source());
    const int status = session.run();
    // Asio's destructors wait for a name that is being looked up; whoever interrupts does not.
    if (session.interrupted() != 0) std::_Exit(status);
    return status;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const panel::usage_error& failure) {
        return complain(failure, wrong_usage);
    } catch (const conclave::error& failure) {
        const bool refused = failure.code() == conclave::errc::invalid_request ||
                             failure.code() == conclave::errc::no_endpoint;
        return complain(failure, refused ? wrong_usage : 1);
    } catch (const std::exception& failure) {
        return complain(failure, 1);
    }
}
