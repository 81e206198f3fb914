#include "engine/tls/token.hh"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "engine/base/error.hh"
#include "engine/tls/private_file.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t shortest = 16, longest = 512;
using Digest = std::array<unsigned char, 32>;

Digest digest_of(const std::string& text) {
  Digest digest;
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw Error("token: SHA-256 is not to be had");
  return digest;
}

}  // namespace

std::string read_token(const std::string& path) {
  std::string token = read_private_file(path);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.size() < shortest || token.size() > longest)
    throw Error("{}: a token of {} bytes: expected {} to {}, as `openssl rand -hex 32` writes", path,
                token.size(), shortest, longest);
  if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; }))
    throw Error("{}: expected one line of printable characters without spaces", path);
  return token;
}

bool same_token(const std::string& a, const std::string& b) {
  const Digest x = digest_of(a), y = digest_of(b);
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

}  // namespace splitwan::engine
