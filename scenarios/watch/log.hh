// A server's log: time (UTC), level and words, a line each, as key=value or as JSON.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/serve/watch.hh"

namespace splitwan::scenarios {

struct LogNumber {
  template <typename T>
  LogNumber(const char* name, T number) : key(name), value(static_cast<double>(number)) {}
  const char* key;
  double value;
};

// Writes on a thread of its own, which alone may meet a full disk or a reader that has gone: who logs never
// waits. Where lines come faster than they can be written the oldest go.
class Log {
 public:
  Log(int descriptor, engine::Level least, bool json);  // throws Error
  ~Log();                                               // writes what is queued first, if it can be written

  bool takes(engine::Level) const noexcept;
  // From any thread. Made printable, and shortened where it is longer than a log needs.
  void line(engine::Level, std::string_view words, std::span<const LogNumber> = {}) noexcept;
  std::uint64_t lost() const noexcept;  // lines that are not there

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

engine::Level level_named(const std::string&);  // throws Error that lists them
std::string level_names();                      // "debug, info, warning or error"

}  // namespace splitwan::scenarios
