#include "analysis/report/privacy_report.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/report/privacy_remarks.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

constexpr int privacy_schema_version = 1;
constexpr const char* measures[] = {"top1", "top5", "exact"};

// What guesses without activations, or learns from labels that say nothing: the row says so itself. Files
// from before it did have these four.
bool is_control(const Json& row) {
  if (row.contains("kind")) return row["kind"] == "control";
  const std::string name = row.at("attacker");
  return name == "uniform" || name == "unigram" || name == "language_model" || name == "shuffled_labels";
}

// Of files without kinds: who searches and who does not was known by name.
std::string kind_of(const Json& row) {
  if (row.contains("kind")) return row["kind"];
  const std::string name = row.at("attacker");
  if (is_control(row)) return "control";
  if (name == "sipit" || name.starts_with("vocabulary_matching")) return "search";
  return name == "nearest_neighbour" || name == "finish_the_model" ? "direct" : "learned";
}

using Rows = std::vector<const Json*>;  // of one cell: one per seed

Json mean(const Rows& rows, const char* key) {
  double sum = 0;
  for (const Json* row : rows) {
    if (row->at(key).is_null()) return {};
    sum += row->at(key).get<double>();
  }
  return sum / static_cast<double>(rows.size());
}

// 90 % score interval of a share of n independent documents (Wilson 1927): of 12 found of 12 it says 0.82
// to 1.
std::pair<double, double> wilson(double share, double n) {
  constexpr double z = 1.6449;
  if (n == 0) return {0, 1};
  const double middle = share + z * z / (2 * n);
  const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {std::max(0.0, (middle - half) / (1 + z * z / n)), std::min(1.0, (middle + half) / (1 + z * z / n))};
}

// {mean, low, high, lowest, highest}: mean and range over seeds; low to high holds every seed's own 90 %
// interval. Of top-5 the attacks state no interval: low and high are null.
Json measure(const Rows& rows, const char* key) {
  Json out = {{"mean", mean(rows, key)}, {"low", Json()}, {"high", Json()}};
  if (out["mean"].is_null()) return {};
  std::vector<double> values, ends;
  for (const Json* row : rows) {
    values.push_back(row->at(key));
    if (key == std::string("top1")) {
      for (const Json& end : row->at("top1_ci90")) ends.push_back(end);
    } else if (key == std::string("exact")) {
      const auto [low, high] = wilson(row->at(key), row->at("documents"));
      ends.insert(ends.end(), {low, high});
    }
  }
  if (!ends.empty()) {
    const auto [low, high] = std::minmax_element(ends.begin(), ends.end());
    out["low"] = *low;
    out["high"] = *high;
  }
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  out["lowest"] = *lowest;
  out["highest"] = *highest;
  return out;
}

Json cell_of(const Rows& rows) {
  const Json& first = *rows.front();
  Json cell;
  for (const char* key : {"cut", "target", "weights_known", "depth", "attacker", "defence"})
    cell[key] = first.at(key);
  cell["control"] = is_control(first);
  cell["kind"] = kind_of(first);
  cell["seeds"] = rows.size();
  for (const char* key : {"pairs", "tokens", "documents"}) cell[key] = mean(rows, key);
  for (const char* key : measures) cell[key] = measure(rows, key);
  for (const char* key :
       {"rouge_l", "bleu", "top1_digits", "top1_names", "top1_rare", "forward_passes", "seconds"})
    cell[key] = mean(rows, key);
  return cell;
}

// In order of cut, target, weights, defence ("none" first), attacker as they came, depth.
Json cells_of(const Json& rows) {
  std::map<std::string, std::size_t> arrival;  // attackers and defences, in the order of the file
  for (const Json& row : rows) {
    for (const char* key : {"attacker", "defence"})
      arrival.emplace(row.at(key).get<std::string>(), arrival.size());
  }
  arrival["none"] = 0;
  using Key = std::tuple<std::string, std::string, bool, std::size_t, std::size_t, int>;
  std::map<Key, Rows> groups;
  for (const Json& row : rows) {
    groups[Key(row.at("cut"), row.at("target"), !row.at("weights_known"), arrival[row.at("defence")],
               arrival[row.at("attacker")], row.at("depth"))]
        .push_back(&row);
  }
  Json cells = Json::array();
  for (const auto& [key, group] : groups) cells.push_back(cell_of(group));
  return cells;
}

// One kind of adversary: what it may do at one cut.
struct View {
  std::string cut, target;
  bool known = false;
  std::vector<std::size_t> cells;
};

bool same(const Json& a, const Json& b, std::initializer_list<const char*> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const char* key) { return a.at(key) == b.at(key); });
}

// Who knows the weights may also attack as if not: where an attacker has no result with them, that without
// counts. Controls need no weights and count for both.
bool belongs(const Json& cell, const View& view, const Json& cells) {
  if (cell["cut"] != view.cut || cell["target"] != view.target) return false;
  if (cell["weights_known"] == view.known) return true;
  if (!view.known && !cell["control"]) return false;
  return std::none_of(cells.begin(), cells.end(), [&](const Json& other) {
    return other["weights_known"] == view.known &&
           same(other, cell, {"cut", "target", "depth", "attacker", "defence"});
  });
}

