#include "engine/split/sha256.hh"

#include <openssl/evp.h>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

void check_hashed(int status) {
  if (status != 1) throw Error("OpenSSL does not compute SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* state) const { EVP_MD_CTX_free(state); }

Sha256::Sha256() : state_(EVP_MD_CTX_new()) {
  check_hashed(EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr));
}

void Sha256::add(std::span<const std::byte> bytes) {
  check_hashed(EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size()));
}

Sha256::Digest Sha256::digest() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy(EVP_MD_CTX_new());
  check_hashed(EVP_MD_CTX_copy_ex(copy.get(), state_.get()));
  Digest digest;
  check_hashed(EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  return digest;
}

Sha256::Digest digest_of_row(std::span<const float> values) {
  Sha256::Digest digest;
  check_hashed(EVP_Digest(values.data(), values.size_bytes(), reinterpret_cast<unsigned char*>(digest.data()),
                          nullptr, EVP_sha256(), nullptr));
  return digest;
}

}  // namespace splitwan::engine
