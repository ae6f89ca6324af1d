#pragma once

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <string>
#include <utility>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>

namespace conclave::net {

/// How servers prove who they are. As it stands: TLS 1.2 at least, the chain verified against the
/// system's certificate authorities (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, which OpenSSL
/// reads itself), the host name checked.
struct tls_options {
    tls_options() = default;

    /// A PEM file of certificate authorities to trust instead of the system's. Empty: the system's.
    std::string ca_file;
    /// PEM text of certificate authorities to trust instead of the system's. Empty: the system's.
    std::string ca_pem;
    /// Accepts any certificate of anybody, which gives your key to whoever asks for it.
    bool dangerously_accept_any_certificate = false;
};

/// An OpenSSL context of these options. Throws `error` with `errc::tls_failed` when a certificate
/// cannot be read.
inline std::shared_ptr<asio::ssl::context> make_tls_context(const tls_options& options) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    const auto check = [](const error_code& failure, const char* what) {
        if (!failure) return;
        error_details details;
        details.cause = failure;
        throw error(errc::tls_failed, what, std::move(details));
    };
    error_code failure;
    if (options.dangerously_accept_any_certificate) {
        context->set_verify_mode(asio::ssl::verify_none);
        return context;
    }
    context->set_verify_mode(asio::ssl::verify_peer);
    if (!options.ca_file.empty()) {
        context->load_verify_file(options.ca_file, failure);
        check(failure, "tls.ca_file cannot be read");
    }
    if (!options.ca_pem.empty()) {
        context->add_certificate_authority(asio::buffer(options.ca_pem), failure);
        check(failure, "tls.ca_pem cannot be read");
    }
    if (options.ca_file.empty() && options.ca_pem.empty()) {
        context->set_default_verify_paths(failure);
        check(failure, "the system's certificate authorities cannot be read");
    }
    return context;
}

}  // namespace conclave::net
