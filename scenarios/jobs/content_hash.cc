#include "scenarios/jobs/content_hash.hh"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "engine/base/error.hh"

namespace splitwan::scenarios {
namespace {

using boost::uuids::detail::sha1;
using engine::Error;
namespace fs = std::filesystem;

std::string hex(sha1& sum) {
  unsigned int digest[5];
  sum.get_digest(digest);
  std::string text;
  for (const unsigned int word : digest) text += fmt::format("{:08x}", word);
  return text;
}

std::string read_and_hash(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("{}: cannot be opened", path);
  sha1 sum;
  std::vector<char> block(1 << 18);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    sum.process_bytes(block.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) throw Error("{}: cannot be read", path);
  return hex(sum);
}

bool is_read_by_us(const fs::path& file) {
  static const std::set<std::string> kinds{".json", ".model", ".safetensors", ".txt", ".jinja"};
  return kinds.contains(file.extension().string()) && !file.filename().string().starts_with(".");
}

}  // namespace

std::string content_hash(std::string_view text) {
  sha1 sum;
  sum.process_bytes(text.data(), text.size());
  return hex(sum);
}

std::string file_hash(const std::string& path) {
  using Seen = std::tuple<dev_t, ino_t, off_t, time_t, long>;
  static std::map<Seen, std::string> known;
  static std::mutex mutex;  // known
  struct stat now {};
  if (stat(path.c_str(), &now) != 0 || !S_ISREG(now.st_mode))
    throw Error("{}: cannot be opened: expected a file", path);
  const Seen seen{now.st_dev, now.st_ino, now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(seen); found != known.end()) return found->second;
  }
  std::string hash = read_and_hash(path);
  const std::lock_guard lock(mutex);
  return known[seen] = std::move(hash);
}

std::string folder_hash(const std::string& path) {
  std::map<std::string, std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.is_regular_file() && is_read_by_us(entry.path()))
      files[entry.path().filename().string()] = file_hash(entry.path().string());
  if (error) throw Error("{}: cannot be opened: expected a folder", path);
  if (files.empty()) throw Error("{}: expected a folder with a model's files, found none", path);
  std::string all;
  for (const auto& [name, hash] : files) all += fmt::format("{}  {}\n", hash, name);
  return content_hash(all);
}

}  // namespace splitwan::scenarios
