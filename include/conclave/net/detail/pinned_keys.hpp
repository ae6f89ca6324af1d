#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::net::detail {

inline constexpr std::string_view pin_prefix = "sha256//";

/// The pin of a certificate: `sha256//` and, in base64, the SHA-256 of its SubjectPublicKeyInfo.
/// Empty when memory is short.
inline std::string pin_of(const X509* certificate) {
    unsigned char* encoded = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
    if (size <= 0) return {};
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(encoded, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(encoded);
    std::array<unsigned char, 48> base64{};
    const int length = EVP_EncodeBlock(base64.data(), digest.data(), SHA256_DIGEST_LENGTH);
    std::string pin(pin_prefix);
    pin.append(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length));
    return pin;
}

/// Whether the text is one that `pin_of` could give: a pin with a slip in it would match nothing,
/// and say so only as a server that is refused.
inline bool is_pin(std::string_view text) {
    if (!text.starts_with(pin_prefix)) return false;
    text.remove_prefix(pin_prefix.size());
    constexpr std::size_t base64_size = 44;
    if (text.size() != base64_size || !text.ends_with('=')) return false;
    std::array<unsigned char, 33> decoded{};
    const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DecodeBlock(decoded.data(), begin, static_cast<int>(base64_size)) != 33) return false;
    std::array<unsigned char, base64_size + 1> again{};
    EVP_EncodeBlock(again.data(), decoded.data(), 32);
    return std::equal(text.begin(), text.end(), again.begin());
}

/// What OpenSSL calls to verify a chain: first its own way, then against the pins in `argument`. So
/// a server without a pinned key is refused before anything is sent to it.
inline int verify_with_pins(X509_STORE_CTX* context, void* argument) {
    if (X509_verify_cert(context) != 1) return 0;
    const auto& pins = *static_cast<const std::vector<std::string>*>(argument);
    const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        const std::string pin = pin_of(sk_X509_value(chain, i));
        if (std::find(pins.begin(), pins.end(), pin) != pins.end()) return 1;
    }
    X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

/// Makes each chain that `context` verifies have one of the `pins`. False when OpenSSL fails.
inline bool require_pins(SSL_CTX* context, std::vector<std::string> pins) {
    // OpenSSL keeps the context for as long as any of its connections; the pins go with it.
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<std::vector<std::string>*>(kept);
        });
    auto kept = std::make_unique<std::vector<std::string>>(std::move(pins));
    if (index < 0 || SSL_CTX_set_ex_data(context, index, kept.get()) != 1) return false;
    SSL_CTX_set_cert_verify_callback(context, verify_with_pins, kept.release());
    return true;
}

}  // namespace conclave::net::detail
