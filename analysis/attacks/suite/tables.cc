#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/attacks/suite/suite.hh"

namespace splitwan::attacks {
namespace {

const std::vector<std::string>& spread_keys() {
  static const std::vector<std::string> keys = {"cut",      "target",  "depth",
                                                "attacker", "defence", "weights_known"};
  return keys;
}

std::string name_of(const Json& s) {
  const std::string defence = s["defence"], name = s["attacker"];
  return name + (s["weights_known"].get<bool>() ? "" : ", public weights");
}

// 94.1 +-1.2: mean and half the range over the seeds, in per cent.
std::string share(const Json& s) {
  const double mean = 100 * s["top1_mean"].get<double>(),
               half = 50 * (s["top1_max"].get<double>() - s["top1_min"].get<double>());
  return fmt::format("{:5.1f} ±{:<4.1f}", mean, half);
}

// Attackers down, depths across.
std::string grid(const Json& spread, const std::string& cut, const std::string& target) {
  std::vector<std::string> attackers;
  std::set<int> depths;
  std::map<std::pair<std::string, int>, std::string> cells;
  for (const Json& s : spread) {
    if (s["cut"] != cut || s["target"] != target || s["defence"] != "none") continue;
    const std::string name = name_of(s);
    if (!std::ranges::count(attackers, name)) attackers.push_back(name);
    depths.insert(s["depth"].get<int>());
    cells[{name, s["depth"]}] = share(s);
  }
  if (attackers.empty()) return "";
  std::string text = fmt::format("\n{} cut, {} token, top-1 %\n{:<26}", cut, target, "attacker, by depth");
  for (const int depth : depths) text += fmt::format("{:>12}", depth);
  text += "\n";
  for (const std::string& attacker : attackers) {
    text += fmt::format("{:<26}", attacker);
    for (const int depth : depths)
      text += fmt::format("  {:>11}", cells.contains({attacker, depth}) ? cells[{attacker, depth}] : "-");
    text += "\n";
  }
  return text;
}

std::string defences(const Json& result) {
  std::string text;
  for (const Json& s : result["spread"]) {
    if (s["defence"] == "none") continue;
    text += fmt::format("{:<18} {:>5}  {:<7}{:<8} {:<36} {}\n", s["defence"].get<std::string>(),
                        s["depth"].get<int>(), s["cut"].get<std::string>(), s["target"].get<std::string>(),
                        name_of(s), share(s));
  }
  if (!text.empty())
    text = fmt::format("\nWith a defence, top-1 %\n{:<18} {:>5}  {:<15} {:<36} {}\n", "defence", "depth",
                       "cut, token", "attacker", "") +
           text;
  if (result["perplexity"].empty()) return text;
  text += "\nWhat a defence costs: perplexity of the held-out prompts\n";
  for (const Json& p : result["perplexity"])
    text += fmt::format("{:<18} depth {:>3}  {:9.3f}  (undefended {:.3f})\n", p["defence"].get<std::string>(),
                        p["depth"].is_null() ? "any" : p["depth"].dump(), p["perplexity"].get<double>(),
                        p["undefended"].get<double>());
  return text;
}

std::string costs(const Json& rows) {
  struct Cost {
    double seconds = 0, passes = 0, tokens = 0;
    int rows = 0;
  };
  std::map<std::string, Cost> costs;
  for (const Json& row : rows) {
    Cost& c = costs[row["attacker"]];
    c.seconds += row["seconds"].get<double>();
    c.passes += row["forward_passes"].get<double>();
    c.tokens += row["tokens"].get<double>();
    ++c.rows;
  }
  std::string text =
      fmt::format("\n{:<26}{:>16}{:>18}\n", "what an attack costs", "seconds a cell", "passes a token");
  for (const auto& [name, c] : costs)
    text += fmt::format("{:<26}{:>16.1f}{:>18.1f}\n", name, c.seconds / c.rows, c.passes / c.tokens);
  return text;
}

}  // namespace

Json spread_of(const Json& rows) {
  std::vector<std::pair<Json, std::vector<double>>> groups;
  for (const Json& row : rows) {
    Json key;
    for (const std::string& name : spread_keys()) key[name] = row[name];
    auto group = std::ranges::find(groups, key, [](const auto& g) { return g.first; });
    if (group == groups.end()) {
      groups.emplace_back(key, std::vector<double>{});
      group = std::prev(groups.end());
    }
    group->second.push_back(row["top1"].get<double>());
  }
  Json out = Json::array();
  for (auto& [key, top1] : groups) {
    double sum = 0;
    for (const double x : top1) sum += x;
    key["seeds"] = top1.size();
    key["top1_mean"] = sum / static_cast<double>(top1.size());
    key["top1_min"] = std::ranges::min(top1);
    key["top1_max"] = std::ranges::max(top1);
    out.push_back(std::move(key));
  }
  return out;
}

std::string tables(const Json& result) {
  const Json& d = result["documents"];
  std::string text =
      fmt::format("{}: {} held-out documents, {} tokens; attackers trained on {} other texts\n",
                  result["model"]["path"].get<std::string>(), d.value("test", 0), d.value("test_tokens", 0),
                  d.value("training", 0));
  if (result.value("partial", false)) text += "Interrupted: what follows is what was finished.\n";
  text += "± is half the range over the seeds; the JSON has 90 % bootstrap intervals.\n";
  const Json& spread = result["spread"];
  for (const char* cut : {"input", "output"})
    for (const char* target : {"current", "next"}) text += grid(spread, cut, target);
  text += defences(result) + costs(result["rows"]);
  text +=
      "\nWhat this means: an empirical lower bound on what leaks to these attackers, on these documents. "
      "Where the\n"
      "outer layers are public, depth is no protection: exact searches recover the text at every depth they "
      "were\n"
      "tried at. A low rate is not a guarantee: a stronger attacker may recover more.\n";
  return text;
}

}  // namespace splitwan::attacks