std::vector<View> views_of(const Json& cells) {
  std::vector<View> views;
  for (const char* cut : {"input", "output"}) {
    for (const char* target : {"current", "next"}) {
      for (const bool known : {true, false}) {
        View view{cut, target, known, {}};
        bool attacked = false;
        for (std::size_t i = 0; i < cells.size(); ++i) {
          if (!belongs(cells[i], view, cells)) continue;
          view.cells.push_back(i);
          attacked |= cells[i]["weights_known"] == known && !cells[i]["control"];
        }
        if (attacked) views.push_back(std::move(view));
      }
    }
  }
  return views;
}

// Per measure the highest of these cells, {attacker, mean, low, high, lowest, highest}, or null.
Json strongest(const std::vector<const Json*>& cells) {
  Json out;
  for (const char* key : measures) {
    out[key] = Json();
    for (const Json* cell : cells) {
      const Json& found = cell->at(key);
      if (found.is_null() || (!out[key].is_null() && out[key]["mean"] >= found["mean"])) continue;
      out[key] = found;
      out[key]["attacker"] = cell->at("attacker");
    }
  }
  return out;
}

Json speed_at(const Json& speed, const std::string& cut, const Json& depth, const std::string& defence) {
  for (const Json& s : speed) {
    if (s.at("cut") == cut && s.at("depth") == depth && s.at("defence") == defence)
      return s.at("tokens_per_s");
  }
  return {};
}

// What was attacked at one depth behind one defence, and what that defence costs.
Json defence_of(const Json& attacks, const View& view, const Json& depth, const std::string& defence,
                const Json& cells) {
  std::vector<const Json*> attackers, controls, controls_here;
  for (const std::size_t i : view.cells) {
    const Json& c = cells[i];
    if (c["control"]) controls.push_back(&c);
    if (c["depth"] != depth) continue;
    if (c["control"]) controls_here.push_back(&c);
    if (!c["control"] && c["defence"] == defence) attackers.push_back(&c);
  }
  if (attackers.empty()) return {};
  if (!controls_here.empty()) controls = controls_here;  // else: what sees no activations holds at any depth
  Json out = {{"defence", defence}, {"depth", depth}, {"strongest", strongest(attackers)}};
  out["best_control"] = strongest(controls);
  out["perplexity"] = out["undefended"] = Json();
  for (const Json& p : attacks.at("perplexity")) {
    if (defence == "none" && out["perplexity"].is_null())
      out["perplexity"] = out["undefended"] = p.at("undefended");
    const bool here = p.at("depth") == depth;  // what is stated for this depth goes before what holds for any
    if (p.at("defence") != defence || !(here || (p.at("depth").is_null() && out["perplexity"].is_null())))
      continue;
    out["perplexity"] = p.at("perplexity");
    out["undefended"] = p.at("undefended");
  }
  out["tokens_per_s"] = speed_at(attacks.at("speed"), view.cut, depth, defence);
  out["tokens_per_s_without"] = speed_at(attacks.at("speed"), view.cut, depth, "none");
  return out;
}

Json to_json(const View& view, const Json& attacks, const Json& cells) {
  std::vector<std::string> defences;
  std::vector<Json> depths;
  for (const std::size_t i : view.cells) {
    const Json &defence = cells[i]["defence"], &depth = cells[i]["depth"];
    if (std::find(defences.begin(), defences.end(), defence) == defences.end()) defences.push_back(defence);
    if (std::find(depths.begin(), depths.end(), depth) == depths.end()) depths.push_back(depth);
  }
  std::sort(depths.begin(), depths.end());
  Json out = {
      {"cut", view.cut}, {"target", view.target}, {"weights_known", view.known}, {"cells", view.cells}};
  out["defences"] = Json::array();
  for (const Json& depth : depths) {
    for (const auto& defence : defences) {
      Json found = defence_of(attacks, view, depth, defence, cells);
      if (!found.is_null()) out["defences"].push_back(std::move(found));
    }
  }
  out["remarks"] = privacy_remarks(out, cells);
  return out;
}

}  // namespace

Json privacy_data(const Json& attacks) {
  Json out = {{"schema_version", privacy_schema_version}, {"kind", "privacy"}};
  for (const char* key : {"model", "documents"}) out[key] = attacks.at(key);
  for (const char* key : {"link", "compute"}) out[key] = attacks.value(key, Json());
  out["partial"] = attacks.value("partial", false);
  out["cells"] = cells_of(attacks.at("rows"));
  out["views"] = Json::array();
  for (const View& view : views_of(out["cells"]))
    out["views"].push_back(to_json(view, attacks, out["cells"]));
  out["speed"] = attacks.at("speed");
  return out;
}

}  // namespace splitwan::analysis
