#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/client/config.hpp>
#include <conclave/client/options.hpp>
#include <conclave/client/retry_budget.hpp>
#include <conclave/client/routing.hpp>
#include <conclave/error.hpp>
#include <conclave/http/proxy.hpp>
#include <conclave/http/url.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/connection_pool.hpp>
#include <conclave/net/socket_transport.hpp>
#include <conclave/net/transport.hpp>

namespace conclave {

namespace detail {

/// What the calls of one client share. Calls keep it alive, so that a client may be destroyed while
/// some are under way.
template <class Transport>
struct client_state {
    static_assert(net::transport<Transport>);

    client_state(asio::any_io_executor on, client_options with)
        : executor(std::move(on)),
          options(std::move(with)),
          transport(executor, options.tls, options.resolve),
          pool(options.pool) {
        const std::size_t count = options.endpoints.size();
        for (std::size_t i = 0; i < count + (options.hosted_roundtable ? 1 : 0); ++i) {
            http::url base;
            if (http::url::parse(at(i).base_url, base)) {
                const std::string field =
                    (i < count ? "endpoints[" + std::to_string(i) + "]" : "hosted_roundtable") +
                    ".base_url";
                throw error(errc::invalid_url, field + " is not an http or https URL");
            }
            bases.push_back(std::move(base));
        }
        for (const http::url& base : bases) {
            std::optional<http::proxy> via;
            if (options.connect.proxy.find(base, via)) {
                const std::string field = base.is_tls() ? "https" : "http";
                throw error(
                    errc::invalid_url,
                    "the proxy for " + field + " endpoints (connect.proxy) is not the URL of one");
            }
            if (base.is_tls()) transport.prepare_tls();
            retry_budgets.try_emplace(base.origin(), options.retry_budget);
        }
    }

    /// An endpoint by its number; after all others comes the hosted roundtable, if there is one.
    const endpoint& at(std::size_t index) const {
        return index < options.endpoints.size() ? options.endpoints[index]
                                                : *options.hosted_roundtable;
    }

    asio::any_io_executor executor;
    client_options options;
    Transport transport;
    net::connection_pool<Transport> pool;
    // By an endpoint's number.
    std::vector<http::url> bases;
    // By origin. No key is added later, so that calls may look theirs up without a lock.
    std::map<std::string, retry_budget> retry_budgets;
};

}  // namespace detail

/// Reaches models: endpoints, keys, prices, TLS settings and a pool of connections, shared by all
/// calls made with it. Cheap to make, but for the system's certificates, which are read if an
/// endpoint is `https`; make one and keep it.
///
/// Thread-safety: may be used by several threads at once. It may be destroyed while calls are under
/// way; they end as they would have.
template <class Transport>
class basic_client {
public:
    /// Calls run on strands of `executor`. Throws `error` with `errc::invalid_url` for an endpoint
    /// whose base URL is none and for the URL of a proxy that is none, and with `errc::tls_failed`
    /// for certificates that cannot be read and are needed.
    basic_client(asio::any_io_executor executor, client_options options)
        : state_(std::make_shared<detail::client_state<Transport>>(std::move(executor),
                                                                   std::move(options))) {}
    /// The same on a context's executor.
    basic_client(asio::io_context& context, client_options options)
        : basic_client(asio::any_io_executor(context.get_executor()), std::move(options)) {}

    /// What calls run on strands of.
    asio::any_io_executor get_executor() const { return state_->executor; }

    /// What the client was made with. It does not change, so that any thread may read it.
    const client_options& options() const noexcept { return state_->options; }

    /// How many connections are open and wait for the next call.
    std::size_t idle_connections() const { return state_->pool.idle_count(); }

    /// Closes the connections that wait.
    void close_idle_connections() { state_->pool.clear(); }

    /// What calls share; for the layers of this library.
    const std::shared_ptr<detail::client_state<Transport>>& state() const noexcept {
        return state_;
    }

private:
    std::shared_ptr<detail::client_state<Transport>> state_;
};

/// A client on real sockets.
using client = basic_client<net::socket_transport>;

}  // namespace conclave
