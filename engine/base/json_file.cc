#include "engine/base/json_file.hh"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/nearest.hh"

namespace splitwan::engine {

namespace {

std::uint64_t random_word() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

// SipHash-1-3 (Aumasson and Bernstein 2012; rounds as in Rust's maps).
std::uint64_t hash_of_key(std::string_view key) {
  static const std::uint64_t k0 = random_word(), k1 = random_word();
  std::uint64_t a = k0 ^ 0x736f6d6570736575, b = k1 ^ 0x646f72616e646f6d, c = k0 ^ 0x6c7967656e657261,
                d = k1 ^ 0x7465646279746573;
  const auto turned = [](std::uint64_t word, int bits) { return word << bits | word >> (64 - bits); };
  const auto round = [&] {
    a += b, b = turned(b, 13) ^ a, a = turned(a, 32);
    c += d, d = turned(d, 16) ^ c;
    a += d, d = turned(d, 21) ^ a;
    c += b, b = turned(b, 17) ^ c, c = turned(c, 32);
  };
  const auto take = [&](std::uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  };
  std::uint64_t last = static_cast<std::uint64_t>(key.size()) << 56;
  for (; key.size() >= sizeof last; key.remove_prefix(sizeof last)) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data(), sizeof word);
    take(word);
  }
  for (std::size_t i = 0; i < key.size(); ++i)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(key[i])) << (8 * i);
  take(last);
  c ^= 0xff;
  for (int i = 0; i < 3; ++i) round();
  return a ^ b ^ c ^ d;
}

std::string read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (std::filesystem::is_directory(path))
    throw Error("{}: cannot be opened: expected a file, found a folder", path);
  if (!in) throw Error("{}: cannot be opened", path);
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  std::string text(unknown ? 0 : size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in) text.append(std::istreambuf_iterator<char>(in), {});  // a pipe, or what has grown
  return text;
}

void refuse_lfs_pointer(const std::string& path, std::string_view content) {
  if (content.rfind("version https://git-lfs.github.com/spec/", 0) == 0)
    throw Error("{}: a Git LFS pointer, not the file itself: fetch that with `git lfs pull`", path);
}

bool nests_too_deeply(std::string_view text, int deepest) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      while (++i < text.size() && text[i] != '"') i += text[i] == '\\';
    } else if (c == '/') {  // a comment may hold a quotation mark
      const bool block = text.substr(i, 2) == "/*";
      i = block ? text.find("*/", i + 2) : text.find('\n', i);
      if (i == text.npos) return false;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw Error("{}: expected an object, found {}", where_, object.type_name());
}

const Json* ObjectReader::find(const std::string& key) {
  asked_.push_back(key);
  const auto it = object_.find(key);
  return it == object_.end() ? nullptr : &*it;
}

double ObjectReader::number(const std::string& key, double least, double most) {
  const auto value = need<double>(key);
  if (value >= least && value <= most) return value;
  throw Error("{}: expected {} to {}, found {}", path(key), least, most, value);
}

const Json& ObjectReader::at(const std::string& key) {
  const Json* value = find(key);
  if (!value) missing(key);
  return *value;
}

const Json& ObjectReader::list(const std::string& key) {
  const Json& value = at(key);
  if (!value.is_array()) throw Error("{}: expected a list, found {}", path(key), value.type_name());
  return value;
}

std::string ObjectReader::path(const std::string& key) const { return where_ + ": " + key; }

void ObjectReader::done() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string near = nearest(key, asked_);
    if (near.empty()) throw Error("{}: unknown key '{}'", where_, key);
    throw Error("{}: unknown key '{}'; did you mean '{}'?", where_, key, near);
  }
}

void ObjectReader::missing(const std::string& key) const {
  throw Error("{}: key '{}' is missing", where_, key);
}

void ObjectReader::not_whole(const std::string& key, const Json& value, bool negative_too,
                             std::uint64_t most) const {
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > most;
  wrong_type(key,
             too_large      ? fmt::format("a whole number up to {}", most).c_str()
             : negative_too ? "a whole number"
                            : "a whole number, 0 or above",
             value);
}

void ObjectReader::wrong_type(const std::string& key, const char* expected, const Json& value) const {
  throw Error("{}: key '{}': expected {}, found {}", where_, key, expected, value.dump().substr(0, 60));
}

}  // namespace splitwan::engine
