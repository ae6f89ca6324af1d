#pragma once

// Certificates of every kind, good and bad, made while a test runs.

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace running {

/// An X.509 extension as OpenSSL's configuration files spell it.
struct extension {
    std::string name;
    std::string value;
};

/// What a certificate is to be like; valid from 2020 to 2049.
struct certificate_plan {
    std::string common_name = "conclave test";
    std::vector<extension> extensions;
    std::string not_before = "20200101000000Z";
    std::string not_after = "20491231000000Z";
    /// 0: a key of the curve P-256.
    unsigned rsa_bits = 0;
    const EVP_MD* digest = EVP_sha256();
};

class made_certificate;
made_certificate make_certificate(const certificate_plan& plan, const made_certificate* issuer);

class made_certificate {
public:
    /// The certificate as PEM text.
    std::string pem() const {
        return text([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
    }
    /// Its private key as PEM text, encrypted if there is a password.
    std::string key_pem(const std::string& password = {}) const {
        const auto* secret = reinterpret_cast<const unsigned char*>(password.data());
        const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
        return text([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key_.get(), cipher,
                                            password.empty() ? nullptr : secret,
                                            static_cast<int>(password.size()), nullptr, nullptr);
        });
    }
    /// A revocation list, signed by this authority, with one certificate on it or none.
    std::string crl_pem(const made_certificate* revoked) const {
        const std::shared_ptr<X509_CRL> list(X509_CRL_new(), X509_CRL_free);
        const std::shared_ptr<ASN1_TIME> then(ASN1_TIME_new(), ASN1_TIME_free);
        ASN1_TIME_set_string(then.get(), "20200102000000Z");
        X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
        X509_CRL_set1_lastUpdate(list.get(), then.get());
        if (revoked != nullptr) {
            X509_REVOKED* const entry = X509_REVOKED_new();
            X509_REVOKED_set_serialNumber(entry,
                                          X509_get_serialNumber(revoked->certificate_.get()));
            X509_REVOKED_set_revocationDate(entry, then.get());
            require(X509_CRL_add0_revoked(list.get(), entry) == 1);
        }
        ASN1_TIME_set_string(then.get(), "20491231000000Z");
        X509_CRL_set1_nextUpdate(list.get(), then.get());
        require(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
        return text([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
    }

    const X509* get() const { return certificate_.get(); }

private:
    friend made_certificate make_certificate(const certificate_plan&, const made_certificate*);

    static void require(bool succeeded) {
        if (!succeeded) throw std::runtime_error("OpenSSL could not make a certificate");
    }

    template <class Write>
    static std::string text(const Write& write) {
        const std::shared_ptr<BIO> memory(BIO_new(BIO_s_mem()), BIO_free);
        require(write(memory.get()) == 1);
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &bytes);
        return std::string(bytes, static_cast<std::size_t>(size));
    }

    std::shared_ptr<X509> certificate_;
    std::shared_ptr<EVP_PKEY> key_;
};

/// A certificate signed by `issuer`, or by itself.
inline made_certificate make_certificate(const certificate_plan& plan,
                                         const made_certificate* issuer = nullptr) {
    const auto require = made_certificate::require;
    static std::atomic<long> made = 0;
    made_certificate result;
    EVP_PKEY* const key =
        plan.rsa_bits > 0 ? EVP_RSA_gen(std::size_t{plan.rsa_bits}) : EVP_EC_gen("P-256");
    require(key != nullptr);
    result.key_.reset(key, EVP_PKEY_free);
    result.certificate_.reset(X509_new(), X509_free);
    X509* const certificate = result.certificate_.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++made);
    require(ASN1_TIME_set_string(X509_getm_notBefore(certificate), plan.not_before.c_str()) == 1);
    require(ASN1_TIME_set_string(X509_getm_notAfter(certificate), plan.not_after.c_str()) == 1);
    const auto* name = reinterpret_cast<const unsigned char*>(plan.common_name.c_str());
    if (!plan.common_name.empty()) {
        require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                           name, -1, -1, 0) == 1);
    }
    const made_certificate& by = issuer == nullptr ? result : *issuer;
    X509* const parent = by.certificate_.get();
    require(X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1);
    require(X509_set_pubkey(certificate, key) == 1);
    for (const extension& each : plan.extensions) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, parent, certificate, nullptr, nullptr, 0);
        const std::shared_ptr<X509_EXTENSION> made_extension(
            X509V3_EXT_nconf(nullptr, &context, each.name.c_str(), each.value.c_str()),
            X509_EXTENSION_free);
        require(made_extension && X509_add_ext(certificate, made_extension.get(), -1) == 1);
    }
    require(X509_sign(certificate, by.key_.get(), plan.digest) > 0);
    return result;
}

/// What an authority's certificate is like.
inline certificate_plan authority_plan(std::string name) {
    certificate_plan plan;
    plan.common_name = std::move(name);
    plan.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                       {"keyUsage", "critical,keyCertSign,cRLSign"}};
    return plan;
}

/// What a server's certificate is like; `names` as in `DNS:api.test,IP:127.0.0.1`, empty for none.
inline certificate_plan server_plan(const std::string& names) {
    certificate_plan plan;
    plan.extensions = {{"basicConstraints", "critical,CA:FALSE"},
                       {"keyUsage", "critical,digitalSignature"},
                       {"extendedKeyUsage", "serverAuth"}};
    if (!names.empty()) plan.extensions.push_back({"subjectAltName", names});
    return plan;
}

/// Replaces, or adds, an extension.
inline certificate_plan with(certificate_plan plan, const std::string& name,
                             const std::string& value) {
    for (extension& each : plan.extensions) {
        if (each.name != name) continue;
        each.value = value;
        return plan;
    }
    plan.extensions.push_back({name, value});
    return plan;
}

}  // namespace running
