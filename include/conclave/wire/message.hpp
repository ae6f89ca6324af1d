#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/wire/completion.hpp>
#include <conclave/wire/detail/base64.hpp>
#include <conclave/wire/reasoning_part.hpp>
#include <conclave/wire/tool.hpp>

namespace conclave {

/// Who said a message of a conversation.
enum class message_role {
    user,
    assistant,
    /// A tool that the assistant called: the message is its result.
    tool,
};

/// An image or a document that goes with a message: a URL that the provider fetches, or the bytes.
class attachment {
public:
    /// What it is.
    enum class kind { image, document };

    /// An image at a URL that the provider fetches.
    static attachment image_url(std::string url) { return {kind::image, std::move(url), {}, {}}; }
    /// An image of these bytes, such as `image/png`.
    static attachment image(std::string media_type, std::string_view bytes) {
        return {kind::image, {}, std::move(media_type), wire::detail::to_base64(bytes)};
    }
    /// A document at a URL that the provider fetches.
    static attachment document_url(std::string url) {
        return {kind::document, std::move(url), {}, {}};
    }
    /// A document of these bytes, such as `application/pdf`; `name` is that of its file.
    static attachment document(std::string media_type, std::string_view bytes,
                               std::string name = "document") {
        attachment made(kind::document, {}, std::move(media_type), wire::detail::to_base64(bytes));
        made.name_ = std::move(name);
        return made;
    }

    /// The same from the `data:` URL of bytes in base64, as `any_url` writes it; nothing if `url`
    /// is not one. `name` is that of the file, if it has one.
    static std::optional<attachment> from_data_url(kind what, std::string_view url,
                                                   std::string name = {}) {
        constexpr std::string_view scheme = "data:";
        constexpr std::string_view coding = ";base64,";
        const std::size_t end = url.find(coding);
        if (!url.starts_with(scheme) || end == url.npos) return std::nullopt;
        std::string type(url.substr(scheme.size(), end - scheme.size()));
        attachment made(what, {}, std::move(type), std::string(url.substr(end + coding.size())));
        const bool is_base64 = made.base64_.find_first_not_of(
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/=") == std::string::npos;
        if (!is_base64 || made.base64_.empty()) return std::nullopt;
        made.name_ = std::move(name);
        return made;
    }

    /// What it is.
    kind what() const noexcept { return what_; }
    /// Where the provider finds it; empty if the bytes are here.
    const std::string& url() const noexcept { return url_; }
    /// Of the bytes; empty where there is a URL.
    const std::string& media_type() const noexcept { return media_type_; }
    /// The bytes in base64.
    const std::string& base64() const noexcept { return base64_; }
    /// The file's name; empty if it has none.
    const std::string& name() const noexcept { return name_; }

    /// The URL, or a `data:` URL with the bytes in it.
    std::string any_url() const {
        return url_.empty() ? "data:" + media_type_ + ";base64," + base64_ : url_;
    }

private:
    attachment(kind what, std::string url, std::string media_type, std::string base64)
        : what_(what),
          url_(std::move(url)),
          media_type_(std::move(media_type)),
          base64_(std::move(base64)) {}

    kind what_;
    std::string url_;
    std::string media_type_;
    std::string base64_;
    std::string name_;
};

/// One message of a conversation: text, what is attached to it, and the tools that it calls.
class message {
public:
    /// Something the user said.
    message(std::string text) : text_(std::move(text)) {}
    /// Something that one of the two said. For a tool's result see `tool_result`.
    message(message_role who, std::string text) : role_(who), text_(std::move(text)) {}

    /// What the assistant answered, for a conversation that goes on: its text, its tool calls, and
    /// what the provider wants back of its reasoning.
    explicit message(const completion& answer)
        : role_(message_role::assistant),
          text_(answer.text),
          tool_calls_(answer.tool_calls),
          reasoning_parts_(answer.reasoning_parts) {}

    /// What a tool answered to the call with this id.
    static message tool_result(std::string call_id, std::string text) {
        message made(message_role::tool, std::move(text));
        made.tool_call_id_ = std::move(call_id);
        return made;
    }

    /// Attaches something to a message of the user's. Attachments are sent before the text.
    message& attach(attachment what) {
        attachments_.push_back(std::move(what));
        return *this;
    }
    /// Adds a call that the assistant made, as `completion::tool_calls` had it.
    message& call_tool(tool_call what) {
        tool_calls_.push_back(std::move(what));
        return *this;
    }

    /// Who said it.
    message_role role() const noexcept { return role_; }
    /// What was said.
    const std::string& text() const noexcept { return text_; }
    /// What is attached to it.
    const std::vector<attachment>& attachments() const noexcept { return attachments_; }
    /// The tools that the assistant called.
    const std::vector<tool_call>& tool_calls() const noexcept { return tool_calls_; }
    /// What the provider wants back of the assistant's reasoning.
    const std::vector<reasoning_part>& reasoning_parts() const noexcept { return reasoning_parts_; }
    /// The call whose result it is; empty unless a tool said it.
    const std::string& tool_call_id() const noexcept { return tool_call_id_; }

private:
    message_role role_ = message_role::user;
    std::string text_;
    std::vector<attachment> attachments_;
    std::vector<tool_call> tool_calls_;
    std::vector<reasoning_part> reasoning_parts_;
    std::string tool_call_id_;
};

}  // namespace conclave
