#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "analysis/attacks/cascade/picture.hh"

namespace splitwan::attacks {
namespace {

std::string number(const Json& j) { return j.is_null() ? "-" : j.dump(); }

// The first few, and how many more.
std::string some(const Json& positions) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, positions.size()); ++i)
    text += (i ? " " : "") + positions[i].dump();
  return positions.size() > most ? text + " .." : text;
}

std::string tokens_of(const Json& few) {
  return fmt::format("{} ({} of a secret token)", few["count"].dump(), few["secret"].dump());
}

std::string parties_of(const std::string& of) {
  return of == "comp" ? "CompNodes" : of == "attn" ? "AttnNodes" : "AttnNodes and the aggregator";
}

// Nodes whose views are alike but for where they begin: one line, with the first of them.
struct Alike {
  std::string kind;
  Json first;
  int count = 0, fewest = 0, most = 0;
  bool takes(const Json& v) const {
    const auto same = [&](const char* key) { return first[key] == v[key]; };
    return v["node"].get<std::string>().starts_with(kind) && same("largest_inner_gap") &&
           same("smallest_inner_gap") && same("partials_gap");
  }
};

}  // namespace

std::string picture_text(const Json& p) {
  const Json& c = p["cascade"];
  std::string out = fmt::format(
      "Cascade: alpha {}, clusters of {}: {} nodes; stride {}, hole {}; {} tokens, {} of them public; merged "
      "by "
      "the {}\nhole gap {}, inside gap {}, gap of partial results {}\n\n",
      c["alpha"].dump(), c["cluster"].dump(), c["nodes"].dump(), c["stride"].dump(), c["hole"].dump(),
      c["tokens"].dump(), c["prefix_tokens"].dump(), c["merge"] == "compnode" ? "CompNodes" : "aggregator",
      number(p["hole_gap"]), number(p["inside_gap"]), number(p["partials_gap"]));
  std::vector<Alike> lines;
  for (const Json& v : p["views"]) {
    const std::string name = v["node"];
    const int rows = static_cast<int>(v["positions"].size());
    auto at = std::ranges::find_if(lines, [&](const Alike& l) { return l.takes(v); });
    if (at == lines.end()) {
      lines.push_back({name.substr(0, name.find(':')), v, 0, rows, rows});
      at = lines.end() - 1;
    }
    ++at->count, at->fewest = std::min(at->fewest, rows), at->most = std::max(at->most, rows);
  }
  out += fmt::format("{:>5} {:12} {:>9} {:>12} {:>9} {:>9}  {}\n", "nodes", "as", "tokens", "largest gap",
                     "smallest", "partials", "positions");
  for (const Alike& l : lines)
    out +=
        fmt::format("{:5} {:12} {:>9} {:>12} {:>9} {:>9}  {}\n", l.count, l.first["node"].get<std::string>(),
                    l.fewest == l.most ? std::to_string(l.most) : fmt::format("{}-{}", l.fewest, l.most),
                    number(l.first["largest_inner_gap"]), number(l.first["smallest_inner_gap"]),
                    number(l.first["partials_gap"]), some(l.first["positions"]));
  out += fmt::format("\nworst pair {} (gap {}), best {} (gap {})\n",
                     p["worst_pair"]["node"].get<std::string>(), number(p["worst_pair"]["gap"]),
                     p["best_pair"]["node"].get<std::string>(), number(p["best_pair"]["gap"]));
  for (const Json& k : p["coalitions"])
    out += fmt::format("worst {} {}: shards {} (hole gap {}, inside gap {}, gap of partial results {})\n",
                       k["nodes"].dump(), parties_of(k["of"]), k["shards"].dump(), number(k["hole_gap"]),
                       number(k["inside_gap"]), number(k["partials_gap"]));
  const Json& few = p["few_keys"];
  out += fmt::format(
      "partial results of foreign tokens at the {}: over one key {}, over two {}; {} of {} filled\n",
      few["to"] == "comp" ? "CompNodes" : "aggregator", tokens_of(few["one_key"]), tokens_of(few["two_keys"]),
      few["filled"].dump(), few["partials"].dump());
  if (c["head_layers"] == 0)
    out += "rows of layer 0 name their tokens: every node reads those that it has rows of\n";
  return out;
}

}  // namespace splitwan::attacks
