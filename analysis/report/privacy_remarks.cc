#include "analysis/report/privacy_remarks.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace splitwan::analysis {
namespace {

using engine::Json;

// Depth protects nobody where the deepest cut gives away this share of what the shallowest does.
constexpr double as_much = 0.95;

std::string words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string in_percent(const Json& share) { return fmt::format("{:.1f}", share.get<double>() * 100); }

// "mlp recovered 94.1 % (93.8 to 94.5 %) of the tokens at depth 3"
std::string found(const Json& cell) {
  const Json& top1 = cell["top1"];
  const std::string interval =
      top1["low"].is_null() ? ""
                            : fmt::format(" ({} to {} %)", in_percent(top1["low"]), in_percent(top1["high"]));
  return fmt::format("{} recovered {} %{} of the tokens at depth {}", words(cell["attacker"]),
                     in_percent(top1["mean"]), interval, cell["depth"].get<int>());
}

struct Seen {
  std::map<int, const Json*> strongest;  // by depth, of those without a defence
  double guessed = 0;                    // by the best control
  std::set<std::string> searched, ran_on, of_public_layers;
};

Seen look(const Json& view, const Json& cells) {
  Seen seen;
  for (const Json& index : view["cells"]) {
    const Json& c = cells[index.get<std::size_t>()];
    const std::string name = c["attacker"];
    if (c["control"]) {
      if (!c["top1"].is_null()) seen.guessed = std::max(seen.guessed, c["top1"]["mean"].get<double>());
      continue;
    }
    if (c["kind"] == "search") seen.searched.insert(words(name));
    if (name == "finish_the_model") seen.ran_on.insert(words(name));
    if (name.ends_with("_published")) seen.of_public_layers.insert(words(name));
    if (c["defence"] != "none" || c["top1"].is_null()) continue;
    const Json*& best = seen.strongest[c["depth"]];
    if (!best || (*best)["top1"]["mean"] < c["top1"]["mean"]) best = &c;
  }
  return seen;
}

void say_how(const Seen& seen, Json& said) {
  if (!seen.searched.empty())
    said.push_back(
        fmt::format("Who has the outer layers can compute what each candidate token would have "
                    "sent, and compare, as {} did here.",
                    fmt::join(seen.searched, ", ")));
  if (!seen.ran_on.empty())
    said.push_back(
        fmt::format("Who has the outer layers can run what is left of the model and read off its "
                    "next token, as {} did here.",
                    fmt::join(seen.ran_on, ", ")));
}

void say_what_depth_does(const Seen& seen, Json& said) {
  if (seen.strongest.empty()) return;
  const Json &first = *seen.strongest.begin()->second, &last = *seen.strongest.rbegin()->second;
  const double shallow = first["top1"]["mean"], deep = last["top1"]["mean"];
  if (seen.strongest.size() == 1) {
    said.push_back(fmt::format("Here {}, the only depth attacked without a defence.", found(last)));
  } else if (deep >= as_much * shallow && deep > seen.guessed) {
    said.push_back(
        fmt::format("With public outer layers, depth is no protection: {}, the deepest.", found(last)));
  } else {
    said.push_back(fmt::format("The strongest attackers: {}; {}, the deepest.", found(first), found(last)));
  }
}

}  // namespace

Json privacy_remarks(const Json& view, const Json& cells) {
  const Seen seen = look(view, cells);
  Json said = Json::array();
  if (view["weights_known"]) {
    say_what_depth_does(seen, said);
    say_how(seen, said);
  } else {
    const std::string some = seen.of_public_layers.empty()
                                 ? ""
                                 : fmt::format("; {} had the public ones that they were made from",
                                               fmt::join(seen.of_public_layers, ", "));
    said.push_back(fmt::format("This adversary does not have the outer layers in use{}.", some));
  }
  return said;
}

}  // namespace splitwan::analysis
