// The only file that knows RESTinio: it accepts, parses what the strict filter let through, routes
// and writes; each request is then a coroutine.

#include "http_server.hpp"

#include "exchange.hpp"
#include "guarded_socket.hpp"

#include <conclave/http/trace_context.hpp>
#include <conclave/json/writer.hpp>

#include <restinio/all.hpp>
#include <restinio/router/easy_parser_router.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace server {

// RESTinio asks for these two by the type of the socket.

template <class Connection, class Start, class Fail>
void prepare_connection_and_start_read(guarded_socket& socket, Connection& connection, Start start,
                                       Fail) {
    socket.guarded()->start(connection.connection_id());
    start();
}

static restinio::tls_socket_t* make_tls_socket_pointer_for_state_listener(
    guarded_socket&) noexcept {
    return nullptr;
}

namespace {

namespace epr = restinio::router::easy_parser_router;
using router = restinio::router::easy_parser_router_t;
using clock = std::chrono::steady_clock;

// How long the last words of a response may take.
constexpr std::chrono::seconds farewell_time{2};

struct traits : restinio::traits_t<restinio::asio_timer_manager_t, restinio::null_logger_t, router,
                                   restinio::noop_strand_t, guarded_socket> {
    static constexpr bool use_connection_count_limiter = true;
};

std::string make_request_id() {
    std::array<unsigned char, 16> random{};
    RAND_bytes(random.data(), static_cast<int>(random.size()));
    std::string id = "req_";
    for (const unsigned char byte : random) {
        id += "0123456789abcdef"[byte >> 4];
        id += "0123456789abcdef"[byte & 15];
    }
    return id;
}

bool is_usable_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    });
}

http_request read_request(restinio::request_t& from) {
    http_request read;
    const auto& head = from.header();
    read.method = head.method().c_str();
    read.path = std::string(head.path());
    read.query = std::string(head.query());
    head.for_each_field([&](const restinio::http_header_field_t& line) {
        if (read.fields.add(line.name(), line.value())) return;
    });
    read.body = from.body();
    read.can_stream = read.fields.count(old_version_field) == 0;
    const std::string_view id = read.header("x-request-id");
    read.id = is_usable_id(id) ? std::string(id) : make_request_id();
    const std::string_view trace = read.header("traceparent");
    if (conclave::http::is_traceparent(trace)) read.traceparent = std::string(trace);
    return read;
}

std::optional<restinio::http_method_id_t> method_of(std::string_view name) {
    if (name == "GET") return restinio::http_method_get();
    if (name == "HEAD") return restinio::http_method_head();
    if (name == "POST") return restinio::http_method_post();
    if (name == "PUT") return restinio::http_method_put();
    if (name == "DELETE") return restinio::http_method_delete();
    return std::nullopt;
}

}  // namespace

std::string error_body(std::string_view code, std::string_view message) {
    std::string text;
    conclave::json::writer out(text);
    out.begin_object();
    out.key("error");
    out.begin_object();
    out.member("code", code);
    out.member("message", message);
    out.end_object();
    out.end_object();
    return text;
}

class http_server::implementation : public std::enable_shared_from_this<implementation> {
public:
    implementation(asio::io_context& context, route_table routes, http_limits limits,
                   http_hooks hooks)
        : context_(context),
          routes_(std::move(routes)),
          limits_(limits),
          hooks_(std::move(hooks)),
          guards_(asio::use_service<guard_service>(context)),
          drained_(context) {
        guards_.limits = limits_;
        guards_.refuse = [this](int status) { return refuse(status); };
    }

    void listen(const std::string& address, unsigned short port) {
        auto settings = restinio::server_settings_t<traits>();
        settings.address(address).port(port).request_handler(make_router());
        settings.buffer_size(4096).max_pipelined_requests(1).concurrent_accepts_count(4);
        settings.max_parallel_connections(limits_.connections);
        settings.read_next_http_message_timelimit(limits_.request_time);
        settings.write_http_response_timelimit(limits_.write_time);
        settings.handle_request_timeout(std::chrono::hours(24));
        settings.incoming_http_msg_limits(
            restinio::incoming_http_msg_limits_t().max_body_size(limits_.body_size));
        settings.acceptor_options_setter([](restinio::acceptor_options_t& options) {
            options.set_option(asio::ip::tcp::acceptor::reuse_address(true));
        });
        settings.socket_options_setter([](restinio::socket_options_t& options) {
            options.set_option(asio::ip::tcp::no_delay(true));
            // What a client that does not read makes the kernel keep.
            options.set_option(asio::socket_base::send_buffer_size(64 * 1024));
        });
        settings.acceptor_post_bind_hook([this](asio::ip::tcp::acceptor& acceptor) {
            port_ = acceptor.local_endpoint().port();
        });
        restinio_.emplace(restinio::external_io_context(context_), std::move(settings));
        restinio_->open_sync();
    }

