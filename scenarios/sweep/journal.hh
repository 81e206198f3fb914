// Finished cells, by hash, in a file that only grows: what was there stays there, however a sweep ends.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

namespace splitwan::scenarios {

class Journal {
 public:
  // Reads what is there; a line that is torn or strange is skipped. Throws Error where it cannot be written,
  // or where another sweep is writing it.
  explicit Journal(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;

  // A finished cell's rows, as JSON; nullptr where there is none.
  const std::string* rows(const std::string& hash) const;
  // One line, written at once. From any thread.
  void add(const std::string& hash, const std::string& rows);

  const std::string& path() const { return path_; }
  std::size_t skipped() const { return skipped_; }  // lines

 private:
  void read(const std::string& text);

  std::string path_;
  int file_ = -1;
  std::size_t skipped_ = 0;
  mutable std::mutex mutex_;  // rows_, and that lines do not mix
  std::unordered_map<std::string, std::string> rows_;
};

}  // namespace splitwan::scenarios
