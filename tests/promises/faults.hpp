#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <conclave/client/options.hpp>
#include <conclave/testing/scripted_provider.hpp>

#include "roundtable/panel_world.hpp"

namespace conclave::tests {

// Everything that can be wrong with a place that models are asked at.
struct fault {
    enum class place { provider, nobody_listens, wrong_host, expired, untrusted, plain_for_tls };

    std::string name;
    std::optional<scripted_reply> reply;
    testing::connection_fault connection = testing::connection_fault::none;
    place where = place::provider;
    // Whether the model answers all the same.
    bool answers = false;
    // Whether a call has an answer all the same, which only as that of a seat is none.
    bool completes = false;
    // Whether each attempt comes to one request that the provider has read.
    bool each_attempt_is_seen = true;
};

inline fault reply_fault(std::string name, scripted_reply reply) {
    fault made;
    made.name = std::move(name);
    made.reply = std::move(reply);
    return made;
}

inline fault healthy_oddity(std::string name, scripted_reply reply) {
    fault made = reply_fault(std::move(name), std::move(reply));
    made.answers = made.completes = true;
    return made;
}

inline fault connection_fault_of(std::string name, testing::connection_fault what) {
    fault made;
    made.name = std::move(name);
    made.connection = what;
    made.each_attempt_is_seen = false;
    return made;
}

inline fault fault_of_place(std::string name, fault::place where) {
    fault made;
    made.name = std::move(name);
    made.where = where;
    made.each_attempt_is_seen = false;
    return made;
}

inline void add_connection_faults(std::vector<fault>& all) {
    using testing::connection_fault;
    all.push_back(connection_fault_of("ClosedAtOnce", connection_fault::close));
    all.push_back(connection_fault_of("ResetAtOnce", connection_fault::reset));
    all.push_back(connection_fault_of("SilentFromTheStart", connection_fault::silent));
    all.push_back(connection_fault_of("HalfAHandshake", connection_fault::half_tls_handshake));
    all.push_back(connection_fault_of("PlaintextOnTls", connection_fault::plaintext_on_tls));
    all.push_back(fault_of_place("Refused", fault::place::nobody_listens));
    all.push_back(fault_of_place("WrongHost", fault::place::wrong_host));
    all.push_back(fault_of_place("Expired", fault::place::expired));
    all.push_back(fault_of_place("Untrusted", fault::place::untrusted));
    all.push_back(fault_of_place("PlainWhereTlsIsMeant", fault::place::plain_for_tls));
}

// At every place of a reply where a connection can end or fall silent.
inline void add_cuts(std::vector<fault>& all) {
    const scripted_reply whole = answer("one two three");
    for (const std::size_t bytes : {0U, 1U, 20U, 100U, 250U}) {
        const std::string at = "AfterByte" + std::to_string(bytes);
        all.push_back(reply_fault("Stalls" + at, scripted_reply(whole).stall_after_bytes(bytes)));
        all.push_back(reply_fault("Closes" + at, scripted_reply(whole).close_after_bytes(bytes)));
        all.push_back(reply_fault("Resets" + at, scripted_reply(whole).reset_after_bytes(bytes)));
    }
    for (const std::size_t events : {0U, 1U, 3U}) {
        const std::string in = "InEvent" + std::to_string(events);
        all.push_back(reply_fault("Stalls" + in, scripted_reply(whole).stall_in_event(events)));
        all.push_back(reply_fault("Closes" + in, scripted_reply(whole).close_in_event(events)));
        all.push_back(reply_fault("Resets" + in, scripted_reply(whole).reset_in_event(events)));
    }
    all.push_back(reply_fault(
        "EndsEarlyInGoodOrder",
        scripted_reply(whole).close_in_event(2).framing(testing::body_framing::close_delimited)));
    all.push_back(reply_fault("WholeAnswerStalls",
                              scripted_reply(whole).always_whole().stall_after_bytes(200)));
    all.push_back(reply_fault("WholeAnswerCloses",
                              scripted_reply(whole).always_whole().close_after_bytes(200)));
    all.push_back(reply_fault("ErrorStalls", status(400).stall_after_bytes(120)));
    all.push_back(reply_fault("ErrorCloses", status(400).close_after_bytes(120)));
}

inline void add_statuses(std::vector<fault>& all) {
    for (const int code : {301, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 529, 999})
        all.push_back(reply_fault("Status" + std::to_string(code), status(code)));
    all.push_back(reply_fault("ComeBackInAnHour", status(429).retry_after(3600s)));
    all.push_back(reply_fault("ComeBackSoon", status(503).header("retry-after-ms", "5")));
    all.push_back(reply_fault("ComeBackNonsense",
                              status(503).header("retry-after", "-99999999999999999999")));
    all.push_back(
        reply_fault("Redirect", status(307).header("location", scripted_provider::refusing_url())));
    all.push_back(reply_fault("ErrorOfMegabytes", status(500, std::string(3'000'000, 'e'))));
}

inline void add_nonsense(std::vector<fault>& all) {
    using testing::raw;
    const auto http = [](const std::string& rest) { return raw("HTTP/1.1 200 OK\r\n" + rest); };
    all.push_back(reply_fault("Garbage", testing::garbage()));
    all.push_back(reply_fault("Nothing", raw("")));
    all.push_back(reply_fault("GiantHead", answer("hi").giant_head(200'000)));
    all.push_back(reply_fault("EndlessLine", answer("hi").endless_body()));
    all.push_back(reply_fault("EndlessComments", answer("hi").endless_body(": x\n\n")));
    all.push_back(reply_fault("EndlessBlankLines", answer("hi").endless_body("\n")));
    all.push_back(reply_fault(
        "EndlessTokens",
        answer("hi").endless_body(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"and on \"}}]}\n\n")));
    all.push_back(reply_fault("EndlessWhole", answer("hi").always_whole().endless_body()));
    all.push_back(reply_fault(
        "Html",
        status(200, "<html><title>Welcome</title></html>").header("content-type", "text/html")));
    all.push_back(reply_fault("HtmlAsAStream", http("content-type: text/event-stream\r\n"
                                                    "connection: close\r\n\r\n<html></html>")));
    all.push_back(reply_fault("NotAnAnswer", status(200, "[]")));
    all.push_back(reply_fault("NoContent", raw("HTTP/1.1 204 No Content\r\n\r\n")));
    all.push_back(reply_fault("Compressed", answer("hi").header("content-encoding", "gzip")));
    all.push_back(
        reply_fault("TwoLengths", http("content-length: 5\r\ncontent-length: 6\r\n\r\n")));
    all.push_back(reply_fault("BadChunk", http("content-type: text/event-stream\r\n"
                                               "transfer-encoding: chunked\r\n\r\n-2\r\n")));
    std::string interim;
    for (int i = 0; i < 100; ++i)
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    all.push_back(reply_fault("EndlessInterimReplies", raw(interim)));
    all.push_back(reply_fault("Silent", testing::silent()));
    all.push_back(reply_fault("NotJsonInAnEvent", answer("a b").error_in_stream("{oops", 2)));
}

inline void add_failures_in_good_order(std::vector<fault>& all) {
    all.push_back(reply_fault("ErrorInStream",
                              answer("a b").error_in_stream(R"({"error":{"message":"no"}})", 2)));
    all.push_back(reply_fault(
        "OverloadedInStream",
        answer("a b").error_in_stream(R"({"error":{"message":"no","code":"overloaded"}})", 0)));
    all.push_back(reply_fault("Refusal", answer("").refusal("I would rather not.")));
    all.push_back(reply_fault("Filtered", answer("").finish_reason("content_filter")));
    all.push_back(reply_fault("EmptyAnswer", answer("")));
    all.back().completes = true;
}

// What looks odd and is none.
inline void add_oddities(std::vector<fault>& all) {
    const scripted_reply whole = answer("one two three");
    all.push_back(healthy_oddity("WithoutDone", scripted_reply(whole).without_done()));
    all.push_back(healthy_oddity("InOneByteChunks", scripted_reply(whole).chunk_bytes(1)));
    all.push_back(healthy_oddity("InSevenByteWrites", scripted_reply(whole).write_bytes(7)));
    all.push_back(healthy_oddity("Whole", scripted_reply(whole).always_whole()));
    all.push_back(healthy_oddity(
        "CloseDelimited", scripted_reply(whole).framing(testing::body_framing::close_delimited)));
    all.push_back(healthy_oddity(
        "WithALength", scripted_reply(whole).framing(testing::body_framing::content_length)));
}

// A provider that repeats the key where it has no business to.
inline void add_indiscretions(std::vector<fault>& all, const std::string& key) {
    const auto says = [](const std::string& text) {
        return R"({"error":{"message":")" + text + R"(","code":")" + text + R"("}})";
    };
    all.push_back(reply_fault("RepeatsTheKey", status(401, says("Incorrect key: " + key + "."))));
    all.push_back(reply_fault("RepeatsHalfTheKey",
                              status(401, says("Incorrect key: ****" + key.substr(7, 12)))));
    all.push_back(reply_fault("RepeatsTheKeyInPlain", status(500, "no such key: " + key)));
    all.push_back(reply_fault(
        "RepeatsTheKeyInHtml",
        status(403, "<html><title>" + key + "</title></html>").header("x-request-id", key)));
    all.push_back(
        reply_fault("RepeatsTheKeyAsType", status(200, key).header("content-type", "text/" + key)));
    all.push_back(reply_fault("RepeatsTheKeyInStream", answer("a").error_in_stream(says(key), 1)));
    all.push_back(
        reply_fault("RepeatsTheKeyInNonsense", answer("a").error_in_stream("{\"" + key, 1)));
    all.push_back(reply_fault("RepeatsTheKeyInRefusal", answer("").refusal("Not with " + key)));
    all.push_back(reply_fault("RepeatsTheKeyAsReason",
                              testing::raw("HTTP/1.1 401 " + key + "\r\n" + key + ": " + key +
                                           "\r\ncontent-length: 0\r\n\r\n")));
}

// Faults of one kind, which are tested side by side.
struct fault_family {
    std::string name;
    std::vector<fault> members;

    // GoogleTest would print it byte by byte.
    friend void PrintTo(const fault_family& each, std::ostream* out) { *out << each.name; }
};

inline std::vector<fault_family> all_faults(const std::string& key) {
    std::vector<fault_family> all = {{"Connections", {}},  {"Cuts", {}},     {"Statuses", {}},
                                     {"Nonsense", {}},     {"Failures", {}}, {"Oddities", {}},
                                     {"Indiscretions", {}}};
    add_connection_faults(all[0].members);
    add_cuts(all[1].members);
    add_statuses(all[2].members);
    add_nonsense(all[3].members);
    add_failures_in_good_order(all[4].members);
    add_oddities(all[5].members);
    add_indiscretions(all[6].members, key);
    return all;
}

// A place with that fault, for as long as this lives.
class faulty_place {
public:
    faulty_place(const fault& what, bool tls) : what_(what) {
        using testing::provider_certificate;
        testing::provider_options options;
        if (what.where == fault::place::wrong_host) {
            options.tls(provider_certificate::wrong_host);
        } else if (what.where == fault::place::expired) {
            options.tls(provider_certificate::expired);
        } else if (what.where == fault::place::untrusted ||
                   (tls && what.where != fault::place::plain_for_tls)) {
            options.tls();
        }
        provider_ = std::make_unique<scripted_provider>(options);
        provider_->otherwise(what.reply.value_or(answer("well")));
        if (what.connection != testing::connection_fault::none) {
            provider_->on_connect(what.connection, scripted_provider::every_connection);
        }
    }

    scripted_provider& provider() { return *provider_; }

    std::string url() const {
        if (what_.where == fault::place::nobody_listens) return scripted_provider::refusing_url();
        std::string url = provider_->base_url();
        if (what_.where == fault::place::plain_for_tls) url.replace(0, 4, "https");
        return url;
    }

    std::string authority() const {
        if (what_.where == fault::place::untrusted) return {};
        return provider_->certificate_authority();
    }

private:
    fault what_;
    std::unique_ptr<scripted_provider> provider_;
};

}  // namespace conclave::tests
