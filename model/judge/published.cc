#include "model/judge/published.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "model/path/connection.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using engine::Error;

constexpr double row_bytes = 8192,
                 header_bytes = 64;  // 4,096 values of 2 bytes; our own header stands for theirs
constexpr double prompt_rows = 24;
// Published: steps of n-gram decoding carry 9 to 17 rows. Not published: which, and the path's rate.
constexpr double fewest_rows = 9, middle_rows = 13, most_rows = 17;
constexpr double slow_bps = 50e6, middle_bps = 100e6, fast_bps = 1e9;

struct Fitted {
  double network_s = 0, server_s = 0, client_s = 0, overhead_s = 0;
  double constant_s() const { return server_s + client_s + overhead_s; }
};

Fitted fit_sequential(const std::vector<PublishedRun>& runs) {
  Fitted f;
  double count = 0;
  for (const PublishedRun& r : runs) {
    if (r.mode != "sequential") continue;
    f.network_s += r.network_s;
    f.server_s += r.server_s;
    f.client_s += r.client_s;
    f.overhead_s += r.step_s - r.network_s - r.server_s - r.client_s;
    ++count;
  }
  if (count == 0) throw Error("the published data hold no sequential run: nothing to fit");
  for (double* sum : {&f.network_s, &f.server_s, &f.client_s, &f.overhead_s}) *sum /= count;
  return f;
}

// Mean step of a run whose steps carry so many rows: the round trip is what the sequential runs leave after
// their bytes.
double step_s(const Fitted& f, double rows, double bps, double steps) {
  const auto bytes = [](double n) { return header_bytes + n * row_bytes; };
  const double rtt_s = f.network_s - 2 * wire_s(bytes(1), bps);
  Connection connection({"", rtt_s, bps, bps, 0, 0}, initial_window_segments);
  connection.exchange(bytes(prompt_rows), bytes(prompt_rows), f.server_s);
  double total = 0;
  for (double i = 0; i < steps; ++i) {
    const Waits trip = connection.exchange(bytes(rows), bytes(rows), f.server_s);
    connection.rest(f.client_s + f.overhead_s);
    total += trip.rtt_s + trip.wire_s + f.constant_s();
  }
  return total / steps;
}

}  // namespace

std::vector<PublishedRun> read_published(const std::string& path) {
  const Json json = engine::read_json_file(path);
  const Json& list = engine::ObjectReader(json, path).list("runs");
  if (list.empty()) throw Error("{}: runs: expected one run or more, found none", path);
  std::vector<PublishedRun> runs;
  for (const Json& r : list) {  // others' data: they may hold more than is read here
    const std::string where = fmt::format("{}: run {}", path, runs.size());
    engine::ObjectReader run(r, where), timing = run.child("timing_decomposition");
    const auto text = [&](const char* key) { return run.need<std::string>(key); };
    const auto number = [&](const char* key) { return run.need<double>(key); };
    const auto seconds = [&](const char* key) { return timing.need<double>(key) / 1e3; };
    runs.push_back({text("mode"), text("category"), number("measured_tok_s"), number("acceptance_rate"),
                    number("num_steps"), seconds("per_step_wall_ms"), seconds("network_rtt_mean_ms"),
                    seconds("cloud_compute_mean_ms"), seconds("local_compute_ms")});
    const PublishedRun& last = runs.back();
    if (!(last.tokens_per_s > 0 && last.step_s > 0 && last.steps >= 1 && last.tokens_per_step >= 1))
      throw Error("{}: expected rates and times above 0 and 1 step and token per step or more", where);
  }
  return runs;
}

Json compare_published(const std::vector<PublishedRun>& runs) {
  const Fitted f = fit_sequential(runs);
  Json categories = Json::array();
  double formula_sum = 0, model_sum = 0;
  for (const PublishedRun& r : runs) {
    if (r.mode == "sequential") continue;
    const double formula = r.tokens_per_step / (f.network_s + f.constant_s());
    const double ours = r.tokens_per_step / step_s(f, middle_rows, middle_bps, r.steps);
    std::vector<double> range;
    for (const double rows : {fewest_rows, most_rows})
      for (const double bps : {slow_bps, fast_bps})
        range.push_back(r.tokens_per_step / step_s(f, rows, bps, r.steps));
    const auto [low, high] = std::minmax_element(range.begin(), range.end());
    const double formula_error = formula / r.tokens_per_s - 1, model_error = ours / r.tokens_per_s - 1;
    formula_sum += std::abs(formula_error);
    model_sum += std::abs(model_error);
    categories.push_back({{"category", r.category},
                          {"mode", r.mode},
                          {"tokens_per_step", r.tokens_per_step},
                          {"measured_tokens_per_s", r.tokens_per_s},
                          {"formula_tokens_per_s", formula},
                          {"formula_error", formula_error},
                          {"model_tokens_per_s", ours},
                          {"model_error", model_error},
                          {"model_range_tokens_per_s", {*low, *high}}});
  }
  if (categories.empty()) throw Error("the published data hold sequential runs only: nothing to predict");
  const auto count = static_cast<double>(categories.size());
  return {
      {"schema_version", 1},
      {"kind", "published"},
      {"fitted",
       {{"network_s", f.network_s},
        {"server_s", f.server_s},
        {"client_s", f.client_s},
        {"overhead_s", f.overhead_s}}},
      {"assumptions",
       {"tokens per step as measured in each n-gram run: both predictions are given them",
        fmt::format(
            "every n-gram step carries {:g} rows ({:g} to {:g} published, row counts are not in the data)",
            middle_rows, fewest_rows, most_rows),
        fmt::format("{:g} Mbit/s each way ({:g} to {:g} in the range): nobody published the path's rate",
                    middle_bps / 1e6, slow_bps / 1e6, fast_bps / 1e6)}},
      {"categories", std::move(categories)},
      {"mean_abs_error", {{"formula", formula_sum / count}, {"model", model_sum / count}}},
      {"closer", model_sum < formula_sum}};
}

}  // namespace splitwan::model
