#include "engine/tls/handles.hh"

#include <openssl/err.h>

#include "engine/base/error.hh"

namespace splitwan::engine {

std::string openssl_reason() {
  const unsigned long last = ERR_peek_last_error();
  const char* reason = last ? ERR_reason_error_string(last) : nullptr;
  ERR_clear_error();
  return reason ? reason : "OpenSSL does not say why";
}

void expect(bool went_well, const char* what) {
  if (!went_well) throw Error("TLS: {}: {}", what, openssl_reason());
}

std::string text_in(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

BioHandle bio_of(const std::string& text) {
  BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  expect(bio != nullptr, "memory");
  return bio;
}

}  // namespace splitwan::engine
