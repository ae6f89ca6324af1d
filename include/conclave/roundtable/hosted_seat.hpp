#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/roundtable/event.hpp>
#include <conclave/roundtable/response.hpp>

namespace conclave::detail {

/// How far a seat has come of a roundtable that runs elsewhere.
class hosted_seat {
public:
    /// The seat's number, and its model's name as the request has it.
    hosted_seat(std::size_t index, std::string model) : index_(index), model_(std::move(model)) {}

    /// Its number.
    std::size_t index() const noexcept { return index_; }
    /// Its model.
    const std::string& model() const noexcept { return model_; }
    /// What has been shown of its answer.
    const std::string& text() const noexcept { return text_; }
    /// Whether its model was started.
    bool has_begun() const noexcept { return has_begun_; }
    /// Whether its result was told.
    bool has_reported() const noexcept { return has_reported_; }

    /// Says that its model was started; false if that was said before.
    bool begin() noexcept { return !std::exchange(has_begun_, true); }
    /// The next piece of its answer.
    void add(std::string_view piece) { text_ += piece; }
    /// What was shown is void.
    void restart() noexcept { text_.clear(); }
    /// Says that its result was told.
    void report() noexcept { has_reported_ = true; }

    /// An event of this seat.
    roundtable_event about(event_type type) const noexcept {
        roundtable_event seen;
        seen.type = type;
        seen.model_index = index_;
        seen.model = model_;
        return seen;
    }

    /// Its result when it failed for this reason.
    model_result failed(const conclave::error& why) const {
        model_result result;
        result.error = why.what();
        result.error_code = static_cast<errc>(why.code().value());
        return result;
    }

    /// Its result when the roundtable has ended well without one of this seat: what was shown of
    /// its answer is the answer.
    model_result unlisted() const {
        if (!text_.empty()) return model_result();
        return failed(conclave::error(errc::malformed_reply,
                                      "the server of the roundtable did not say what came of it"));
    }

private:
    std::size_t index_;
    std::string model_;
    std::string text_;
    bool has_begun_ = false;
    bool has_reported_ = false;
};

}  // namespace conclave::detail
