// Drafters side by side, per prompt class, round-trip time and temperature.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/base/philox.hh"
#include "model/observe/observation.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

constexpr double most_repeated = 0.2;  // share of 4-grams seen before; text that loops flatters n-grams
constexpr int resamples = 1000;

// Share of a text's 4-grams that occurred in it before.
double repeated_4grams(const std::vector<engine::Token>& ids) {
  constexpr std::size_t n = 4;
  if (ids.size() < n) return 0;
  std::vector<std::vector<engine::Token>> grams;
  for (auto at = ids.begin(); at + n <= ids.end(); ++at) grams.emplace_back(at, at + n);
  const auto all = static_cast<double>(grams.size());
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return 1 - static_cast<double>(grams.size()) / all;
}

struct Sums {
  double tokens = 0, steps = 0, rows = 0, bytes = 0, seconds = 0, draft_s = 0, drafted = 0;
  Sums& operator+=(const Sums& s) {
    tokens += s.tokens, steps += s.steps, rows += s.rows, bytes += s.bytes, seconds += s.seconds;
    draft_s += s.draft_s, drafted += s.drafted;
    return *this;
  }
  double tokens_per_step() const { return steps > 0 ? tokens / steps : std::nan(""); }
};

struct PromptRun {
  Sums sums;
  double repeated = 0;  // by what decoding one by one wrote
};

// What a drafter did with one class of prompts on one link.
struct Cell {
  std::vector<PromptRun> counted;
  std::size_t left_out = 0;

  Sums sum() const {
    Sums all;
    for (const PromptRun& p : counted) all += p.sums;
    return all;
  }
  // Tokens per step of prompts drawn with replacement, the draws of one bootstrap round.
  double resampled(std::uint64_t round, std::uint64_t salt) const {
    Sums all;
    for (std::uint32_t i = 0; i < counted.size(); ++i) {
      const auto draw = engine::philox(salt, {i, static_cast<std::uint32_t>(round), 0, 0})[0];
      all += counted[draw % counted.size()].sums;
    }
    return all.tokens_per_step();
  }
  double share_left_out() const {
    return static_cast<double>(left_out) / static_cast<double>(counted.size() + left_out);
  }
};

Json number_or_null(double x) { return std::isfinite(x) ? Json(x) : Json(); }

Json interval(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });  // prompts that ended with their first token
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double q) {
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
  };
  return Json::array({at(0.05), at(0.95)});
}

struct Key {
  double temperature, rtt_s;
  std::string drafter;
  // NOLINTNEXTLINE(modernize-use-nullptr): no pointer, the 0 of a defaulted comparison
  auto operator<=>(const Key&) const = default;
};
using Categories = std::map<std::string, Cell>;

Json head(const Key& key, const std::string& category) {
  return {{"drafter", key.drafter},
          {"category", category},
          {"temperature", key.temperature},
          {"rtt_s", key.rtt_s}};
}

Json describe(const Key& key, const std::string& category, const Cell& cell) {
  const Sums s = cell.sum();
  double repeated = 0;
  for (const PromptRun& p : cell.counted) repeated += p.repeated;
  std::vector<double> rounds;
  for (int i = 0; i < resamples && !cell.counted.empty(); ++i) rounds.push_back(cell.resampled(i, 1));
  Json j = head(key, category);
  j.update({{"prompts", cell.counted.size()},
            {"tokens_per_step", number_or_null(s.tokens_per_step())},
            {"tokens_per_step_ci90", interval(rounds)},
            {"match_rate", ratio(s.tokens - s.steps, s.drafted)},
            {"rows_per_step", ratio(s.rows, s.steps)},
            {"bytes_per_token", ratio(s.bytes, s.tokens)},
            {"draft_s_per_step", ratio(s.draft_s, s.steps)},
            {"tokens_per_s", ratio(s.tokens, s.seconds)},
            {"repeat_4gram", ratio(repeated, static_cast<double>(cell.counted.size()))},
            {"share_left_out", cell.share_left_out()}});
  return j;
}

// The mean over prompt classes, each with the same weight; classes of which nothing is left do not count.
Json average(const Key& key, const Categories& categories, const std::vector<Json>& cells) {
  Json j = head(key, "average");
  std::size_t prompts = 0;
  for (const Json& c : cells) prompts += c["prompts"].get<std::size_t>();
  j["prompts"] = prompts;
  for (const char* figure :
       {"tokens_per_step", "tokens_per_step_ci90", "match_rate", "rows_per_step", "bytes_per_token",
        "draft_s_per_step", "tokens_per_s", "repeat_4gram", "share_left_out"}) {
    double sum = 0, count = 0;
    for (const Json& c : cells) {
      if (!c[figure].is_number()) continue;
      sum += c[figure].get<double>();
      ++count;
    }
    j[figure] = count > 0 ? Json(sum / count) : Json();
  }
  std::vector<double> rounds;
  for (int i = 0; i < resamples; ++i) {
    double sum = 0, count = 0;
    std::uint64_t salt = 1;
    for (const auto& [name, cell] : categories) {
      ++salt;
      if (cell.counted.empty()) continue;
      sum += cell.resampled(i, salt);
      ++count;
    }
    if (count > 0) rounds.push_back(sum / count);
  }
  j["tokens_per_step_ci90"] = interval(rounds);
  return j;
}

