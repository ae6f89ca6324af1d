#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <conclave/client/retry_budget.hpp>
#include <conclave/http/fields.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/net/connection_pool.hpp>
#include <conclave/net/resolver.hpp>
#include <conclave/net/tls.hpp>
#include <conclave/net/transport.hpp>
#include <conclave/wire/any_format.hpp>
#include <conclave/wire/usage.hpp>

namespace conclave {

/// A place that serves models, in one format.
struct endpoint {
    /// `url` is what its documentation gives to SDKs: `https://api.openai.com/v1`. `key`, if not
    /// empty, is sent as the format has it, to this place alone. `speaks` is the format, Chat
    /// Completions unless given, with what is particular to the place.
    explicit endpoint(std::string url, std::string key = {}, wire::any_format speaks = {})
        : base_url(std::move(url)), api_key(std::move(key)), format(std::move(speaks)) {}

    /// What the requests' paths are put behind.
    std::string base_url;
    /// The key; empty: none is sent.
    std::string api_key;
    /// Only models whose name begins so come here, and are sent without it: `openai/`. Empty: every
    /// model may come, its name as it is.
    std::string prefix;
    /// What it speaks, and how it differs from others that do.
    wire::any_format format;
    /// Further header fields for each request.
    std::vector<http::field> header;
};

/// What a model costs, in USD for a million tokens.
struct price {
    /// For input that is not in the provider's prompt cache.
    double input = 0;
    /// For output, reasoning included.
    double output = 0;
    /// For input read from the provider's prompt cache; unless set, as `input`.
    std::optional<double> cache_read = {};
};

namespace detail {
/// An amount in USD to a trillionth, so that sums have no tail of digits which nobody is charged.
inline double rounded_usd(double amount) { return std::round(amount * 1e12) / 1e12; }
}  // namespace detail

/// The cost of `used` at `rate`, in USD.
inline double cost_of(const usage& used, const price& rate) {
    const auto cached =
        static_cast<double>(std::min(used.cache_read_tokens.value_or(0), used.input_tokens));
    const auto fresh = static_cast<double>(used.input_tokens) - cached;
    const auto output = static_cast<double>(used.output_tokens);
    return detail::rounded_usd((fresh * rate.input + cached * rate.cache_read.value_or(rate.input) +
                                output * rate.output) /
                               1e6);
}

/// Times within which an attempt and its reply must go on. Zero: no limit of its own. An attempt
/// that one of them ends is tried again, as often as the call allows, and may have been billed.
struct reply_timeouts {
    reply_timeouts() = default;

    /// From the start of the request on its connection to the first piece of the answer, of its
    /// reasoning or of a refusal: `errc::first_token_timeout`. None unless set, for models think
    /// for minutes before they say a word.
    std::chrono::milliseconds first_token_timeout{0};
    /// From one piece of the answer to the next: `errc::idle_timeout`. Comments, pings and events
    /// without text do not count; the time in which the caller takes no more events does not
    /// either.
    std::chrono::milliseconds idle_timeout{60'000};
    /// One attempt, the wait for a connection included: `errc::attempt_timeout`. None unless set:
    /// an attempt may take all the time its call has.
    std::chrono::milliseconds attempt_timeout{0};
};

/// Limits on what one reply may take of memory.
struct reply_limits {
    reply_limits() = default;

    /// Bytes of a reply that is not a stream, and of the text in one that is.
    std::size_t body_size = std::size_t{64} << 20;
    /// Bytes of one event of a stream.
    std::size_t event_size = std::size_t{16} << 20;
};

/// How a client reaches models. A class with a constructor, so that a temporary of it is safe in an
/// expression with `co_await` on every compiler.
struct client_options {
    client_options() = default;

    /// Where models are served. The endpoint with the longest fitting `prefix` is asked; among
    /// equals the first.
    std::vector<endpoint> endpoints;
    /// The server that runs the roundtables, if it is not this program that does: they are sent to
    /// `{base_url}/v3/roundtable` as they are, with the names of models that it knows, and the
    /// endpoints above are for `complete` alone. Its format says how the key is sent; the prefix
    /// means nothing. None unless set.
    std::optional<endpoint> hosted_roundtable;
    /// Prices by the model's name as a request has it, for where the provider states no cost.
    std::map<std::string, price, std::less<>> prices;
    /// Whom to trust.
    net::tls_options tls;
    /// How names become addresses.
    net::resolve_options resolve;
    /// How long a connection may take.
    net::connect_options connect;
    /// How long a reply may keep silent, and an attempt take.
    reply_timeouts timeouts;
    /// How many idle connections are kept, and how long.
    net::pool_options pool;
    /// How much of a reply is taken.
    reply_limits limits;
    /// How many retries there may be at one origin, over all calls. When they are spent, a call
    /// that could be tried again fails at once, with the error of its last attempt, whose text says
    /// so.
    retry_budget_options retry_budget;
    /// How many redirects an attempt follows, one after the other: 307 and 308, which let the
    /// request be sent again as it was. To another origin only with TLS, and without the key, the
    /// endpoint's own fields and all others that do not say what the request is; they stay away
    /// when a further redirect leads back. 0, as it stands: none is followed. A redirect that is
    /// not followed is an error with `errc::http_status`.
    std::size_t max_redirects = 0;

    /// Endpoints as the environment has them:
    /// - `CONCLAVE_BASE_URL` (with `CONCLAVE_API_KEY`, if it needs one): any server that speaks
    ///   Chat Completions, such as llama.cpp, Ollama or vLLM; it is asked for every model, alone.
    /// - `OPENAI_API_KEY` (with `OPENAI_BASE_URL`): OpenAI, for `openai/…` names.
    /// - `OPPER_API_KEY`: Opper's gateway, for every other name.
    ///
    /// None set: no endpoints, and a call says what to set.
    ///
    /// Also the proxies of the environment, as `http::proxy_settings::from_variables` reads them.
    static client_options from_environment() {
        const auto variable = [](const char* name) -> std::string {
            const char* value = std::getenv(name);
            return value != nullptr ? value : "";
        };
        client_options options;
        options.connect.proxy = http::proxy_settings::from_variables(variable);
        if (const auto base = variable("CONCLAVE_BASE_URL"); !base.empty()) {
            options.endpoints.emplace_back(base, variable("CONCLAVE_API_KEY"));
            return options;
        }
        if (const auto key = variable("OPENAI_API_KEY"); !key.empty()) {
            const auto base = variable("OPENAI_BASE_URL");
            wire::chat_completions speaks;
            speaks.max_completion_tokens = true;
            speaks.without_sampling = {"gpt-5", "o1", "o3", "o4"};
            endpoint openai(base.empty() ? "https://api.openai.com/v1" : base, key, speaks);
            openai.prefix = "openai/";
            options.endpoints.push_back(std::move(openai));
        }
        if (const auto key = variable("OPPER_API_KEY"); !key.empty()) {
            options.endpoints.emplace_back("https://api.opper.ai/v3/compat", key);
        }
        return options;
    }
};

}  // namespace conclave
