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

}  // namespace

Json validation_remarks(const Json& v) {
  Json said = Json::array();
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
