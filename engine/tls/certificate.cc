#include "engine/tls/certificate.hh"

#include <arpa/inet.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t longest_name = 100;

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "(no name)";
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return "(no name)";
  const std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return one_line(text, longest_name);
}

std::string text_of(const ASN1_TIME* time) {
  std::tm t{};
  if (ASN1_TIME_to_tm(time, &t) != 1) return "(no time)";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                     t.tm_hour, t.tm_min);
}

std::string address_of(const ASN1_OCTET_STRING* octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(octets) != 16) return "(no address)";
  ::inet_ntop(family, ASN1_STRING_get0_data(octets), text.data(), text.size());
  return text.data();
}

}  // namespace

Certificate::Certificate(X509* x509) : x509_(x509) { X509_up_ref(x509); }

Certificate Certificate::of_pem(const std::string& pem, const std::string& where) {
  const BioHandle bio = bio_of(pem);
  const X509Handle x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!x509) throw Error("{}: holds no certificate: {}", where, openssl_reason());
  return Certificate(x509.get());
}

Certificate Certificate::read(const std::string& path) { return of_pem(read_text_file(path), path); }

std::string Certificate::name() const { return common_name(X509_get_subject_name(get())); }
std::string Certificate::issuer() const { return common_name(X509_get_issuer_name(get())); }
std::string Certificate::begins() const { return text_of(X509_get0_notBefore(get())); }
std::string Certificate::ends() const { return text_of(X509_get0_notAfter(get())); }
bool Certificate::operator==(const Certificate& other) const { return X509_cmp(get(), other.get()) == 0; }

std::vector<std::string> Certificate::names() const {
  using Names = std::unique_ptr<GENERAL_NAMES, Released<GENERAL_NAMES_free>>;
  const Names all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> list;
  for (int i = 0; i < (all ? sk_GENERAL_NAME_num(all.get()) : 0); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(all.get(), i);
    if (each->type == GEN_DNS)
      list.push_back(one_line({reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                               static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName))},
                              longest_name));
    else if (each->type == GEN_IPADD)
      list.push_back(address_of(each->d.iPAddress));
  }
  return list;
}

bool Certificate::is_for(const std::string& host) const {
  if (is_ip_address(host)) return X509_check_ip_asc(get(), host.c_str(), 0) == 1;
  return X509_check_host(get(), host.data(), host.size(),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS, nullptr) == 1;
}

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

}  // namespace splitwan::engine
