#include "analysis/report/validation_remarks.hh"

#include <fmt/ranges.h>

#include <algorithm>

namespace splitwan::analysis {
namespace {

using engine::Json;

constexpr double small = 0.01;  // of a step: less is no matter (model/judge/residual_test.cc)

std::string percent(const Json& share) { return fmt::format("{:.2f} %", share.get<double>() * 100); }
std::string count(const Json& n, const char* noun) {
  return fmt::format("{} {}{}", n.get<std::size_t>(), noun, n == 1 ? "" : "s");
}

const Json& child(const Json& v, const char* key) {
  static const Json none = Json::object();
  const auto found = v.find(key);
  return found == v.end() || found->is_null() ? none : *found;
}

void of_intervals(const Json& v, Json& said) {
  const Json &all = child(child(v, "coverage_runs"), "all"),
             &chancy = child(child(v, "coverage_runs"), "with_loss_or_jitter");
  const std::size_t runs = all.value("runs", std::size_t{0}), some = chancy.value("runs", std::size_t{0});
  if (runs == 0) return;
  const std::string by_chance = some > 0 && some < runs ? fmt::format(" (with loss or jitter: {} of {})",
                                                                      percent(chancy["share"]), some)
                                                        : "";
  said.push_back(
      fmt::format("90 % intervals held {} of {} on conditions and prompts that the fit had not seen{}.",
                  percent(all["share"]), count(all["runs"], "run"), by_chance));
}

// A term that did not vary in these runs was not tried, whatever its p-value says.
void of_residuals(const Json& v, Json& said) {
  const Json& test = child(v, "residual_test");
  std::vector<std::string> suspects = test.value("suspects", std::vector<std::string>()), tried;
  if (!suspects.empty()) {
    said.push_back(fmt::format("What the model leaves of a step still depends on {}: the model lacks a term.",
                               fmt::join(suspects, ", ")));
    return;
  }
  double worst = 0;
  std::string of;
  for (const Json& t : child(test, "terms")) {
    const Json seen = t.value("visible_share", Json());
    if (!seen.is_number()) continue;
    tried.push_back(t["term"]);
    if (seen.get<double>() <= worst) continue;
    worst = seen;
    of = tried.back();
  }
  if (tried.empty()) return;
  const std::string all = fmt::format("{}", fmt::join(tried, ", "));
  said.push_back(
      worst <= small
          ? fmt::format("What the model leaves of a step depends by 1 % of the step or more on nothing that "
                        "varied in these runs ({}).",
                        all)
          : fmt::format("No dependence of what the model leaves of a step was found on what varied in these "
                        "runs ({}); they are too few to see less than {} of the step ({}).",
                        all, percent(worst), of));
}

void of_acceptance(const Json& v, Json& said) {
  std::vector<std::string> dependent, independent;
  for (const Json& t : child(v, "acceptance_test")) {
    const Json answer = t.value("independent_of_rtt", Json());
    if (answer.is_boolean()) (answer ? independent : dependent).push_back(t["drafter"]);
  }
  if (!dependent.empty())
    said.push_back(
        fmt::format("Tokens gained per step depend on the round-trip time for {} (chi-square, 1 %).",
                    fmt::join(dependent, ", ")));
  if (!independent.empty())
    said.push_back(
        fmt::format("Tokens gained per step do not depend on the round-trip time for {} (chi-square, 1 %).",
                    fmt::join(independent, ", ")));
}

constexpr std::pair<const char*, const char*> formulas[] = {
    {"published", "RTT + a constant per drafter, as published"},
    {"rtt", "RTT + a constant"},
    {"rtt_bytes", "RTT + bytes / rate + a constant"},
    {"linear", "a line in RTT and rows"},
    {"nearest", "the nearest measured cell"}};
constexpr std::pair<const char*, const char*> ways[] = {{"condition", "condition"},
                                                        {"rtt", "round-trip time"},
                                                        {"bandwidth", "bandwidth"},
                                                        {"prompt_class", "prompt class"},
                                                        {"drafter", "drafter"}};
constexpr double no_matter = 1e-3;  // of a step

bool as_good(const Json& theirs, const Json& ours) {
  const auto more = [&](const char* key) { return theirs[key].get<double>() - ours[key].get<double>(); };
  return more("worst") <= 0 || (more("worst") < no_matter && more("median") < no_matter);
}

}  // namespace

std::vector<std::string> simpler_as_good(const Json& v) {
  std::vector<std::string> said;
  for (const auto& [way, what] : ways) {
    const Json& ours = child(child(v, "folds"), way);
    if (ours.value("n", std::size_t{0}) == 0) continue;
    std::vector<std::string> list;
    for (const auto& [key, name] : formulas) {
      const Json& theirs = child(child(child(v, "baselines"), way), key);
      if (!theirs.empty() && as_good(theirs, ours))
        list.push_back(fmt::format("{} (median {}, worst {})", name, percent(theirs["median"]),
                                   percent(theirs["worst"])));
    }
    if (!list.empty())
      said.push_back(fmt::format(
          "With each {} held out a simpler formula is as good as this model (median {}, worst {}): {}.", what,
          percent(ours["median"]), percent(ours["worst"]), fmt::join(list, "; ")));
  }
  return said;
}

Json validation_remarks(const Json& v) {
  Json said = Json::array();
  for (std::string& sentence : simpler_as_good(v)) said.push_back(std::move(sentence));
  of_intervals(v, said);
  of_residuals(v, said);
  of_acceptance(v, said);
  const Json& test = child(v, "test");
  if (test.value("n", std::size_t{0}) > 0)
    said.push_back(fmt::format("On other traces, not fitted to: median error {}, worst {}, of {}.",
                               percent(test["median"]), percent(test["worst"]),
                               count(test["n"], "condition")));
  for (const Json& u : child(v, "unidentified"))
    said.push_back(fmt::format("Not told by these runs: {}: {}. A run that tells: {}.",
                               u["term"].get<std::string>(), u["why"].get<std::string>(),
                               u["run"].get<std::string>()));
  return said;
}

}  // namespace splitwan::analysis
