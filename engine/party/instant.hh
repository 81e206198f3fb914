// Moments in a trace, nanoseconds since its run began.
#pragma once

#include "engine/base/json_file.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

// Far enough apart for any run, and near enough to be subtracted and added up.
constexpr Nanos longest_instant = std::chrono::days(100);

inline Nanos instant(ObjectReader& r, const char* key) {
  constexpr std::int64_t longest = longest_instant.count();
  return Nanos(r.whole<std::int64_t>(key, -longest, longest));
}
inline Nanos instant(ObjectReader& r, const char* key, Nanos otherwise) {
  return r.find(key) ? instant(r, key) : otherwise;
}

}  // namespace splitwan::engine
