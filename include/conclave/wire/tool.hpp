#pragma once

#include <string>
#include <utility>

namespace conclave {

/// A function that a model may ask its caller to call.
class tool {
public:
    /// `name` is of letters, digits, `_` and `-`, 64 at most. `description` tells the model when to
    /// call it. `parameters` is a JSON Schema of the arguments: the text of a JSON object.
    tool(std::string name, std::string description, std::string parameters)
        : name_(std::move(name)),
          description_(std::move(description)),
          parameters_(std::move(parameters)) {}

    /// How the model calls it.
    const std::string& name() const noexcept { return name_; }
    /// When the model is to call it.
    const std::string& description() const noexcept { return description_; }
    /// The JSON Schema of its arguments.
    const std::string& parameters() const noexcept { return parameters_; }

private:
    std::string name_;
    std::string description_;
    std::string parameters_;
};

/// A call of a tool that a model wants made.
struct tool_call {
    /// What the tool's result is to name; some formats give none.
    std::string id;
    /// The tool.
    std::string name;
    /// The arguments: the text of a JSON object, as the model wrote it, which may not be valid.
    std::string arguments;
    /// What the provider wants to have back with the call, whatever it means; empty if nothing.
    /// Google's models refuse a conversation that has lost it.
    std::string signature = {};

    friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// Whether a model has to call a tool.
class tool_choice {
public:
    /// How free the model is.
    enum class mode {
        /// It decides.
        automatic,
        /// It must not.
        none,
        /// It must call one.
        required,
        /// It must call the one that `name` names.
        named,
    };

    /// As free as `how` says, but not `mode::named`.
    tool_choice(mode how) : mode_(how) {}
    /// The tool of this name must be called.
    explicit tool_choice(std::string name) : mode_(mode::named), name_(std::move(name)) {}

    /// How free the model is.
    mode how() const noexcept { return mode_; }
    /// The tool that must be called; empty unless one must.
    const std::string& name() const noexcept { return name_; }

private:
    mode mode_;
    std::string name_;
};

}  // namespace conclave
