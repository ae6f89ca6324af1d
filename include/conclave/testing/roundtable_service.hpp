#pragma once

#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/roundtable_panel.hpp>
#include <conclave/testing/service.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace conclave::testing::detail {

/// `POST …/v3/roundtable`, for the scripted provider: every member that its reference documents,
/// and in the stream the types of frames that this library's own server has.
class roundtable_service final : public service {
public:
    bool takes(std::string_view method, std::string_view path) const override {
        return method == "POST" && path.ends_with("/v3/roundtable");
    }

    std::string read_request(recorded_request& request) const override {
        request.model = panel_name;
        json::document parsed;
        if (json::document::parse(request.body, parsed)) return "the body is not JSON";
        const auto body = json::object_of(parsed.root());
        if (!body) return "the body is not a JSON object";
        request.prompt = json::string_at(*body, "input").value_or("");
        if (request.prompt.empty()) return "input is required";
        request.instructions = json::string_at(*body, "instructions").value_or("");
        request.stream = json::boolean_at(*body, "stream").value_or(false);
        const auto schema = json::find(*body, "output_schema");
        if (schema) request.output_schema = simdjson::minify(*schema);
        const auto models = json::array_at(*body, "models");
        if (!models || models->size() == 0) return "models is required";
        for (const simdjson::dom::element each : *models) {
            const auto object = json::object_of(each);
            const auto name = object ? json::string_at(*object, "name") : std::nullopt;
            if (!name || name->empty()) return "models[].name is required";
            request.models.emplace_back(*name);
        }
        return {};
    }

    std::string error_body(int status, std::string_view message) const override {
        return error_text("scripted_" + std::to_string(status), message, nullptr);
    }

    std::string whole_answer(const planned_answer& answer,
                             const recorded_request& request) const override {
        const outcome all(*answer.panel, request, answer.id);
        if (!answer.panel->answered()) {
            return error_text("all_models_failed", "no model answered", &all);
        }
        std::string text;
        json::writer out(text);
        out.begin_object();
        all.write(out);
        out.end_object();
        return text;
    }

    std::vector<planned_event> stream_events(const planned_answer& answer,
                                             const recorded_request& request) const override {
        const outcome all(*answer.panel, request, answer.id);
        return all.frames(answer.with_done);
    }

private:
    using milliseconds = std::chrono::milliseconds;

    /// A roundtable's result and how it came about.
    class outcome {
    public:
        outcome(const planned_panel& panel, const recorded_request& request, const std::string& id)
            : panel_(panel),
              id_("rt_" + id.substr(id.rfind('-') + 1)),
              has_schema_(!request.output_schema.empty()) {
            milliseconds seats_end{0};
            for (std::size_t i = 0; i < panel.seats.size(); ++i)
                seats_end = std::max(seats_end, play(panel.seats[i], milliseconds(0), i));
            std::sort(frames_.begin(), frames_.end(),
                      [](const timed& a, const timed& b) { return a.key() < b.key(); });
            if (panel.merger) play(*panel.merger, seats_end, std::nullopt);
        }

        /// The members of the response.
        void write(json::writer& out) const {
            out.member("id", id_);
            const auto data = answer();
            if (data) {
                out.member("data", *data);
            } else {
                out.member_raw("data", "null");
            }
            write_meta(out);
            write_results(out);
        }

        void write_results(json::writer& out) const {
            out.key("model_results");
            out.begin_array();
            for (std::size_t i = 0; i < panel_.seats.size(); ++i) {
                out.begin_object();
                out.member("index", i);
                write_result(out, panel_.seats[i]);
                out.end_object();
            }
            out.end_array();
        }

        /// The whole stream.
        std::vector<planned_event> frames(bool with_done) const {
            std::vector<planned_event> events;
            milliseconds before{0};
            for (const timed& each : frames_) {
                planned_event event{each.kind, each.text};
                event.after = each.at - std::exchange(before, each.at);
                events.push_back(std::move(event));
            }
            std::string text;
            json::writer out(text);
            out.begin_object();
            out.member("type", "done");
            write(out);
            out.end_object();
            events.push_back({event_kind::closing, std::move(text)});
            if (with_done) events.push_back({event_kind::closing, "[DONE]"});
            return events;
        }

    private:
        struct timed {
            milliseconds at;
            std::size_t step;
            std::size_t seat;
            event_kind kind;
            std::string text;

            std::tuple<milliseconds, std::size_t, std::size_t> key() const {
                return {at, step, seat};
            }
        };

