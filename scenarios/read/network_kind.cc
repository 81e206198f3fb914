#include "scenarios/read/network_kind.hh"

#include <fmt/format.h>

#include <algorithm>
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

NetworkKind network_kind_for(Unnamed run) {
  const auto rows = network_table();
  const auto row = std::ranges::find(rows, run, &NetworkRow::taken_for);
  return static_cast<NetworkKind>(row - rows.begin());
}

std::string network_kinds_text(bool NetworkRow::*property) {
  std::vector<std::string_view> names;
  for (const NetworkRow& row : network_table())
    if (!property || row.*property) names.emplace_back(row.name);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  return text;
}

}  // namespace splitwan::scenarios
