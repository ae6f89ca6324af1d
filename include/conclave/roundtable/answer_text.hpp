#pragma once

#include <string>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/json/document.hpp>

namespace conclave {

/// Text of a model that knows whether it was asked to be JSON.
class answer_text {
public:
    answer_text() = default;
    /// `is_json` says that the text is a JSON value's; it is believed.
    explicit answer_text(std::string text, bool is_json = false)
        : text_(std::move(text)), is_json_(is_json) {}

    /// The text: what the model wrote, without what stood around the JSON that was asked for.
    const std::string& text() const noexcept { return text_; }
    /// Whether the answer is the text of a JSON value, as an `output_schema` asks for.
    bool is_json() const noexcept { return is_json_; }
    /// The parsed JSON. Throws `error` with `errc::malformed_json` when the text is not JSON.
    json::document json() const {
        json::document parsed;
        if (json::document::parse(text_, parsed)) throw error(errc::malformed_json);
        return parsed;
    }

    friend bool operator==(const answer_text&, const answer_text&) = default;

private:
    std::string text_;
    bool is_json_ = false;
};

}  // namespace conclave
