#pragma once

#include <conclave/net/tls.hpp>
#include <conclave/testing/scripted_provider.hpp>

namespace running {

/// The options of a client that trusts the provider's certificate authority besides the system's.
inline conclave::net::tls_options trusting(const conclave::testing::scripted_provider& provider) {
    conclave::net::tls_options options;
    options.ca_pem = provider.certificate_authority();
    return options;
}

}  // namespace running
