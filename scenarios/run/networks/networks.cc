#include "scenarios/run/networks/networks.hh"

#include <fmt/format.h>

#include <mutex>
#include <set>

#include "scenarios/console/console.hh"

namespace splitwan::scenarios {

#define NETWORK(name, ...) std::unique_ptr<RunNetwork> make_##name##_network(const NetworkOrder&);
#include "scenarios/read/networks.inc"
#undef NETWORK

namespace {

// Once each, however many runs.
void say_unknown(const NetworkChoice& choice) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  for (const std::string& what : choice.unknown)
    if (said.insert(what).second) remark("link: {}", what);
}

}  // namespace

std::unique_ptr<RunNetwork> make_network(const NetworkOrder& order) {
  say_unknown(order.choice);
  switch (order.choice.kind) {
#define NETWORK(name, ...) \
  case NetworkKind::name:  \
    return make_##name##_network(order);
#include "scenarios/read/networks.inc"
#undef NETWORK
  }
  return nullptr;
}

}  // namespace splitwan::scenarios