        // Writes the frames of a seat, or without a number those of the merger. Returns its end.
        milliseconds play(const panel_seat& seat, milliseconds at,
                          std::optional<std::size_t> index) {
            std::size_t step = 0;
            const auto add = [&](std::string_view what, event_kind kind, auto&& write) {
                timed frame{at, step++, index.value_or(0), kind, {}};
                json::writer out(frame.text);
                out.begin_object();
                out.member("type", (index ? "model_" : "summary_") + std::string(what));
                out.member_if("model_index", index);
                write(out);
                out.end_object();
                frames_.push_back(std::move(frame));
            };
            const auto name = [&](json::writer& out) { out.member("model", seat.model); };
            add("start", event_kind::opening, name);
            for (std::size_t i = 0; i < seat.attempts.size(); ++i) {
                const panel_attempt& attempt = seat.attempts[i];
                at += attempt.first_token_after;
                for (const std::string& token : attempt.answer.tokens) {
                    add("delta", event_kind::token, [&](json::writer& out) {
                        name(out);
                        out.member("delta", token);
                    });
                    at += attempt.token_every;
                }
                at += attempt.fails_after;
                if (i + 1 == seat.attempts.size()) break;
                add("retry", event_kind::token, [&](json::writer& out) {
                    name(out);
                    out.member("error", attempt.error);
                });
            }
            if (index) {
                add(seat.answered() ? "done" : "error", event_kind::token,
                    [&](json::writer& out) { write_result(out, seat); });
            } else if (seat.answered()) {
                add("done", event_kind::token, [&](json::writer& out) {
                    name(out);
                    out.member("data", seat.text());
                });
            }
            return at;
        }

        void write_result(json::writer& out, const panel_seat& seat) const {
            const planned_answer& answer = seat.last().answer;
            out.member("model", seat.model);
            out.member("data", seat.text());
            out.member("duration_ms", seat.duration().count());
            out.member_if("cost", answer.cost);
            if (!seat.answered()) {
                out.member("error", seat.last().error);
            } else {
                if (answer.with_usage) write_usage(out, "usage", answer);
                if (has_schema_) write_validity(out, seat.text());
            }
        }

        static void write_validity(json::writer& out, const std::string& text) {
            json::document parsed;
            const bool valid = !json::document::parse(text, parsed);
            out.member("schema_valid", valid);
            if (!valid) out.member("schema_error", "not JSON");
        }

        static void write_usage(json::writer& out, std::string_view key,
                                const planned_answer& answer) {
            out.key(key);
            out.begin_object();
            out.member("input_tokens", answer.input_tokens);
            out.member("output_tokens", answer.output_tokens);
            out.end_object();
        }

        void write_meta(json::writer& out) const {
            out.key("meta");
            out.begin_object();
            out.member("resolution", panel_.asked.resolution);
            out.key("models_used");
            out.begin_array();
            double cost = panel_.merger ? panel_.merger->last().answer.cost.value_or(0) : 0;
            for (const panel_seat& seat : panel_.seats) {
                if (seat.answered()) out.string(seat.model);
                cost += seat.last().answer.cost.value_or(0);
            }
            out.end_array();
            out.member("total_cost", cost);
            out.member("total_duration_ms", panel_.duration().count());
            if (panel_.merger) {
                out.member("summary_model", panel_.merger->model);
                write_usage(out, "summary_usage", panel_.merger->last().answer);
            }
            out.member("trace_uuid", "00000000-0000-4000-8000-00000000c0de");
            out.end_object();
        }

        std::optional<std::string> answer() const {
            if (panel_.merger) {
                if (!panel_.merger->answered()) return std::nullopt;
                return panel_.merger->text();
            }
            if (panel_.asked.resolution == "summary") {
                for (const panel_seat& seat : panel_.seats) {
                    if (seat.answered()) return seat.text();
                }
            }
            if (panel_.asked.resolution == "multiple_choice") return winner();
            return std::nullopt;
        }

        // The choice picked most often; of several, that of the earliest seat.
        std::optional<std::string> winner() const {
            std::optional<std::string> best;
            std::ptrdiff_t most = 0;
            for (const panel_seat& seat : panel_.seats) {
                const auto& choices = panel_.asked.choices;
                const std::string pick = seat.text();
                const auto same =
                    std::count_if(panel_.seats.begin(), panel_.seats.end(),
                                  [&](const panel_seat& other) { return other.text() == pick; });
                const bool is_choice =
                    std::find(choices.begin(), choices.end(), pick) != choices.end();
                if (!is_choice || same <= most) continue;
                most = same;
                best = pick;
            }
            return best;
        }

        const planned_panel& panel_;
        std::string id_;
        bool has_schema_;
        std::vector<timed> frames_;
    };

    static std::string error_text(std::string_view code, std::string_view message,
                                  const outcome* results) {
        std::string text;
        json::writer out(text);
        out.begin_object();
        out.key("error");
        out.begin_object();
        out.member("code", code);
        out.member("message", message);
        if (results != nullptr) {
            out.key("details");
            out.begin_object();
            results->write(out);
            out.end_object();
        }
        out.end_object();
        out.end_object();
        return text;
    }
};

}  // namespace conclave::testing::detail
