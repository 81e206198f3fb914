// A study of DEL: utility, leak and bytes, a cell each.
// told: {mode, clean, cells (each with `best`: no other has less found, a lower perplexity and fewer bits, or
// two of them and the third alike), baselines, calibrated}.
#include <algorithm>

#include "analysis/report/markdown.hh"
#include "analysis/report/study_kinds.hh"

namespace splitwan::analysis {
namespace {

using engine::Json, engine::ObjectReader;

void check_judged(ObjectReader& in) {
  need_estimate(in, "perplexity", 1, 1e300);
  need_estimate(in, "agreement", 0, 1);
  need_estimate(in, "attack_success", 0, 1);
  in.need<std::string>("attack");
}

void check_del_cell(ObjectReader& in) {
  check_judged(in);
  in.number("mu", 0, 1e9), in.number("epsilon", 0, 1e300), in.number("delta", 0, 1);
  in.number("bits_per_token", 1, 1e9);
  in.whole("bits", 1, 16), in.whole("width", 1, 1 << 16);
  in.need<std::string>("mode");
}

void check_del(ObjectReader& file) {
  file.child("clean").number("perplexity", 1, 1e300);
  each_object(file, "cells", check_del_cell);
  need_entries(file, "cells");
  if (file.find("baselines")) each_object(file, "baselines", check_judged);
}

bool beats(const Json& a, const Json& b) {
  bool better = false;
  for (const char* key : {"attack_success", "perplexity", "bits_per_token"}) {
    const double x = a[key].get<double>(), y = b[key].get<double>();
    if (x > y) return false;
    better |= x < y;
  }
  return better;
}

Json del_remarks(const Json& cells) {
  Json said = Json::array();
  double least = cells[0]["epsilon"].get<double>(), most = least;
  for (const Json& c : cells)
    least = std::min(least, c["epsilon"].get<double>()), most = std::max(most, c["epsilon"].get<double>());
  said.push_back(fmt::format("Formal: a token's epsilon is {:.4g} to {:.4g} at delta {:g}{}.", least, most,
                             cells[0]["delta"].get<double>(),
                             least > 10  ? ", no meaningful guarantee in any cell"
                             : most > 10 ? "; above about 10 it is no meaningful guarantee"
                                         : ""));
  said.push_back(
      "Empirical: the share of tokens is what the strongest of these attackers found, a lower bound of what "
      "leaks.");
  if (cells[0]["mode"] == "as published")
    said.push_back(
        "As published, only the prompt goes through the mechanism; the server writes the answer and knows "
        "it.");
  return said;
}

Json tell_del(const Json& study) {
  const Json& cells = study["cells"];
  Json data = {
      {"heading", "DEL: utility, leak and bytes"},
      {"title", "DEL: what noise costs, and what it keeps from the server"},
      {"about", fmt::format("{}: {} cells, {}; perplexity without defence {}.", markdown::text(study["name"]),
                            cells.size(), markdown::text(cells[0]["mode"]),
                            markdown::number_cell(study["clean"]["perplexity"], 1, 2))},
      {"remarks", del_remarks(cells)},
      {"clean", study["clean"]},
      {"cells", cells},
      {"baselines", study.value("baselines", Json::array())},
      {"calibrated", study.value("calibrated", Json::array())}};
  for (Json& cell : data["cells"])
    cell["best"] = std::ranges::none_of(cells, [&](const Json& other) { return beats(other, cell); });
  return data;
}

std::string costs_of(const Json& row) {
  return fmt::format("{} | {} | {} ({})", with_interval(row, "perplexity", 1, 1),
                     markdown::percent(row["agreement"], 1), with_interval(row, "attack_success", 100, 1),
                     markdown::text(row["attack"]));
}

std::string del_markdown(const Json& data) {
  using markdown::number_cell, markdown::text;
  std::string out = fmt::format(
      "Perplexity without defence: {}. With 90 % intervals; * marks cells that no other beats.\n\n"
      "| mu | bits | width | bits a token | epsilon | perplexity | agreement | tokens found, % |\n"
      "|--:|--:|--:|--:|--:|---|--:|---|\n",
      number_cell(data["clean"]["perplexity"], 1, 2));
  for (const Json& c : data["cells"])
    out += fmt::format("| {}{} | {} | {} | {} | {} | {} |\n", number_cell(c["mu"], 1, 0),
                       c["best"].get<bool>() ? "*" : "", text(c["bits"]), text(c["width"]),
                       text(c["bits_per_token"]), number_cell(c["epsilon"], 1, 1), costs_of(c));
  for (const Json& b : data["baselines"])
    out += fmt::format("| {}{} | | | | {} | {} |\n", text(b["kind"]),
                       b.contains("mu") ? " " + number_cell(b["mu"], 1, 0) : "",
                       b.contains("epsilon") ? number_cell(b["epsilon"], 1, 1) : "", costs_of(b));
  return out;
}

}  // namespace

const StudyKind del_study{"del", check_del, tell_del, del_markdown};

}  // namespace splitwan::analysis
