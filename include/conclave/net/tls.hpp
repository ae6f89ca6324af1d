#pragma once

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <conclave/error.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/net/detail/pinned_keys.hpp>

namespace conclave::net {

/// Versions of TLS that can be asked for. The older ones are broken.
enum class tls_version {
    /// TLS 1.2 (RFC 5246).
    tls_1_2,
    /// TLS 1.3 (RFC 8446).
    tls_1_3,
};

/// How servers prove who they are, and how we prove it to them. As it stands: TLS 1.2 at least, the
/// chain verified against the system's certificate authorities (or those of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`, which OpenSSL reads itself), the host name checked, and keys and signatures of
/// less than 112 bits of security refused, which RSA of 1024 bits and SHA-1 are.
///
/// Whether a certificate was revoked is known only from `crl_file`; OCSP is not asked.
struct tls_options {
    tls_options() = default;

    /// A PEM file of certificate authorities. This and the next two are trusted together, and
    /// instead of the system's; with all three empty, the system's are.
    std::string ca_file;
    /// A directory of certificate authorities, in PEM files named as `openssl rehash` does.
    std::string ca_directory;
    /// PEM text of certificate authorities.
    std::string ca_pem;
    /// A PEM file of revocation lists. Once given, each certificate in a chain has to be covered by
    /// one of them. Empty: revocation is not checked.
    std::string crl_file;

    /// Public keys of which a server's chain has to have one, besides being verified as ever:
    /// `sha256//` and the SHA-256 of a SubjectPublicKeyInfo in base64, as curl has it. It may be
    /// the server's own, or that of an authority above it that the verification went by, so that
    /// servers can change their keys under a pinned authority. Empty: any.
    std::vector<std::string> pinned_public_keys;

    /// A PEM file with our certificate, and those of the authorities between it and the server's
    /// trust, for servers that ask for one. Empty: none, unless `certificate_pem` is set.
    std::string certificate_file;
    /// The same as PEM text.
    std::string certificate_pem;
    /// A PEM file with our certificate's private key. Where neither this nor `private_key_pem` is
    /// set, the key is looked for where the certificate was.
    std::string private_key_file;
    /// The same as PEM text.
    std::string private_key_pem;
    /// What the private key is encrypted with; empty where it is not.
    std::string private_key_password;

    /// The oldest version that is spoken.
    tls_version minimum_version = tls_version::tls_1_2;

