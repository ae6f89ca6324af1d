#include "log.hpp"

#include <conclave/json/writer.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace server {

namespace {

std::string message_of(std::string_view text) {
    std::string members = "\"msg\":";
    conclave::json::writer(members).string(text);
    return members;
}

}  // namespace

journal::journal(const std::string& level, bool with_prompts)
    : out_(std::make_shared<spdlog::logger>("server",
                                            std::make_shared<spdlog::sinks::stderr_sink_st>())),
      with_prompts_(with_prompts) {
    out_->set_level(spdlog::level::from_str(level));
    out_->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    out_->flush_on(spdlog::level::debug);
}

journal::~journal() = default;

void journal::say(std::string_view message) { out_->info(message_of(message)); }
void journal::complain(std::string_view message) { out_->error(message_of(message)); }
void journal::line(std::string_view members) { out_->info(members); }

void journal::request(std::string_view id, std::string_view method, std::string_view path,
                      int status, double seconds) {
    if (!out_->should_log(spdlog::level::debug)) return;
    std::string members = "\"msg\":\"request\",\"request_id\":";
    conclave::json::writer(members).string(id);
    members += ",\"method\":";
    conclave::json::writer(members).string(method);
    members += ",\"path\":";
    conclave::json::writer(members).string(path);
    members += ",\"status\":" + std::to_string(status);
    members += ",\"ms\":" + std::to_string(static_cast<long>(seconds * 1000));
    out_->debug(members);
}

}  // namespace server
