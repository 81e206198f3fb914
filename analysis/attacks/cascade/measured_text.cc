#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/attacks/cascade/measured.hh"

namespace splitwan::attacks {
namespace {

// "61.2 (55.0-67.1)", in percent.
std::string percent(const Json& row, const std::string& prefix) {
  const Json& share = row[prefix + "share"];
  if (share.is_null()) return "-";
  const Json& ci = row[prefix + "share_ci90"];
  return fmt::format("{:.1f} ({:.1f}-{:.1f})", 100 * share.get<double>(), 100 * ci[0].get<double>(),
                     100 * ci[1].get<double>());
}

std::string rounded(const Json& j) { return j.is_null() ? "-" : fmt::format("{:.0f}", j.get<double>()); }

}  // namespace

std::string measured_text(const Json& result) {
  std::string out;
  if (result.contains("holes")) {
    const Json& holes = result["holes"];
    out += fmt::format(
        "\nHoles bridged by trying, % of tokens (90 % interval), at most {} token forwards a hole in the "
        "model's order\n"
        "{:>3} {:9} {:6} {:9} {:13} {:>19} {:>19} {:>9} {:>13} {:>9} {:>8} {:>8}\n",
        holes[0]["budget"].dump(), "gap", "rows", "layer", "own", "search", "hidden found", "own found",
        "bridged", "forwards each", "V^unknown", "model", "unigram");
    for (const Json& h : holes)
      out +=
          fmt::format("{:>3} {:9} {:6} {:9} {:13} {:>19} {:>19} {:>9} {:>13} {:>9.1e} {:>8.1f} {:>8.1f}\n",
                      h["gap"].dump(), h["rows"].get<std::string>(), h["layer"].dump(),
                      h["own"].get<std::string>(), h["search"].get<std::string>(), percent(h, "hidden_"),
                      percent(h, "own_"), fmt::format("{}/{}", h["bridged"].dump(), h["holes"].dump()),
                      rounded(h["passes_per_bridged"]), h["brute_force"].get<double>(),
                      100 * h["language_model_share"].get<double>(), 100 * h["unigram_share"].get<double>());
  }
  if (result.contains("leaks")) {
    out += fmt::format(
        "\nLeaks, % of the tokens asked for (90 % interval)\n{:28} {:17} {:36} {:>7} {:>20} {:>14}\n", "leak",
        "read by", "remedy", "tokens", "found", "forwards each");
    for (const Json& l : result["leaks"])
      out += fmt::format("{:28} {:17} {:36} {:>7} {:>20} {:>14}\n", l["leak"].get<std::string>(),
                         l["party"].get<std::string>(), l["remedy"].get<std::string>(), l["tokens"].dump(),
                         percent(l, ""), rounded(l["passes_per_token"]));
  }
  return out;
}

}  // namespace splitwan::attacks
