#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {

#define NETWORK(name, ...) std::unique_ptr<RunNetwork> make_##name##_network(const NetworkOrder&);
#include "scenarios/read/networks.inc"
#undef NETWORK

std::unique_ptr<RunNetwork> make_network(const NetworkOrder& order) {
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
