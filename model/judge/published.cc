#include "model/judge/published.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/order_statistics.hh"
#include "model/path/connection.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using engine::Error;

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double row_bytes = 8192,
                 header_bytes = 64;  // 4,096 values of 2 bytes; our own header stands for theirs
constexpr double prompt_rows = 24;
// Published: n-gram's wide steps carry 9 to 17 rows. Not published: how many steps are wide, and the path's
// rate. So all of these are tried, wide steps as scenarios/published-wan.json has them.
constexpr double wide_rows[] = {13, 9, 17, 11, 15, 10, 16, 12, 14};
constexpr int wide_every[] = {7, 4, 2, 1};
constexpr double rates_bps[] = {50e6, 100e6, 1e9};
// Medians further off say that the steps were not so.
constexpr double ruled_out = 0.1;

struct Fitted {
  double network_s = 0, network_median_s = 0, server_s = 0, client_s = 0, overhead_s = 0;
  // What a step takes beside its way: rare slow round trips, spread over all, among it.
  double constant_s() const { return network_s - network_median_s + server_s + client_s + overhead_s; }
};

Fitted fit_sequential(const std::vector<PublishedRun>& runs) {
  Fitted f;
  double count = 0;
  for (const PublishedRun& r : runs) {
    if (r.mode != "sequential") continue;
    f.network_s += r.network_s;
    f.network_median_s += r.network_median_s;
    f.server_s += r.server_s;
    f.client_s += r.client_s;
    f.overhead_s += r.step_s - r.network_s - r.server_s - r.client_s;
    ++count;
  }
  if (count == 0) throw Error("the published data hold no sequential run: nothing to fit");
  for (double* sum : {&f.network_s, &f.network_median_s, &f.server_s, &f.client_s, &f.overhead_s})
    *sum /= count;
  return f;
}

struct Predicted {
  double step_s = 0, network_s = 0, network_median_s = 0;
};

// A run of which each so many-th step is wide: the round trip is what the sequential runs' median leaves
// after its bytes.
Predicted predict(const Fitted& f, int every, double bps, double steps) {
  const auto bytes = [](double n) { return header_bytes + n * row_bytes; };
  const double rtt_s = f.network_median_s - 2 * wire_s(bytes(1), bps);
  Connection connection({"", rtt_s, bps, bps, 0, 0}, initial_window_segments);
  connection.exchange(bytes(prompt_rows), bytes(prompt_rows), f.server_s);
  std::vector<double> trips_s;
  std::size_t wide = 0;
  for (int i = 0; i < steps; ++i) {
    const double rows = i % every == every - 1 ? wide_rows[wide++ % std::size(wide_rows)] : 1;
    const Waits trip = connection.exchange(bytes(rows), bytes(rows), f.server_s);
    connection.rest(f.client_s + f.overhead_s);
    trips_s.push_back(trip.rtt_s + trip.wire_s);
  }
  Predicted p;
  p.network_s = std::accumulate(trips_s.begin(), trips_s.end(), 0.0) / static_cast<double>(trips_s.size());
  p.step_s = p.network_s + f.constant_s();
  p.network_s += f.network_s - f.network_median_s;
  p.network_median_s = engine::median(std::move(trips_s));
  return p;
}

// How one assumption about rows and rate does on all runs that guess.
struct Mix {
  int every = 1;
  double bps = 0;
  double error = 0, network_error = 0, median_error = 0;
  std::vector<double> tokens_per_s;
  bool possible() const { return std::abs(median_error) <= ruled_out; }
};

Mix judge(const Fitted& f, const std::vector<PublishedRun>& guessed, int every, double bps) {
  Mix m;
  m.every = every;
  m.bps = bps;
  const auto count = static_cast<double>(guessed.size());
  for (const PublishedRun& r : guessed) {
    const Predicted p = predict(f, every, bps, r.steps);
    m.tokens_per_s.push_back(r.tokens_per_step / p.step_s);
    m.error += std::abs(m.tokens_per_s.back() / r.tokens_per_s - 1) / count;
    m.network_error += (p.network_s / r.network_s - 1) / count;
    m.median_error += (p.network_median_s / r.network_median_s - 1) / count;
  }
  return m;
}

