#include "engine/party/phase.hh"

#include <iterator>

#include "engine/base/error.hh"

namespace splitwan::engine {

constexpr std::string_view phase_names[] = {"head",  "middle", "tail",   "codec",
                                            "draft", "verify", "attend", "check"};

std::string_view name_of(Phase phase) { return phase_names[static_cast<int>(phase)]; }

Phase phase_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(phase_names); ++i) {
    if (phase_names[i] == name) return static_cast<Phase>(i);
  }
  throw Error("unknown phase '{}'", name);
}

}  // namespace splitwan::engine
