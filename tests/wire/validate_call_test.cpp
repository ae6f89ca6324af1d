#include <conclave/wire/validate_call.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using conclave::attachment;
using conclave::call;
using conclave::completion;
using conclave::message;
using conclave::message_role;
using conclave::tool;
using conclave::tool_choice;

call hello() { return call("m", "Hello"); }
call with(message said) { return call("m").add(std::move(said)); }
tool clock_tool(std::string name = "clock") {
    return tool(std::move(name), "The time.", R"({"type":"object"})");
}
message with_call(std::string name, std::string arguments, std::string id = "call_1") {
    message said(message_role::assistant, "");
    return said.call_tool({std::move(id), std::move(name), std::move(arguments)});
}

// The field for which a call is refused, or nothing.
std::string refused(const call& what) {
    try {
        conclave::validate(what);
    } catch (const conclave::error& failure) {
        EXPECT_EQ(failure.code(), conclave::errc::invalid_request);
        EXPECT_TRUE(std::string(failure.what()).starts_with(failure.field())) << failure.what();
        return failure.field();
    }
    return "";
}

const std::string no_text = "\xC3(";  // not UTF-8

TEST(Validate, AcceptsAWholeConversationWithTools) {
    call what = with(message("What is on this page, and when?")
                         .attach(attachment::image("image/png", "bytes"))
                         .attach(attachment::document_url("https://example.org/a.pdf")));
    what.add(with_call("clock", R"({"zone":"UTC"})").call_tool({"call_2", "clock", ""}));
    what.add(message::tool_result("call_1", "12:00")).add(message::tool_result("call_2", ""));
    what.add(clock_tool()).add(clock_tool("Other_tool-2"));
    EXPECT_EQ(refused(what), "");
    EXPECT_EQ(refused(what.tool_choice(tool_choice::mode::required)), "");
    EXPECT_EQ(refused(what.tool_choice(tool_choice("clock"))), "");
    EXPECT_EQ(refused(hello().tool_choice(tool_choice::mode::automatic)), "");
}