    /// Believes anybody to be anybody, which gives your key to whoever asks for it: neither chains
    /// nor host names nor pins are looked at, also of proxies. There is no way to switch off one of
    /// them.
    bool dangerously_skip_all_verification = false;
};

namespace detail {

/// Throws `error` with `errc::tls_failed` if there is a `failure`.
inline void require_tls(const error_code& failure, std::string what) {
    if (!failure) return;
    error_details details;
    details.cause = failure;
    throw error(errc::tls_failed, std::move(what) + ": " + failure.message(), std::move(details));
}

inline void require_tls(bool succeeded, const char* what) {
    if (!succeeded) throw error(errc::tls_failed, what);
}

/// The failure of a process that has no descriptor left to open the file of the system's
/// authorities with. OpenSSL itself would pass over that in silence, and the context trust nobody
/// for good.
inline error_code descriptors_for_authorities() {
    const char* const named = std::getenv(X509_get_default_cert_file_env());
    std::FILE* const file =
        std::fopen(named != nullptr ? named : X509_get_default_cert_file(), "r");
    const int failure = errno;
    if (file != nullptr) std::fclose(file);
    const bool none_left = file == nullptr && (failure == EMFILE || failure == ENFILE);
    return {none_left ? failure : 0, std::system_category()};
}

inline void trust_authorities(asio::ssl::context& context, const tls_options& options) {
    error_code failure;
    if (!options.ca_file.empty()) {
        context.load_verify_file(options.ca_file, failure);
        require_tls(failure, "tls.ca_file cannot be read");
    }
    if (!options.ca_directory.empty()) {
        // OpenSSL looks into it only when it needs a certificate, and then finds none.
        std::error_code missing;
        const bool is_there = std::filesystem::is_directory(options.ca_directory, missing);
        require_tls(is_there, "tls.ca_directory is not a directory that can be read");
        context.add_verify_path(options.ca_directory, failure);
        require_tls(failure, "tls.ca_directory cannot be read");
    }
    if (!options.ca_pem.empty()) {
        context.add_certificate_authority(asio::buffer(options.ca_pem), failure);
        require_tls(failure, "tls.ca_pem cannot be read");
    }
    if (options.ca_file.empty() && options.ca_directory.empty() && options.ca_pem.empty()) {
        failure = descriptors_for_authorities();
        if (!failure) context.set_default_verify_paths(failure);
        require_tls(failure, "the system's certificate authorities cannot be read");
    }
}

inline void check_revocation(SSL_CTX* context, const std::string& crl_file) {
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    const bool read =
        lookup != nullptr && X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) > 0 &&
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
    require_tls(read, "tls.crl_file cannot be read");
}

inline void show_certificate(asio::ssl::context& context, const tls_options& options) {
    error_code failure;
    // Without this OpenSSL would ask for a password on the terminal.
    const auto password = [given = options.private_key_password](
                              std::size_t, asio::ssl::context::password_purpose) { return given; };
    context.set_password_callback(password, failure);
    require_tls(failure, "tls.private_key_password cannot be set");
    const bool in_file = !options.certificate_file.empty();
    if (in_file) {
        context.use_certificate_chain_file(options.certificate_file, failure);
        require_tls(failure, "tls.certificate_file cannot be read");
    } else {
        context.use_certificate_chain(asio::buffer(options.certificate_pem), failure);
        require_tls(failure, "tls.certificate_pem cannot be read");
    }
    const std::string& key_file =
        in_file && options.private_key_pem.empty() && options.private_key_file.empty()
            ? options.certificate_file
            : options.private_key_file;
    if (!key_file.empty()) {
        context.use_private_key_file(key_file, asio::ssl::context::pem, failure);
    } else {
        const std::string& key_pem =
            options.private_key_pem.empty() ? options.certificate_pem : options.private_key_pem;
        context.use_private_key(asio::buffer(key_pem), asio::ssl::context::pem, failure);
    }
    require_tls(failure, "the private key of the client's certificate cannot be used");
}

inline void verify_servers(asio::ssl::context& context, const tls_options& options) {
    SSL_CTX* const native = context.native_handle();
    context.set_verify_mode(asio::ssl::verify_peer);
    // Debian's OpenSSL asks for as much by itself, others for less.
    constexpr int bits_112 = 2;
    if (SSL_CTX_get_security_level(native) < bits_112) {
        SSL_CTX_set_security_level(native, bits_112);
    }
    trust_authorities(context, options);
    if (!options.crl_file.empty()) check_revocation(native, options.crl_file);
    if (options.pinned_public_keys.empty()) return;
    for (const std::string& pin : options.pinned_public_keys) {
        require_tls(is_pin(pin), "tls.pinned_public_keys: not sha256// and a SHA-256 in base64");
    }
    require_tls(require_pins(native, options.pinned_public_keys), "the pins cannot be set");
}

}  // namespace detail

/// An OpenSSL context of these options, which offers `http/1.1` by ALPN. Throws `error` with
/// `errc::tls_failed` when a certificate, a key or a list cannot be read, or a pin is none.
inline std::shared_ptr<asio::ssl::context> make_tls_context(const tls_options& options) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    const bool newest_only = options.minimum_version == tls_version::tls_1_3;
    SSL_CTX_set_min_proto_version(native, newest_only ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
    constexpr std::string_view protocols = "\x08http/1.1";
    const auto* first = reinterpret_cast<const unsigned char*>(protocols.data());
    SSL_CTX_set_alpn_protos(native, first, static_cast<unsigned>(protocols.size()));
    if (!options.certificate_file.empty() || !options.certificate_pem.empty()) {
        detail::show_certificate(*context, options);
    }
    if (options.dangerously_skip_all_verification) {
        context->set_verify_mode(asio::ssl::verify_none);
    } else {
        detail::verify_servers(*context, options);
    }
    return context;
}

}  // namespace conclave::net
