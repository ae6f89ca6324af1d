#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <conclave/http/fields.hpp>
#include <conclave/wire/any_format.hpp>

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
    /// Models whose name begins so come here, and are sent without it: `openai/`. Empty: every
    /// model may come, its name as it is, unless `models` lists some.
    std::string prefix;
    /// Models that come here whatever other endpoints serve: by the whole name that a request has,
    /// with the name to send, which is the same where it is empty. An endpoint that lists some
    /// takes no others, but those with its prefix if it has one.
    std::map<std::string, std::string, std::less<>> models;
    /// What it speaks, and how it differs from others that do.
    wire::any_format format;
    /// Further header fields for each request.
    std::vector<http::field> header;
};

}  // namespace conclave