    void drain(std::function<void()> done) {
        if (draining_) return end_all();
        draining_ = true;
        done_ = std::move(done);
        restinio_->close_sync();
        for (const auto& [number, weak] : guards_.connections) {
            const auto connection = weak.lock();
            if (connection && !connection->busy()) connection->end_idle();
        }
        drained_.expires_after(limits_.drain_time);
        drained_.async_wait([self = shared_from_this()](const std::error_code& error) {
            if (!error) self->end_all();
        });
        check_drained();
    }

    /// RESTinio's connections must not outlive its server: they count themselves there.
    void end_connections() {
        for (const auto& [number, weak] : std::exchange(guards_.connections, {})) {
            const auto connection = weak.lock();
            if (!connection) continue;
            connection->cancel_read();
            connection->shut();
        }
        context_.restart();
        context_.poll();
    }

    unsigned short port() const noexcept { return port_; }
    bool draining() const noexcept { return draining_; }
    std::size_t open_requests() const noexcept { return exchanges_.size(); }
    std::size_t open_streams() const noexcept {
        return static_cast<std::size_t>(
            std::count_if(exchanges_.begin(), exchanges_.end(),
                          [](const auto& each) { return each->has_begun(); }));
    }
    std::size_t open_connections() const noexcept { return guards_.connections.size(); }

private:
    using status_type = restinio::request_handling_status_t;

    std::unique_ptr<router> make_router() {
        auto made = std::make_unique<router>();
        for (const auto& [path, methods] : routes_.paths()) {
            for (const auto& [name, entry] : methods) {
                add(*made, name, path, entry, false);
                if (name == "GET") add(*made, "HEAD", path, entry, true);
            }
        }
        made->non_matched_request_handler([this](const restinio::request_handle_t& handle) {
            return start(handle, not_found_, false);
        });
        return made;
    }

    void add(router& to, std::string_view name, const std::string& path,
             const route_table::entry& entry, bool head_only) {
        const auto method = method_of(name);
        if (!method) throw std::logic_error("a route of a method that is not served");
        to.add_handler(*method, epr::path_to_params(path),
                       [this, &entry, &path, head_only](const restinio::request_handle_t& handle) {
                           // To RESTinio a slash more at the end is the same path.
                           const bool is_it = handle->header().path() == path;
                           return start(handle, is_it ? entry : not_found_, head_only);
                       });
    }

    asio::awaitable<void> answer_unmatched(const http_request& request, responder& out) {
        const auto known = routes_.paths().find(request.path);
        if (known == routes_.paths().end()) {
            std::string body = error_body("not_found", "nothing is served at this path");
            co_await out.send(404, "application/json", std::move(body));
        } else {
            std::string allowed;
            for (const auto& [name, entry] : known->second)
                allowed += (allowed.empty() ? "" : ", ") + name + (name == "GET" ? ", HEAD" : "");
            header_list extra;
            extra.push_back({"Allow", std::move(allowed)});
            std::string body = error_body("method_not_allowed", "this path has other methods");
            co_await out.send(405, "application/json", std::move(body), std::move(extra));
        }
    }

    status_type start(const restinio::request_handle_t& handle, const route_table::entry& entry,
                      bool head_only) {
        const auto found = guards_.connections.find(handle->connection_id());
        const auto connection = found == guards_.connections.end() ? nullptr : found->second.lock();
        if (!connection) return restinio::request_rejected();
        auto current = std::make_shared<exchange>(context_, read_request(*handle), head_only,
                                                  handle, connection);
        exchanges_.insert(current);
        if (draining_) current->close_after();
        const auto on_gone = [weak = std::weak_ptr<exchange>(current)] {
            if (const auto alive = weak.lock()) alive->stop(stop_reason::client_gone);
        };
        connection->on_gone(on_gone);
        if (connection->gone()) current->stop(stop_reason::client_gone);
        const auto on_end = [self = shared_from_this(), current](const std::exception_ptr&) {
            self->end(current);
        };
        asio::co_spawn(context_, run(shared_from_this(), current, entry),
                       asio::bind_cancellation_slot(current->slot(), on_end));
        return restinio::request_accepted();
    }

    static asio::awaitable<void> run(std::shared_ptr<implementation> self,
                                     std::shared_ptr<exchange> current,
                                     const route_table::entry& entry) {
        std::optional<refusal> refused;
        try {
            // Signals are not latched: a client that left before is told of here.
            if (current->stopped() != stop_reason::none) co_return;
            self->admit(*current, entry);
            co_await entry.run(current->request(), *current);
        } catch (const refusal& why) {
            refused = why;
        } catch (const std::exception&) {
            refused.emplace(500, "internal_error", "the request could not be served");
        }
        co_await asio::this_coro::throw_if_cancelled(false);
        try {
            co_await say_farewell(*current, std::move(refused));
        } catch (const std::exception&) {
            // The client has gone away meanwhile.
        }
    }

