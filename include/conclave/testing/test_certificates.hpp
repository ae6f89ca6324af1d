#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace conclave::testing {

/// A certificate and its private key, both as PEM text.
struct issued_certificate {
    /// What is shown to a peer.
    std::string certificate;
    /// What proves that it is one's own.
    std::string private_key;
};

/// A certificate authority that lives as long as this object: made for one test, trusted by nobody
/// who was not handed its `pem()`. Keys are of the curve P-256. Throws `std::runtime_error` when
/// OpenSSL fails. Not to be used by two threads at once.
class test_authority {
public:
    /// Makes the key and signs the authority's own certificate.
    test_authority() : key_(make_key()), certificate_(X509_new()) {
        // Each has a name of its own: a client that trusts another finds no issuer, as in real
        // life.
        static std::atomic<int> made = 0;
        prepare(*certificate_, "conclave test authority " + std::to_string(++made), *key_, false);
        add_extension(NID_basic_constraints, "critical,CA:TRUE");
        add_extension(NID_key_usage, "critical,keyCertSign,cRLSign");
        sign(*certificate_);
    }

    /// The authority's certificate, for the client's trust store.
    std::string pem() const {
        return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
    }

    /// A server's certificate, signed by this authority. `names` is the subject alternative name as
    /// OpenSSL spells it: `"DNS:localhost,IP:127.0.0.1"`. Valid for a day from now, or, when
    /// `expired`, until yesterday.
    issued_certificate issue(const std::string& names, bool expired = false) {
        const key_pointer key = make_key();
        const certificate_pointer leaf(X509_new());
        prepare(*leaf, "conclave scripted provider", *key, expired);
        add_extension(*leaf, NID_basic_constraints, "critical,CA:FALSE");
        add_extension(*leaf, NID_key_usage, "critical,digitalSignature");
        add_extension(*leaf, NID_ext_key_usage, "serverAuth");
        add_extension(*leaf, NID_subject_alt_name, names);
        sign(*leaf);
        issued_certificate issued;
        issued.certificate = to_pem([&](BIO* out) { return PEM_write_bio_X509(out, leaf.get()); });
        issued.private_key = to_pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        return issued;
    }

private:
    struct release {
        void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const noexcept { X509_free(certificate); }
        void operator()(X509_EXTENSION* extension) const noexcept {
            X509_EXTENSION_free(extension);
        }
        void operator()(BIO* memory) const noexcept { BIO_free(memory); }
    };
    using key_pointer = std::unique_ptr<EVP_PKEY, release>;
    using certificate_pointer = std::unique_ptr<X509, release>;

    static void require(bool succeeded) {
        if (!succeeded) throw std::runtime_error("OpenSSL could not make a test certificate");
    }

    static key_pointer make_key() {
        key_pointer key(EVP_EC_gen("P-256"));
        require(key != nullptr);
        return key;
    }

    template <class Write>
    static std::string to_pem(const Write& write) {
        const std::unique_ptr<BIO, release> memory(BIO_new(BIO_s_mem()));
        require(memory && write(memory.get()) == 1);
        char* text = nullptr;
        const long length = BIO_get_mem_data(memory.get(), &text);
        return std::string(text, static_cast<std::size_t>(length));
    }

    /// Fills in all but the extensions and the signature.
    void prepare(X509& certificate, const std::string& common_name, EVP_PKEY& key, bool expired) {
        constexpr long day = 24 * 60 * 60;
        X509_set_version(&certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(&certificate), ++serial_);
        // Back-dated by a day: the clocks of two machines seldom agree.
        X509_gmtime_adj(X509_getm_notBefore(&certificate), expired ? -2 * day : -day);
        X509_gmtime_adj(X509_getm_notAfter(&certificate), expired ? -day : day);
        X509_NAME* subject = X509_get_subject_name(&certificate);
        require(X509_NAME_add_entry_by_txt(
                    subject, "CN", MBSTRING_ASC,
                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1);
        require(X509_set_issuer_name(&certificate, X509_get_subject_name(certificate_.get())) == 1);
        require(X509_set_pubkey(&certificate, &key) == 1);
    }

    void add_extension(X509& certificate, int id, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, certificate_.get(), &certificate, nullptr, nullptr, 0);
        const std::unique_ptr<X509_EXTENSION, release> extension(
            X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
        require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
    }
    void add_extension(int id, const std::string& value) {
        add_extension(*certificate_, id, value);
    }

    void sign(X509& certificate) { require(X509_sign(&certificate, key_.get(), EVP_sha256()) > 0); }

    key_pointer key_;
    certificate_pointer certificate_;
    long serial_ = 0;
};

}  // namespace conclave::testing
