#include "engine/tls/authority.hh"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/tls/private_file.hh"

namespace splitwan::engine {
namespace {

using Clock = std::chrono::system_clock;

KeyHandle new_key() {
  KeyHandle key(EVP_EC_gen("P-256"));
  expect(key != nullptr, "a key cannot be made");
  return key;
}

std::string pem_of(X509* certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  expect(PEM_write_bio_X509(bio.get(), certificate) == 1, "a certificate cannot be written");
  return text_in(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  expect(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "a key cannot be written");
  return text_in(bio.get());
}

void add_extension(X509* to, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  using Extension = std::unique_ptr<X509_EXTENSION, Released<X509_EXTENSION_free>>;
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  expect(extension && X509_add_ext(to, extension.get(), -1) == 1, "an extension of a certificate");
}

// All but what it may be used for.
X509Handle unsigned_certificate(const std::string& name, Validity valid, EVP_PKEY* key) {
  X509Handle x509(X509_new());
  expect(x509 != nullptr, "memory");
  std::array<unsigned char, 16> serial;
  expect(RAND_bytes(serial.data(), serial.size()) == 1, "chance");
  serial[0] &= 0x7f;  // serial numbers are positive
  using Number = std::unique_ptr<BIGNUM, Released<BN_free>>;
  const Number number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  X509_set_version(x509.get(), X509_VERSION_3);
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509.get()));
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), Clock::to_time_t(valid.begins));
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), Clock::to_time_t(valid.ends));
  expect(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()), NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1,
         "a certificate's name");
  expect(X509_set_pubkey(x509.get(), key) == 1, "a certificate's key");
  return x509;
}

}  // namespace

Validity Validity::of_days(int days) {
  const auto now = Clock::now();
  return {now - std::chrono::hours(1), now + std::chrono::hours(24) * days};
}

Authority Authority::create(Validity valid) {
  std::array<unsigned char, 4> chance;
  expect(RAND_bytes(chance.data(), chance.size()) == 1, "chance");
  const std::string name = fmt::format("splitwan CA {:02x}", fmt::join(chance, ""));
  KeyHandle key = new_key();
  const X509Handle x509 = unsigned_certificate(name, valid, key.get());
  X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get()));
  add_extension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x509.get(), x509.get(), NID_subject_key_identifier, "hash");
  expect(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0, "a certificate cannot be signed");
  return {Certificate(x509.get()), std::move(key)};
}

Authority Authority::read(const std::string& certificate_file, const std::string& key_file) {
  Certificate certificate = Certificate::read(certificate_file);
  const std::string text = read_private_file(key_file);
  const BioHandle bio = bio_of(text);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key) throw Error("{}: holds no private key: {}", key_file, openssl_reason());
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    throw Error("{}: is not the key of {}", key_file, certificate_file);
  return {std::move(certificate), std::move(key)};
}

Issued Authority::issue(const IssuedTerms& terms) const {
  Validity valid = terms.valid;
  std::tm last{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate_.get()), &last);
  valid.ends = std::min(valid.ends, Clock::from_time_t(timegm(&last)));
  const KeyHandle key = new_key();
  const X509Handle x509 = unsigned_certificate(terms.name, valid, key.get());
  X509* const issuer = certificate_.get();
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer));
  const auto add = [&](int nid, const std::string& value) { add_extension(x509.get(), issuer, nid, value); };
  add(NID_basic_constraints, "critical,CA:FALSE");
  add(NID_key_usage, "critical,digitalSignature");
  add(NID_ext_key_usage, terms.serves && terms.calls ? "serverAuth,clientAuth"
                         : terms.serves              ? "serverAuth"
                                                     : "clientAuth");
  add(NID_subject_key_identifier, "hash");
  add(NID_authority_key_identifier, "keyid:always");
  std::vector<std::string> names;
  for (const std::string& name : terms.names) names.push_back((is_ip_address(name) ? "IP:" : "DNS:") + name);
  if (!names.empty()) add(NID_subject_alt_name, fmt::format("{}", fmt::join(names, ",")));
  expect(X509_sign(x509.get(), key_.get(), EVP_sha256()) > 0, "a certificate cannot be signed");
  return {pem_of(x509.get()), pem_of(key.get())};
}

Issued Authority::own() const { return {pem_of(certificate_.get()), pem_of(key_.get())}; }

}  // namespace splitwan::engine
