// Requests that two readers could take in two ways: the public vectors of http-desync-guardian.

#include "running_server.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>

namespace {

using namespace serving;

// The vectors say `\xff` and mean the byte, which YAML makes a character of.
std::string to_bytes(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const bool two = (lead == 0xc2 || lead == 0xc3) && i + 1 < text.size();
        bytes += two ? static_cast<char>(text[++i] + (lead == 0xc3 ? 0x40 : 0)) : text[i];
    }
    return bytes;
}

std::string text_of(const YAML::Node& node) {
    return node && !node.IsNull() ? to_bytes(node.as<std::string>()) : std::string();
}

std::string wire_form(const YAML::Node& test) {
    std::string bytes = text_of(test["method"]) + " " + text_of(test["uri"]);
    if (const std::string version = text_of(test["version"]); !version.empty())
        bytes += " " + version;
    bytes += "\r\n";
    bool has_host = false;
    for (const YAML::Node& line : test["headers"]) {
        has_host = has_host || text_of(line["name"]) == "Host";
        bytes += text_of(line["name"]) + ": " + text_of(line["value"]) + "\r\n";
    }
    // None of the vectors is about a host that is missing.
    if (!has_host) bytes += "Host: localhost\r\n";
    return bytes + "\r\n";
}

/// What is well-formed and refused all the same: codings other than `chunked`, which this server
/// does not undo, and targets that are no path of ASCII characters.
bool is_beyond_us(const YAML::Node& test) {
    const std::string target = text_of(test["uri"]);
    for (const char byte : target) {
        if (byte <= ' ' || byte == '#') return true;
    }
    if (!target.starts_with('/')) return true;
    for (const YAML::Node& line : test["headers"]) {
        const std::string value = text_of(line["value"]);
        if (text_of(line["name"]) == "Transfer-Encoding" && value != "chunked") return true;
    }
    return false;
}

TEST(Desync, EverySevereRequestIsAnswered400AndTheConnectionClosed) {
    const running_server server("");
    const std::filesystem::path folder =
        std::filesystem::path(CONCLAVE_SUITES) / "http-desync" / "tests";
    std::map<std::string, int> seen;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".yaml") continue;
        for (const YAML::Node& test : YAML::LoadFile(file.path().string())) {
            const std::string tier = text_of(test["expected"]["tier"]);
            ++seen[tier];
            if (tier != "Severe" && (tier != "Compliant" || is_beyond_us(test))) continue;
            const std::string name = file.path().filename().string() + ": " + text_of(test["name"]);
            loopback::plain_client client(server.port(), tier == "Severe" ? 5s : 300ms);
            client.send(wire_form(test));
            if (tier == "Severe") {
                const auto reply = loopback::parse(client.receive_all());
                EXPECT_EQ(reply.head.status, 400) << name;
                EXPECT_EQ(client.ended, loopback::ending::closed) << name;
                EXPECT_EQ(reply.rest, "") << name;
            } else {
                // It may wait for a body; what it must not be is refused.
                EXPECT_NE(loopback::parse(client.receive()).head.status, 400) << name;
            }
        }
    }
    EXPECT_EQ(seen["Severe"], 58);
    EXPECT_EQ(seen["Compliant"], 28);
}

TEST(Desync, ARefusalComesAfterTheAnswersToTheRequestsBeforeIt) {
    const running_server server("");
    loopback::plain_client client(server.port(), 5s);
    client.send(request("GET", "/health") + request("GET", "/ready") + "GET /health\n\n");
    const std::string all = client.receive_all();
    const std::size_t first = all.find(R"({"status":"ok"})");
    const std::size_t second = all.find(R"({"status":"ready"})");
    const std::size_t refused = all.find("HTTP/1.1 400");
    EXPECT_LT(first, second);
    EXPECT_LT(second, refused);
    EXPECT_NE(refused, all.npos);
    EXPECT_EQ(client.ended, loopback::ending::closed);
}

TEST(Desync, ThousandsOfPipelinedRequestsAreAnsweredInOrder) {
    const running_server server("");
    constexpr int count = 10'000;
    loopback::plain_client client(server.port(), 20s);
    std::thread sender([&] {
        for (int i = 0; i < count; ++i)
            client.send(request("GET", "/health", {},
                                "x-request-id: n" + std::to_string(i) + "\r\n" +
                                    (i + 1 == count ? "connection: close\r\n" : "")));
    });
    const std::string all = client.receive_all();
    sender.join();
    std::size_t at = 0;
    int found = 0;
    for (; found < count; ++found) {
        at = all.find("X-Request-Id: n" + std::to_string(found) + "\r\n", at);
        if (at == all.npos) break;
    }
    EXPECT_EQ(found, count);
}

TEST(Desync, AnUpgradeIsNotHeededAndItsBodyIsReadAsAnyOther) {
    const running_server server("");
    loopback::plain_client client(server.port(), 5s);
    client.send(request("GET", "/health", {},
                        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
                        "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n") +
                request("GET", "/ready", {}, "connection: close\r\n"));
    const std::string all = client.receive_all();
    EXPECT_NE(all.find(R"({"status":"ok"})"), all.npos);
    EXPECT_NE(all.find(R"({"status":"ready"})"), all.npos);
    EXPECT_EQ(all.find("HTTP/1.1 101"), all.npos);
}

TEST(Desync, ChunksOfAnySizeArriveAsOneBody) {
    const running_server server("");
    const std::string body = panel_of(1, false, "openai/gpt-5.5");
    std::string chunked = request("POST", "/v3/roundtable", {}, "transfer-encoding: chunked\r\n");
    for (const char byte : body)
        chunked += std::string("1;name=\"value\"\r\n") + byte + "\r\n";
    chunked += "0\r\nx-trailer: y\r\n\r\n";
    EXPECT_EQ(ask(server.port(), chunked).head.status, 200);
}

}  // namespace