TEST(Validate, NamesTheFieldOfACallThatIsNotFit) {
    EXPECT_EQ(refused(call("", "Hi")), "model");
    EXPECT_EQ(refused(call("a\nb", "Hi")), "model");
    EXPECT_EQ(refused(call(no_text, "Hi")), "model");
    EXPECT_EQ(refused(call("m")), "messages");
    EXPECT_EQ(refused(hello().add(message(""))), "messages[1]");
    EXPECT_EQ(refused(hello().add(message(no_text))), "messages[1]");
    EXPECT_EQ(refused(hello().instructions(no_text)), "instructions");
    EXPECT_EQ(refused(hello().temperature(2.1)), "temperature");
    EXPECT_EQ(refused(hello().temperature(std::numeric_limits<double>::quiet_NaN())),
              "temperature");
    EXPECT_EQ(refused(hello().top_p(-0.1)), "top_p");
    EXPECT_EQ(refused(hello().max_tokens(0)), "max_tokens");
    EXPECT_EQ(refused(hello().output_schema("[]")), "output_schema");
    EXPECT_EQ(refused(hello().output_schema("{")), "output_schema");
    EXPECT_EQ(refused(hello().max_retries(4)), "max_retries");
    EXPECT_EQ(refused(hello().max_retries(-1)), "max_retries");
    EXPECT_EQ(refused(hello().timeout(0ms)), "timeout_ms");
    EXPECT_EQ(refused(hello().timeout(300'001ms)), "timeout_ms");
}

TEST(Validate, NamesTheFieldOfAToolThatNoFormatCarries) {
    for (const std::string& name :
         {std::string(), std::string("a b"), std::string("a.b"), std::string("\xC3\xA9"),
          std::string("a\0b", 3), std::string(65, 'a')}) {
        EXPECT_EQ(refused(hello().add(clock_tool()).add(clock_tool(name))), "tools[1].name");
    }
    EXPECT_EQ(refused(hello().add(clock_tool(std::string(64, 'a')))), "");
    EXPECT_EQ(refused(hello().add(clock_tool()).add(clock_tool())), "tools[0].name");
    EXPECT_EQ(refused(hello().add(tool("a", no_text, "{}"))), "tools[0].description");
    for (const char* schema : {"", "[]", "true", "{", "{} {}"})
        EXPECT_EQ(refused(hello().add(tool("a", "", schema))), "tools[0].parameters") << schema;
}

TEST(Validate, RefusesAChoiceAmongToolsThatCannotBeMade) {
    EXPECT_EQ(refused(hello().tool_choice(tool_choice::mode::required)), "tool_choice");
    EXPECT_EQ(refused(hello().tool_choice(tool_choice::mode::none)), "tool_choice");
    EXPECT_EQ(refused(hello().tool_choice(tool_choice("clock"))), "tool_choice");
    EXPECT_EQ(refused(hello().add(clock_tool()).tool_choice(tool_choice("Clock"))), "tool_choice");
    EXPECT_EQ(refused(hello().add(clock_tool()).tool_choice(tool_choice("clock"))), "");
}

TEST(Validate, NamesTheFieldOfAnAttachmentThatNoFormatCarries) {
    const auto attached = [](attachment what) {
        return refused(with(message("Look:").attach(std::move(what))));
    };
    const std::string path = "messages[0].attachments[0]";
    EXPECT_EQ(attached(attachment::image_url("")), path);
    EXPECT_EQ(attached(attachment::image("image/png", "")), path);
    EXPECT_EQ(attached(attachment::image("", "bytes")), path + ".media_type");
    EXPECT_EQ(attached(attachment::document("pdf", "bytes")), path + ".media_type");
    EXPECT_EQ(attached(attachment::image("image/" + no_text, "bytes")), path + ".media_type");
    EXPECT_EQ(attached(attachment::image_url("https://h/" + no_text)), path + ".url");
    EXPECT_EQ(attached(attachment::document("application/pdf", "bytes", no_text)), path + ".name");
    EXPECT_EQ(attached(attachment::document("application/pdf", std::string(1, '\0'))), "");
    EXPECT_EQ(refused(with(message("").attach(attachment::image_url("https://h/a.png")))), "");
}

TEST(Validate, RefusesAttachmentsThatAreNotTheUsers) {
    const attachment page = attachment::image_url("https://h/a.png");
    EXPECT_EQ(refused(with(message(message_role::assistant, "Here:").attach(page))),
              "messages[0].attachments");
    EXPECT_EQ(refused(with(message::tool_result("call_1", "Here:").attach(page))),
              "messages[0].attachments");
}

TEST(Validate, NamesTheFieldOfAToolCallThatIsNotFit) {
    const std::string path = "messages[0].tool_calls[0]";
    EXPECT_EQ(refused(with(with_call("", "{}"))), path + ".name");
    EXPECT_EQ(refused(with(with_call(no_text, "{}"))), path + ".name");
    EXPECT_EQ(refused(with(with_call("clock", "{}", no_text))), path + ".id");
    EXPECT_EQ(refused(with(with_call("clock", "[1]"))), path + ".arguments");
    EXPECT_EQ(refused(with(with_call("clock", "{\"zone\":"))), path + ".arguments");
    EXPECT_EQ(refused(with(with_call("clock", ""))), "");
    EXPECT_EQ(refused(with(with_call("clock", "{}", ""))), "");  // some formats give none
    EXPECT_EQ(refused(with(message("I call").call_tool({"call_1", "clock", "{}"}))),
              "messages[0].tool_calls");
    EXPECT_EQ(refused(with(message::tool_result("a", "b").call_tool({"call_1", "clock", "{}"}))),
              "messages[0].tool_calls");
}

TEST(Validate, NamesTheReasoningThatIsNotFit) {
    completion answered;
    answered.text = "Yes.";
    answered.reasoning_parts.emplace_back().json = R"({"type":"thinking"})";
    EXPECT_EQ(refused(with(message(answered))), "");
    for (const char* const nonsense : {"", "[]", "{", "{} {}"}) {
        answered.reasoning_parts[0].json = nonsense;
        EXPECT_EQ(refused(with(message(answered))), "messages[0].reasoning_parts[0]");
    }
}

TEST(Validate, NamesTheFieldOfAToolResultThatIsNotFit) {
    EXPECT_EQ(refused(with(message::tool_result("", "12:00"))), "messages[0].tool_call_id");
    EXPECT_EQ(refused(with(message::tool_result(no_text, "12:00"))), "messages[0].tool_call_id");
    EXPECT_EQ(refused(with(message::tool_result("call_1", no_text))), "messages[0]");
    EXPECT_EQ(refused(with(message(message_role::tool, "12:00"))), "messages[0].tool_call_id");
    EXPECT_EQ(refused(with(message::tool_result("call_1", ""))), "");
}

TEST(Validate, RefusesAnAssistantThatSaysNothing) {
    EXPECT_EQ(refused(with(message(message_role::assistant, ""))), "messages[0]");
}

}  // namespace
