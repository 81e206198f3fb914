#include "scenarios/read/network_kind.hh"

#include <fmt/format.h>

#include <vector>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

std::span<const NetworkRow> network_table() {
  static constexpr NetworkRow rows[] = {
#define NETWORK(kind, text, ...) {.name = #kind, .help = text, __VA_ARGS__},
#include "scenarios/read/networks.inc"
#undef NETWORK
  };
  return rows;
}

NetworkKind network_kind_named(const std::string& name) {
  const auto rows = network_table();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].name == name) return static_cast<NetworkKind>(i);
  }
  throw engine::Error("'{}': expected {}", name, network_kinds_text());
}

std::string network_kinds_text() {
  const auto rows = network_table();
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == rows.size() ? " or " : ", ", rows[i].name);
  return text;
}

}  // namespace splitwan::scenarios