    void admit(exchange& current, const route_table::entry& entry) {
        if (entry.who == access::open) return;
        if (draining_) {
            header_list extra;
            extra.push_back({"Retry-After", "1"});
            throw refusal(503, "shutting_down", "the server is about to end", std::move(extra));
        }
        if (hooks_.authenticate) {
            current.request().caller = hooks_.authenticate(current.request());
        }
    }

    // Completes what the handler has left.
    static asio::awaitable<void> say_farewell(exchange& current, std::optional<refusal> refused) {
        if (current.is_gone() || current.is_finished()) co_return;
        const bool drained = current.stopped() == stop_reason::draining;
        current.begin_farewell();
        if (!current.has_begun()) {
            if (drained) refused.emplace(503, "shutting_down", "the server ends");
            if (!refused) refused.emplace(500, "internal_error", "the handler gave no response");
            if (drained) current.close_after();
            std::string body = error_body(refused->code(), refused->what());
            co_await current.send(refused->status(), "application/json", std::move(body),
                                  refused->extra());
        } else if (drained) {
            current.write(current.last_words());
            co_await current.finish();
        } else if (!refused) {
            co_await current.finish();
        }
    }

    void end(const std::shared_ptr<exchange>& current) {
        if (hooks_.on_response) {
            const std::chrono::duration<double> took = clock::now() - current->began();
            const bool whole = current->is_finished() && !current->is_gone();
            const bool known = routes_.paths().contains(current->request().path);
            hooks_.on_response(current->request(), known ? current->request().path : std::string(),
                               whole ? current->status() : 499, took.count());
        }
        if (current->is_finished()) {
            current->release();
        } else {
            current->cut_off();
        }
        exchanges_.erase(current);
        if (draining_) current->connection()->end_idle();
        check_drained();
    }

    void end_all() {
        const auto all = exchanges_;
        for (const auto& each : all)
            each->stop(stop_reason::draining);
        drained_.expires_after(farewell_time);
        drained_.async_wait([self = shared_from_this()](const std::error_code& error) {
            if (error) return;
            const auto left = self->exchanges_;
            for (const auto& each : left) {
                each->stop(stop_reason::client_gone);
                each->cut_off();
            }
        });
    }

    void check_drained() {
        if (!draining_ || !exchanges_.empty() || !done_) return;
        drained_.cancel();
        asio::post(context_, std::exchange(done_, nullptr));
    }

    std::string refuse(int status) {
        if (hooks_.on_refusal) hooks_.on_refusal(status);
        const char* code = status == 413   ? "body_too_large"
                           : status == 431 ? "head_too_large"
                           : status == 501 ? "method_not_implemented"
                                           : "malformed_request";
        const std::string body = error_body(code, "the request was refused: " + reason_of(status));
        return "HTTP/1.1 " + std::to_string(status) + " " + reason_of(status) +
               "\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\nX-Request-Id: " + make_request_id() +
               "\r\nConnection: close\r\n\r\n" + body;
    }

    asio::io_context& context_;
    route_table routes_;
    http_limits limits_;
    http_hooks hooks_;
    guard_service& guards_;
    std::optional<restinio::http_server_t<traits>> restinio_;
    std::unordered_set<std::shared_ptr<exchange>> exchanges_;
    route_table::entry not_found_{[this](const http_request& request, responder& out) {
                                      return answer_unmatched(request, out);
                                  },
                                  access::open};
    asio::steady_timer drained_;
    std::function<void()> done_;
    unsigned short port_ = 0;
    bool draining_ = false;
};

http_server::http_server(asio::io_context& context, route_table routes, http_limits limits,
                         http_hooks hooks)
    : self_(
          std::make_shared<implementation>(context, std::move(routes), limits, std::move(hooks))) {}

http_server::~http_server() { self_->end_connections(); }

void http_server::listen(const std::string& address, unsigned short port) {
    self_->listen(address, port);
}
unsigned short http_server::port() const { return self_->port(); }
void http_server::drain(std::function<void()> done) { self_->drain(std::move(done)); }
bool http_server::draining() const noexcept { return self_->draining(); }
std::size_t http_server::open_requests() const noexcept { return self_->open_requests(); }
std::size_t http_server::open_streams() const noexcept { return self_->open_streams(); }
std::size_t http_server::open_connections() const noexcept { return self_->open_connections(); }

}  // namespace server
