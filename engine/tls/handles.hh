// OpenSSL's objects, owned; its errors, as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace splitwan::engine {

template <auto release>
struct Released {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

using BioHandle = std::unique_ptr<BIO, Released<BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Released<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, Released<X509_free>>;

std::string openssl_reason();                   // of the last error of this thread, which is then forgotten
void expect(bool went_well, const char* what);  // throws Error with the reason
std::string text_in(BIO*);                      // of a memory BIO
BioHandle bio_of(const std::string& text);      // which must outlive it

}  // namespace splitwan::engine