Json to_json(const Mix& m) {
  return {{"wide_every", m.every},
          {"rate_bps", m.bps},
          {"mean_abs_error", m.error},
          {"network_error", m.network_error},
          {"network_median_error", m.median_error},
          {"possible", m.possible()}};
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
                    seconds("network_rtt_median_ms"), seconds("cloud_compute_mean_ms"),
                    seconds("local_compute_ms")});
    const PublishedRun& last = runs.back();
    if (!(last.tokens_per_s > 0 && last.step_s > 0 && last.steps >= 1 && last.tokens_per_step >= 1))
      throw Error("{}: expected rates and times above 0 and 1 step and token per step or more", where);
  }
  return runs;
}

Json compare_published(const std::vector<PublishedRun>& runs) {
  const Fitted f = fit_sequential(runs);
  std::vector<PublishedRun> guessed;
  for (const PublishedRun& r : runs) {
    if (r.mode != "sequential") guessed.push_back(r);
  }
  if (guessed.empty()) throw Error("the published data hold sequential runs only: nothing to predict");
  std::vector<Mix> mixes;
  for (const int every : wide_every)
    for (const double bps : rates_bps) mixes.push_back(judge(f, guessed, every, bps));

  const auto count = static_cast<double>(guessed.size());
  Json categories = Json::array();
  double formula_sum = 0;
  for (std::size_t i = 0; i < guessed.size(); ++i) {
    const PublishedRun& r = guessed[i];
    const double formula = r.tokens_per_step / (f.network_median_s + f.constant_s());
    formula_sum += std::abs(formula / r.tokens_per_s - 1);
    double low = infinite, high = 0;
    for (const Mix& m : mixes) {
      if (!m.possible()) continue;
      low = std::min(low, m.tokens_per_s[i]);
      high = std::max(high, m.tokens_per_s[i]);
    }
    categories.push_back({{"category", r.category},
                          {"mode", r.mode},
                          {"tokens_per_step", r.tokens_per_step},
                          {"measured_tokens_per_s", r.tokens_per_s},
                          {"formula_tokens_per_s", formula},
                          {"formula_error", formula / r.tokens_per_s - 1},
                          {"model_range_tokens_per_s", high > 0 ? Json({low, high}) : Json()}});
  }
  const double formula_error = formula_sum / count;
  Json tried = Json::array();
  double least = infinite, most = 0;
  std::size_t possible = 0, closer = 0;
  for (const Mix& m : mixes) {
    tried.push_back(to_json(m));
    if (!m.possible()) continue;
    ++possible;
    closer += m.error < formula_error;
    least = std::min(least, m.error);
    most = std::max(most, m.error);
  }
  return {{"schema_version", 2},
          {"kind", "published"},
          {"fitted",
           {{"network_s", f.network_s},
            {"network_median_s", f.network_median_s},
            {"server_s", f.server_s},
            {"client_s", f.client_s},
            {"overhead_s", f.overhead_s}}},
          {"assumptions",
           {"tokens per step as measured in each n-gram run: both predictions are given them",
            "wide steps carry 9 to 17 rows, 13 on average; how many are wide and the path's rate were not "
            "published: all of these are tried",
            fmt::format("what the runs' medians of network time contradict by more than {:g} % is left out",
                        ruled_out * 100)}},
          {"categories", std::move(categories)},
          {"mixes", std::move(tried)},
          {"possible_mixes", possible},
          {"closer_mixes", closer},
          {"mean_abs_error",
           {{"formula", formula_error}, {"model_range", possible ? Json({least, most}) : Json()}}},
          {"closer", possible > 0 && closer == possible}};
}

}  // namespace splitwan::model
