#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace server {

/// Writes the log to standard error: a JSON object on each line. What is given to it has to be free
/// of keys; questions and answers are left out unless asked for.
class journal {
public:
    /// `level` as in the configuration.
    journal(const std::string& level, bool with_prompts);
    ~journal();
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    /// Whether questions and answers are to be logged.
    bool with_prompts() const noexcept { return with_prompts_; }

    /// Something that the operator should know of the program itself.
    void say(std::string_view message);
    /// The same, of what went wrong.
    void complain(std::string_view message);
    /// The members of an object, without its braces: `"msg":"panel","ms":12`.
    void line(std::string_view members);
    /// A request that is no panel; written at level `debug`.
    void request(std::string_view id, std::string_view method, std::string_view path, int status,
                 double seconds);

private:
    std::shared_ptr<spdlog::logger> out_;
    bool with_prompts_;
};

}  // namespace server
