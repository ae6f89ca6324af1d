#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/address_cache.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/notification.hpp>
#include <conclave/net/system_lookup.hpp>

namespace conclave::net {

/// Finds the addresses of a host, in the order in which they are to be tried. What it throws, and
/// an empty list, make the call fail with `errc::resolve_failed`.
///
/// It runs on a strand of its own of the client's executor, at most once at a time for each host.
/// It is cancelled (terminal) when no call waits for it any more; nobody waits for its end then.
using lookup_function =
    std::function<asio::awaitable<std::vector<asio::ip::address>>(std::string host)>;

/// How names become addresses. Literal addresses are taken as they are.
struct resolve_options {
    resolve_options() = default;

    /// In place of the operating system's lookup. Empty: `system_lookup`.
    lookup_function lookup;
    /// How long a host's addresses are used again without another lookup; zero: not at all. They
    /// are forgotten sooner when none of them can be connected to. At most 64 hosts are remembered,
    /// and no failures.
    std::chrono::milliseconds cache_time{30'000};
};

/// Names to addresses: calls that ask for the same host at the same time share one lookup, and
/// those that ask for it soon after share its result.
///
/// Thread-safety: may be used by several threads at once.
template <class Clock>
class resolver {
public:
    using addresses = std::vector<asio::ip::address>;

    /// Lookups run on strands of `executor`.
    resolver(asio::any_io_executor executor, resolve_options options)
        : state_(std::make_shared<state>(std::move(executor), std::move(options))) {}

    /// The addresses of `host`, at least one. Throws `error` with `errc::resolve_failed`.
    ///
    /// Cancellation: terminal, at once, whatever the lookup does; reported as `errc::cancelled`.
    asio::awaitable<addresses> resolve(std::string host) {
        error_code not_literal;
        const auto literal = asio::ip::make_address(host, not_literal);
        if (!not_literal) {
            addresses one(1, literal);
            co_return one;
        }
        const auto shared = state_;
        if (auto known = shared->find(host)) co_return std::move(*known);

        const auto strand = co_await asio::this_coro::executor;
        const auto landed = std::make_shared<notification>(strand);
        const std::shared_ptr<flight> joined = state::join(shared, host, landed);
        co_await landed->wait();
        const auto result = shared->leave(joined, landed);
        if (!result) throw error(errc::cancelled);
        if (result->failure) throw error(*result->failure);
        co_return result->found;
    }

    /// Forgets the addresses of `host`: they were of no use.
    void forget(const std::string& host) { state_->forget(host); }

private:
    struct outcome {
        addresses found;
        std::optional<error> failure;
    };

    // A lookup under way. All but the signal, which is used on `strand`, is under the lock.
    struct flight {
        flight(const asio::any_io_executor& executor, std::string name)
            : strand(asio::make_strand(executor)), host(std::move(name)) {}

        asio::any_io_executor strand;
        std::string host;
        asio::cancellation_signal stop;
        std::vector<std::shared_ptr<notification>> waiting;
        std::optional<outcome> result;
    };

    class state {
    public:
        state(asio::any_io_executor executor, resolve_options options)
            : executor_(std::move(executor)),
              lookup_(options.lookup ? std::move(options.lookup) : lookup_function(system_lookup)),
              cache_(options.cache_time) {}

        std::optional<addresses> find(const std::string& host) {
            const std::lock_guard lock(mutex_);
            return cache_.find(host);
        }

        void forget(const std::string& host) {
            const std::lock_guard lock(mutex_);
            cache_.erase(host);
        }

        static std::shared_ptr<flight> join(const std::shared_ptr<state>& self,
                                            const std::string& host,
                                            std::shared_ptr<notification> landed) {
            std::shared_ptr<flight> joined;
            {
                const std::lock_guard lock(self->mutex_);
                auto& place = self->flights_[host];
                if (place) {
                    place->waiting.push_back(std::move(landed));
                    return place;
                }
                place = joined = std::make_shared<flight>(self->executor_, host);
                joined->waiting.push_back(std::move(landed));
            }
            start(self, joined);
            return joined;
        }

        // What the lookup came to, or nothing if it is still under way; then the last who leaves
        // stops it.
        std::optional<outcome> leave(const std::shared_ptr<flight>& joined,
                                     const std::shared_ptr<notification>& landed) {
            const std::lock_guard lock(mutex_);
            if (joined->result) return joined->result;
            std::erase(joined->waiting, landed);
            if (joined->waiting.empty()) {
                drop(*joined);
                asio::post(joined->strand,
                           [joined] { joined->stop.emit(asio::cancellation_type::terminal); });
            }
            return std::nullopt;
        }

    private:
        static void start(const std::shared_ptr<state>& self,
                          const std::shared_ptr<flight>& started) {
            auto operation = [self, host = started->host] { return self->lookup_(host); };
            const auto on_end = [self, started](const std::exception_ptr& thrown, addresses found) {
                self->land(*started, outcome_of(started->host, thrown, std::move(found)));
            };
            asio::co_spawn(started->strand, std::move(operation),
                           asio::bind_cancellation_slot(
                               started->stop.slot(), asio::bind_executor(started->strand, on_end)));
        }

        void land(flight& landed, outcome result) {
            std::vector<std::shared_ptr<notification>> waiting;
            {
                const std::lock_guard lock(mutex_);
                drop(landed);
                if (!result.failure) cache_.put(landed.host, result.found);
                landed.result = std::move(result);
                waiting.swap(landed.waiting);
            }
            for (const auto& each : waiting)
                each->notify();
        }

        // Whoever asks for the host from now on gets a lookup of his own.
        void drop(const flight& dropped) {
            const auto place = flights_.find(dropped.host);
            if (place != flights_.end() && place->second.get() == &dropped) flights_.erase(place);
        }

        // Exceptions become texts here, on the thread that threw them.
        static outcome outcome_of(const std::string& host, const std::exception_ptr& thrown,
                                  addresses found) {
            outcome result;
            result.found = std::move(found);
            const std::string what = "host name not resolved: " + host + ": ";
            try {
                if (thrown) std::rethrow_exception(thrown);
                if (result.found.empty()) {
                    result.failure.emplace(errc::resolve_failed, what + "no address");
                }
            } catch (const error& failure) {
                result.failure = failure;
            } catch (const std::exception& failure) {
                result.failure.emplace(errc::resolve_failed, what + failure.what());
            } catch (...) {
                result.failure.emplace(errc::resolve_failed, what + "the lookup failed");
            }
            return result;
        }

        asio::any_io_executor executor_;
        lookup_function lookup_;
        std::mutex mutex_;
        address_cache<Clock> cache_;
        std::map<std::string, std::shared_ptr<flight>> flights_;
    };

    std::shared_ptr<state> state_;
};

}  // namespace conclave::net
