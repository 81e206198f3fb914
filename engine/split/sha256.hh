// SHA-256 of bytes that come one after the other (FIPS 180-4, by OpenSSL). No torch.
#pragma once

#include <array>
#include <memory>
#include <span>

struct evp_md_ctx_st;

namespace splitwan::engine {

class Sha256 {
 public:
  using Digest = std::array<std::byte, 32>;
  Sha256();
  void add(std::span<const std::byte>);
  Digest digest() const;  // of what was added so far

 private:
  struct Free {
    void operator()(evp_md_ctx_st*) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> state_;
};

// Of one row of activations. Rows are committed to by these: each is hashed when it is computed, and what is
// left for the moment it is kept does not depend on the width.
Sha256::Digest digest_of_row(std::span<const float>);

}  // namespace splitwan::engine