// A trace may come from anywhere, and a live one states no round-trip time.
const engine::StatedPrompt& prompt_of(const engine::Run& run) {
  if (!run.header.prompt || run.header.prompt->name.empty() || run.header.prompt->kind.empty())
    throw engine::Error("ablation: header: expected a prompt with a name and a class, found none");
  return *run.header.prompt;
}

model::Condition link_of(const engine::Run& run) {
  if (run.header.network.edges.empty())
    throw engine::Error("ablation: header: expected a link with a round-trip time, found none stated");
  return model::condition_of(run.header.network);
}

// Cells are told apart by round-trip time alone: where links of one differ otherwise, that is said.
Json merged(const std::map<double, std::set<std::string>>& links) {
  Json list = Json::array();
  for (const auto& [rtt_s, labels] : links) {
    if (labels.size() > 1) list.push_back({{"rtt_s", rtt_s}, {"links", labels}});
  }
  return list;
}

// (temperature, prompt) -> share of repeated 4-grams of the text without speculation.
std::map<std::pair<double, std::string>, double> repetition(const std::vector<engine::Run>& runs) {
  std::map<std::pair<double, std::string>, double> found;
  for (const engine::Run& run : runs) {
    if (run.header.drafter != "sequential") continue;
    found[{temperature_of(run.header), prompt_of(run).name}] =
        repeated_4grams(run.end.value("output_ids", std::vector<engine::Token>()));
  }
  return found;
}

}  // namespace

Json ablation_summary(const model::Study& study) {
  const std::vector<engine::Run>& runs = study.runs;
  const auto repeated = repetition(runs);
  std::vector<Sums> sums(runs.size());
  for (const auto& o : study.steps) {
    if (o.prefill) continue;
    sums[o.run] +=
        {static_cast<double>(o.accepted), 1, o.rows, o.bytes_up + o.bytes_down, o.total_s, o.draft_s,
         static_cast<double>(o.drafted)};
  }
  std::map<Key, Categories> table;
  std::map<double, std::set<std::string>> links;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const engine::RunHeader& header = runs[i].header;
    const auto& [name, kind, tokens] = prompt_of(runs[i]);
    const double temperature = temperature_of(header);
    const auto of_text = repeated.find({temperature, name});
    if (of_text == repeated.end())
      throw engine::Error("ablation: prompt {} at temperature {} has no sequential run to compare with", name,
                          temperature);
    const model::Condition link = link_of(runs[i]);
    links[link.rtt_s].insert(label(link));
    const Key key{temperature, link.rtt_s, header.drafter};
    Cell& cell = table[key][kind];
    if (of_text->second >= most_repeated) {
      ++cell.left_out;
    } else {
      cell.counted.push_back({sums[i], of_text->second});
    }
  }
  Json too_long;
  if (!runs.empty() && runs[0].header.prompts_left_out) too_long = *runs[0].header.prompts_left_out;
  Json j = {{"schema_version", summary_schema_version},
            {"kind", "ablation"},
            {"compute", runs.empty() ? Json() : Json(runs[0].header.compute)},
            {"prompts_too_long", too_long},
            {"left_out_from_repeat_4gram", most_repeated},
            {"merged", merged(links)},
            {"cells", Json::array()}};
  std::map<std::tuple<double, double, std::string>, double> sequential;  // tokens per second
  for (const auto& [key, categories] : table) {
    std::vector<Json> cells;
    cells.reserve(categories.size() + 1);
    for (const auto& [name, cell] : categories) cells.push_back(describe(key, name, cell));
    cells.push_back(average(key, categories, cells));
    for (Json& cell : cells) {
      if (key.drafter == "sequential" && cell["tokens_per_s"].is_number())
        sequential[{key.temperature, key.rtt_s, cell["category"]}] = cell["tokens_per_s"];
      j["cells"].push_back(std::move(cell));
    }
  }
  Json& all = j["cells"];
  for (Json& cell : all) {
    const auto base = sequential.find({cell["temperature"], cell["rtt_s"], cell["category"]});
    const bool known = base != sequential.end() && cell["tokens_per_s"].is_number();
    cell["over_sequential"] = known ? Json(cell["tokens_per_s"].get<double>() / base->second) : Json();
  }
  return j;
}

}  // namespace splitwan::analysis
