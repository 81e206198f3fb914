#include <algorithm>

#include "analysis/report/sweep/axes.hh"

namespace splitwan::analysis {
namespace {

struct KnownQuantity {
  const char *column, *title;
  bool higher_is_better;
};
const KnownQuantity known_quantities[] = {
    {"tokens_per_s", "Tokens per second", true},
    {"tokens_per_s_half_width", "Tokens per second, half the 90 % interval", false},
    {"tokens_per_step", "Tokens per step", true},
    {"rows_per_step", "Rows per step", false},
    {"acceptance", "Guesses that held, share", true},
    {"bytes_up", "Bytes up, all runs", false},
    {"bytes_down", "Bytes down, all runs", false},
    {"round_trips", "Round trips, all runs", false},
    {"time_to_first_token_s", "Time to the first token", false},
    {"plan.head", "Split: layers at the client's head", false},
    {"plan.middle", "Split: layers at the server", false},
    {"plan.tail", "Split: layers at the client's tail", false},
    {"step.client_s", "Step: client", false},
    {"step.server_s", "Step: server", false},
    {"step.network_s", "Step: network", false},
    {"step.wire_s", "Step: on the wire", false},
    {"step.overhead_s", "Step: overhead", false},
    {"step.total_s", "Step: in all", false}};

std::string unit_of_quantity(const std::string& column) {
  if (column.ends_with("_per_s") || column.ends_with("_per_s_half_width")) return "1/s";
  if (column.ends_with("_bps")) return "bit/s";
  if (column.starts_with("bytes_")) return "B";
  return column.ends_with("_s") ? "s" : "";
}

using Formula = std::optional<double> (*)(const std::vector<std::optional<double>>& inputs);

std::optional<double> quotient(double a, double b) { return b > 0 ? std::optional(a / b) : std::nullopt; }

// What is computed of a row's own columns, all of which must be there.
struct Computed {
  const char *column, *title, *unit;
  std::vector<std::string> of;
  Formula formula;
};
const Computed computed_quantities[] = {
    {"interval_share",
     "Half the 90 % interval, as a share of tokens per second",
     "share",
     {"tokens_per_s_half_width", "tokens_per_s"},
     [](const auto& in) { return quotient(*in[0], *in[1]); }},
    {"bytes_per_token",
     "Bytes per token, both ways",
     "B",
     {"bytes_up", "bytes_down", "tokens"},
     [](const auto& in) { return quotient(*in[0] + *in[1], *in[2]); }},
    {"round_trips_per_token", "Round trips per token", "", {"round_trips", "tokens"}, [](const auto& in) {
       return quotient(*in[0], *in[1]);
     }}};

std::optional<Quantity> compute(const SweepTable& table, const Computed& c) {
  std::vector<const SweepColumn*> inputs;
  for (const std::string& name : c.of) inputs.push_back(table.find(name));
  if (table.find(c.column) || std::ranges::any_of(inputs, [](auto* in) { return !in || !in->numeric; }))
    return {};
  Quantity quantity{c.column, c.title, c.unit, false, {}};
  for (std::size_t row = 0; row < table.rows; ++row) {
    std::vector<std::optional<double>> values;
    for (const SweepColumn* in : inputs) values.push_back(in->numbers[row]);
    const bool all = std::ranges::all_of(values, [](auto& v) { return v.has_value(); });
    quantity.values.push_back(all ? c.formula(values) : std::nullopt);
  }
  return quantity;
}

bool says_something(const Quantity& q) {
  return std::ranges::any_of(q.values, [](auto& v) { return v.has_value(); });
}

}  // namespace

std::vector<Quantity> quantities_of(const SweepTable& table, const std::vector<SweepAxis>& axes) {
  std::vector<Quantity> all;
  const auto add = [&](Quantity q) {
    if (says_something(q)) all.push_back(std::move(q));
  };
  const auto is_axis = [&](const std::string& name) {
    return std::ranges::find(axes, name, &SweepAxis::column) != axes.end();
  };
  for (const KnownQuantity& k : known_quantities)
    if (const SweepColumn* c = table.find(k.column); c && c->numeric && !is_axis(k.column))
      add({k.column, k.title, unit_of_quantity(k.column), k.higher_is_better, c->numbers});
  for (const Computed& c : computed_quantities)
    if (auto quantity = compute(table, c)) add(std::move(*quantity));
  for (const SweepColumn& c : table.columns) {
    const bool named = std::ranges::find(all, c.name, &Quantity::column) != all.end();
    if (c.numeric && !named && !is_axis(c.name))
      add({c.name, c.name, unit_of_quantity(c.name), false, c.numbers});
  }
  return all;
}

}  // namespace splitwan::analysis
