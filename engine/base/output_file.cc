#include "engine/base/output_file.hh"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "engine/base/error.hh"

namespace splitwan::engine {

namespace fs = std::filesystem;

// Never given back, for a signal may come while a thread is at it: a few hundred bytes per file written.
struct UnfinishedFile::Entry {
  std::string path;
  pid_t process;  // a child that was just forked has the list too, and nothing to put away
  Entry* next = nullptr;
  std::atomic<const std::string*> line = nullptr;  // kept, if there is one
  std::atomic<bool> finished = false;
};

namespace {

std::atomic<void*> newest = nullptr;
static_assert(std::atomic<void*>::is_always_lock_free);

std::uint64_t unguessable() {
  std::uint64_t word = 0;
  if (getrandom(&word, sizeof word, 0) != sizeof word) throw Error("the system gives no random bytes");
  return word;
}

// Of one that replaces another: what that one allowed, never more. Its group is kept, or gets nothing.
void take_over_mode(int file, const struct stat& before) {
  mode_t mode = before.st_mode & 0777;
  if (fchown(file, static_cast<uid_t>(-1), before.st_gid) != 0) mode &= ~static_cast<mode_t>(S_IRWXG);
  if (fchown(file, before.st_uid, static_cast<gid_t>(-1)) != 0) errno = 0;  // it becomes ours
  if (fchmod(file, mode) != 0) errno = 0;                                   // a file system without modes
}

// A rename is on the disk once its folder is. Some file systems cannot; then it is as safe as it gets.
void sync_folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  const int folder = open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

}  // namespace

OutputFile::OutputFile(const std::string& path, Readers readers) : path_(path), target_(path) {
  std::error_code ignored;
  if (path.empty()) throw Error("an empty name is no output file");
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) throw Error("{}: cannot be written: it is a folder", path_);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    file_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0) fail();
    return;
  }
  if (fs::is_symlink(path, ignored)) {
    const fs::path followed = fs::weakly_canonical(path, ignored);
    if (!ignored) target_ = followed;
  }
  open_temporary(readers);
}

void OutputFile::open_temporary(Readers readers) {
  struct stat before {};
  const bool replaces = stat(target_.c_str(), &before) == 0;
  const mode_t mode = replaces || readers == Readers::owner ? 0600 : 0666;
  do {
    temporary_ = fmt::format("{}.tmp{:016x}", target_, unguessable());
    unfinished_.emplace(temporary_);
    file_ = open_new(temporary_, mode);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) {
    unfinished_.reset();
    fail();
  }
  if (replaces) take_over_mode(file_, before);
}

OutputFile::~OutputFile() {
  if (file_ >= 0) close(file_);
  if (unfinished_) std::remove(temporary_.c_str());
}

void OutputFile::fail() const { throw Error("{}: cannot be written: {}", path_, std::strerror(errno)); }

void OutputFile::write(std::string_view bytes) { write_all(file_, bytes, path_); }

void OutputFile::finish() {
  if (unfinished_ && fsync(file_) != 0) fail();
  if (close(std::exchange(file_, -1)) != 0) fail();
  if (!unfinished_) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  unfinished_.reset();
  sync_folder_of(target_);
}

void write_file(const std::string& path, std::string_view text, Readers readers) {
  if (path == "-") {
    std::cout << text << std::flush;
    if (!std::cout) throw Error("stdout: cannot be written");
    return;
  }
  OutputFile file(path, readers);
  file.write(text);
  file.finish();
}

void check_output(const std::string& path, std::span<const std::string> inputs) {
  if (path.empty() || path == "-") return;
  std::error_code ignored;
  for (const std::string& input : inputs) {
    if (fs::equivalent(path, input, ignored)) throw Error("{}: is an input; write to another file", path);
  }
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status) || fs::is_regular_file(status) || fs::is_directory(status)) OutputFile probe(path);
}

int open_new(const std::string& path, mode_t mode) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

void write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw Error("{}: cannot be written: {}", path, std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

UnfinishedFile::UnfinishedFile(const std::string& path) : entry_(new Entry{path, getpid()}) {
  void* before = newest;
  do {
    entry_->next = static_cast<Entry*>(before);
  } while (!newest.compare_exchange_weak(before, entry_));
}

void UnfinishedFile::keep(const std::string& line) { entry_->line = new std::string(line + "\n"); }

void UnfinishedFile::finished() { entry_->finished = true; }

void put_unfinished_away() noexcept {
  const pid_t process = getpid();
  for (auto* e = static_cast<UnfinishedFile::Entry*>(newest.load()); e; e = e->next) {
    if (e->finished || e->process != process) continue;
    const std::string* line = e->line;
    if (!line)
      unlink(e->path.c_str());
    else if (::write(STDERR_FILENO, line->data(), line->size()) < 0)
      continue;  // nobody reads it
  }
}

}  // namespace splitwan::engine
