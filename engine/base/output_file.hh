// Files that appear whole or not at all, and files that grow.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace splitwan::engine {

// A file that this process is writing, known to put_unfinished_away(): from here on until finished().
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const std::string& path);  // to be removed
  ~UnfinishedFile() { finished(); }
  UnfinishedFile(const UnfinishedFile&) = delete;
  void keep(const std::string& line);  // from here on it stays, and stderr gets this line
  void finished();

 private:
  friend void put_unfinished_away() noexcept;
  struct Entry;
  Entry* entry_;
};

// For a handler of signals that end the process: removes what is to be removed, says what stays.
void put_unfinished_away() noexcept;

// Who may read a file that was not there before. One that was keeps its mode.
enum class Readers { all, owner };  // as the umask says; mode 0600: text of prompts is in it

// Written beside its place under a name that nobody can guess, brought to the disk, then renamed there.
// Symbolic links at `path` are followed; what is no regular file (a device, a pipe) is written as it stands.
// Throws Error naming the path and the reason.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path, Readers = Readers::all);
  ~OutputFile();  // without finish(): nothing has happened
  OutputFile(const OutputFile&) = delete;
  void write(std::string_view bytes);
  void finish();

 private:
  void open_temporary(Readers);
  [[noreturn]] void fail() const;  // says errno

  std::string path_, target_, temporary_;  // as named; links followed; empty when written in place
  std::optional<UnfinishedFile> unfinished_;
  int file_ = -1;
};

// Writes `text` whole; "-" is stdout.
void write_file(const std::string& path, std::string_view text, Readers = Readers::all);

// For the start of long work: throws Error when `path` cannot be written, or is one of `inputs`. "" and "-"
// pass.
void check_output(const std::string& path, std::span<const std::string> inputs = {});

// A descriptor of a file that was not there; -1 with errno: EEXIST for whatever stands there, a link too.
int open_new(const std::string& path, mode_t);
// All of it. Throws Error naming `path`.
void write_all(int file, std::string_view bytes, const std::string& path);

}  // namespace splitwan::engine
