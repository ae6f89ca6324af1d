#pragma once

#include <conclave/roundtable/request.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace panel {

/// What the command line asks for.
struct options {
    std::string question = "What is the best database for a multi-tenant SaaS, and why?";
    /// Empty: those that the source has.
    std::vector<std::string> models;
    std::optional<conclave::resolution> resolution;
    std::vector<std::string> choices;
    std::string instructions;
    /// The text of the file, and not its name.
    std::string schema;
    std::string summary_model;
    std::optional<int> timeout_ms;
    std::optional<int> max_retries;
    bool every_format = false;
    bool json = false;
    bool colours = true;
};

/// A command line that means nothing, in a sentence for its writer.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Reads the command line. Gives nothing when it asked for help, which is then printed. Throws
/// `usage_error`.
std::optional<options> read_command_line(int count, const char* const* arguments);

/// The request that the options come to, for these models.
conclave::roundtable_request make_request(const options& given,
                                          const std::vector<std::string>& models);

}  // namespace panel
