#include "analysis/attacks/exam/cell.hh"

namespace splitwan::attacks {

std::string Cell::label() const {
  return fmt::format("{} {} {} depth {}{}{}", attacker, name_of(cut), name_of(target), view->depth,
                     view->defended() ? ", " + view->defence.name : "",
                     view->weights_known ? "" : " (public weights)");
}

std::uint64_t Cell::stream() const {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : label()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

int layers_before(const Cell& cell) {
  const int depth = cell.view->depth;
  return cell.cut == Cut::input ? depth : cell.view->victim->config().layers - depth;
}

}  // namespace splitwan::attacks
