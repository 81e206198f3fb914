#include "scenarios/sweep/journal.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;

Journal::Journal(const std::string& path) : path_(path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file_ < 0) throw Error("{}: cannot be written: {}", path, std::strerror(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {  // some file systems have no locks
    close(file_);
    throw Error("{}: another sweep is writing it", path);
  }
  const std::string text = engine::read_text_file(path);
  read(text);
  if (!text.empty() && text.back() != '\n' && write(file_, "\n", 1) != 1)
    throw Error("{}: cannot be written: {}", path, std::strerror(errno));
}

Journal::~Journal() { close(file_); }

void Journal::read(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    at = end + 1;
    if (line.is_object() && line.contains("hash") && line["hash"].is_string() && line.contains("rows") &&
        line["rows"].is_array() && !line["rows"].empty())
      rows_.insert_or_assign(line["hash"].get<std::string>(), line["rows"].dump());
    else
      ++skipped_;
  }
}

const std::string* Journal::rows(const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(hash);
  return found == rows_.end() ? nullptr : &found->second;
}

void Journal::add(const std::string& hash, const std::string& rows) {
  const std::string line = fmt::format("{{\"hash\":\"{}\",\"rows\":{}}}\n", hash, rows);
  const std::lock_guard lock(mutex_);
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t wrote = ::write(file_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
    done += static_cast<std::size_t>(wrote);
  }
  rows_.insert_or_assign(hash, rows);
}

}  // namespace splitwan::scenarios
