#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <conclave/client/endpoint.hpp>
#include <conclave/client/environment.hpp>
#include <conclave/client/prices.hpp>
#include <conclave/client/retry_budget.hpp>
#include <conclave/http/proxy_settings.hpp>
#include <conclave/net/connection_pool.hpp>
#include <conclave/net/resolver.hpp>
#include <conclave/net/tls.hpp>
#include <conclave/net/transport.hpp>

namespace conclave {

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

    /// Where models are served. A model is asked of the endpoint that lists it in `models`, else of
    /// the one with the longest fitting `prefix`; among equals the first. A name without a `/` that
    /// neither finds goes to the only place there is, if all endpoints have one base URL and list
    /// nothing. Any other is refused with `errc::no_endpoint` before anything is sent.
    std::vector<endpoint> endpoints;
    /// The server that runs the roundtables, if it is not this program that does: they are sent to
    /// `{base_url}/v3/roundtable` as they are, with the names of models that it knows, and the
    /// endpoints above are for `complete` alone. Its format says how the key is sent; the prefix
    /// means nothing. None unless set.
    std::optional<endpoint> hosted_roundtable;
    /// For where the provider states no cost.
    price_table prices;
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

    /// Endpoints as the environment has them, by the variables that providers' own tools read:
    /// - `CONCLAVE_BASE_URL` (with `CONCLAVE_API_KEY`, if it needs one): any server that speaks
    ///   Chat Completions, such as llama.cpp or vLLM; it is asked for every model, alone.
    /// - `OPENAI_API_KEY` (with `OPENAI_BASE_URL`): OpenAI, for `openai/…` names.
    /// - `ANTHROPIC_API_KEY` (with `ANTHROPIC_BASE_URL`): Anthropic, for `anthropic/…`.
    /// - `GOOGLE_API_KEY`, or else `GEMINI_API_KEY`: Google, for `gemini/…` and `google/…`.
    /// - `GROQ_API_KEY`, `MISTRAL_API_KEY`, `DEEPSEEK_API_KEY`, `XAI_API_KEY`: these, for
    ///   `groq/…`, `mistral/…`, `deepseek/…` and `xai/…`.
    /// - `OLLAMA_HOST`: Ollama, for `ollama/…`.
    /// - `CONCLAVE_HOSTED_ROUNDTABLE` (with `CONCLAVE_HOSTED_ROUNDTABLE_KEY`, if it needs one): the
    ///   server that runs the roundtables; see `hosted_roundtable`.
    /// - `OPPER_API_KEY`, `OPENROUTER_API_KEY`: gateways, for every other name; Opper if both are
    ///   set, and OpenRouter then for `openrouter/…`.
    ///
    /// A provider's own key goes before a gateway's for the names with its prefix. None set: no
    /// endpoints, and a call says what to set.
    ///
    /// Also the proxies of the environment, as `http::proxy_settings::from_variables` reads them.
    static client_options from_environment() {
        client_options options;
        options.connect.proxy = http::proxy_settings::from_variables(detail::environment_variable);
        options.endpoints = detail::endpoints_from(detail::environment_variable);
        options.hosted_roundtable = detail::hosted_roundtable_from(detail::environment_variable);
        return options;
    }

    /// Options as a JSON text has them; docs/configuration.md says how it is written. What it does
    /// not mention stays as it is by default; no proxies are taken from the environment, and of its
    /// variables only those are read that a `key_env` names.
    ///
    /// Throws `error`: `errc::malformed_json` for what is not a JSON object, and
    /// `errc::invalid_request`, naming the member (`endpoints[0].key_env`), for a member that is
    /// unknown, given twice or of a value that it cannot have. No value is quoted.
    static client_options from_json(std::string_view text);

    /// The same from a file, of 1 MiB at most. Throws also `error` with `errc::invalid_request` if
    /// it cannot be read, with the reason in `details().cause`. Blocks while it reads.
    static client_options from_file(const std::string& path);
};

}  // namespace conclave
