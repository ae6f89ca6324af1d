#pragma once

// Clients that share nothing with the provider's own way of doing I/O: a bare socket, and curl.

#include <conclave/http/body_decoder.hpp>
#include <conclave/http/head_parser.hpp>
#include <conclave/json/document.hpp>
#include <conclave/json/writer.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loopback {

/// How a connection stood when the client stopped reading.
enum class ending { none, quiet, closed, reset };

/// A blocking socket whose reads give up after a while.
class plain_client {
public:
    explicit plain_client(unsigned short port,
                          std::chrono::milliseconds patience = std::chrono::seconds(10)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        be_patient(patience);
        if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            close();
            throw std::runtime_error("connection refused");
        }
    }
    ~plain_client() { close(); }
    plain_client(const plain_client&) = delete;
    plain_client& operator=(const plain_client&) = delete;

    void be_patient(std::chrono::milliseconds patience) {
        timeval wait{};
        wait.tv_sec = patience.count() / 1000;
        wait.tv_usec = patience.count() % 1000 * 1000;
        setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// What one read brings; empty when there is nothing more, and then `ended` says why.
    std::string receive() {
        std::array<char, 64 * 1024> buffer;
        const ssize_t length = recv(descriptor_, buffer.data(), buffer.size(), 0);
        if (length > 0) return std::string(buffer.data(), static_cast<std::size_t>(length));
        ended = length == 0 ? ending::closed : errno == ECONNRESET ? ending::reset : ending::quiet;
        return {};
    }

    /// All there is until the connection ends or falls quiet, or `most` bytes were read.
    std::string receive_all(std::size_t most = std::string::npos) {
        std::string all;
        while (all.size() < most) {
            const std::string piece = receive();
            if (piece.empty()) break;
            all += piece;
        }
        return all;
    }

    void close() {
        if (descriptor_ >= 0) ::close(descriptor_);
        descriptor_ = -1;
    }

    ending ended = ending::none;

private:
    int descriptor_ = socket(AF_INET, SOCK_STREAM, 0);
};

inline std::string question(std::string_view model, bool stream = false,
                            std::string_view members = {}) {
    std::string body;
    conclave::json::writer out(body);
    out.begin_object();
    out.member("model", model);
    out.member("stream", stream);
    out.member_raw("messages", R"([{"role":"system","content":"Be brief."},
                                   {"role":"user","content":"Why so?"}])");
    if (!members.empty()) body.append(",").append(members);
    out.end_object();
    return body;
}

inline std::string post(std::string_view body, std::string_view fields = {}) {
    std::string text = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n";
    text.append(fields).append("content-length: ").append(std::to_string(body.size()));
    return text.append("\r\n\r\n").append(body);
}

/// A response taken apart by the library's own parsers.
struct parsed_response {
    conclave::http::response_head head;
    std::string body;
    /// Whether the body was complete, counting a close as its end only where it is meant so.
    bool complete = false;
    /// What followed it.
    std::string rest;
};

inline parsed_response parse(std::string bytes) {
    parsed_response parsed;
    conclave::http::response_parser parser({1 << 24, 256});
    bytes.erase(0, parser.feed(bytes));
    if (!parser.done()) return parsed;
    parsed.head = parser.release();
    conclave::http::body_decoder decoder;
    if (conclave::http::body_decoder::for_response("POST", parsed.head, decoder)) return parsed;
    const auto piece = decoder.decode(std::span<char>(bytes));
    parsed.body.assign(piece.payload.data(), piece.payload.size());
    parsed.complete = decoder.complete_at_close();
    parsed.rest = bytes.substr(piece.consumed);
    return parsed;
}

/// What comes until a response is complete, however long the connection stays open behind it.
inline parsed_response receive_response(plain_client& client) {
    std::string bytes;
    while (true) {
        const std::string piece = client.receive();
        bytes += piece;
        parsed_response parsed = parse(bytes);
        const bool ends_by_close = !parsed.head.header.find("content-length") &&
                                   !parsed.head.header.find("transfer-encoding");
        if (piece.empty() || (parsed.complete && !ends_by_close)) return parsed;
    }
}

/// Sends one question over a connection of its own and reads until that is closed.
inline std::string ask(unsigned short port, std::string_view body) {
    plain_client client(port, std::chrono::seconds(10));
    client.send(post(body, "connection: close\r\n"));
    return client.receive_all();
}

/// The data of each event of a stream.
inline std::vector<std::string> events_of(std::string_view stream) {
    std::vector<std::string> events;
    for (std::size_t end; (end = stream.find("\n\n")) != stream.npos; stream.remove_prefix(end + 2))
        events.emplace_back(stream.substr(6, end - 6));
    return events;
}

/// The strings of this member in the deltas of a stream, one after the other.
inline std::string text_of(const std::vector<std::string>& events, std::string_view member) {
    std::string text;
    for (const std::string& event : events) {
        conclave::json::document parsed;
        if (conclave::json::document::parse(event, parsed)) continue;
        std::string_view piece;
        std::string pointer = "/choices/0/delta/";
        if (!parsed.root().at_pointer(pointer.append(member)).get(piece)) text += piece;
    }
    return text;
}

/// The string at a JSON pointer, or what is there instead, as JSON text.
inline std::string at(const std::string& json, std::string_view pointer) {
    conclave::json::document parsed;
    if (conclave::json::document::parse(json, parsed)) return "not JSON";
    simdjson::dom::element found;
    if (parsed.root().at_pointer(pointer).get(found)) return "absent";
    if (const auto text = conclave::json::string_of(found)) return std::string(*text);
    return simdjson::minify(found);
}

struct curl_result {
    int status = -1;
    std::string output;
};

/// Runs curl with these arguments, as a shell reads them.
inline curl_result curl(const std::string& arguments) {
    curl_result result;
    FILE* pipe = popen(("curl --silent --show-error " + arguments + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return result;
    std::array<char, 4096> buffer;
    while (const std::size_t length = fread(buffer.data(), 1, buffer.size(), pipe))
        result.output.append(buffer.data(), length);
    result.status = WEXITSTATUS(pclose(pipe));
    return result;
}

/// A file of this content, gone with the object.
class temporary_file {
public:
    explicit temporary_file(const std::string& content) {
        const int descriptor = mkstemp(name_.data());
        if (descriptor >= 0) ::close(descriptor);
        std::ofstream(name_) << content;
    }
    ~temporary_file() { std::remove(name_.c_str()); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    const std::string& name() const { return name_; }

private:
    std::string name_ = "/tmp/conclave-test-XXXXXX";
};

}  // namespace loopback
