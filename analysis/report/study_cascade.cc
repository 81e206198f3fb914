// A study of sharded tokens beside local decoding: cells by shards, network and drafter.
// told: {cells (the file's)}.
#include <algorithm>

#include "analysis/report/markdown.hh"
#include "analysis/report/study_kinds.hh"

namespace splitwan::analysis {
namespace {

using engine::Json, engine::ObjectReader;

void check_cascade_cell(ObjectReader& in) {
  in.whole("alpha", 1, 1 << 20), in.whole("c", 1, 1 << 20), in.whole("nodes", 1, 1 << 30);
  for (const char* key : {"network", "drafter"}) in.need<std::string>(key);
  in.need<bool>("identical");
  if (!in.at("first_difference").is_null()) {
    ObjectReader first = in.child("first_difference");
    first.need<std::string>("prompt"), first.need<std::uint64_t>("token");
    first.number("margin", 0, 1e300), first.need<bool>("close_call");
  }
  in.number("max_logit_diff", 0, 1e300);
  for (const char* key :
       {"bytes", "formula_bytes", "client_bytes", "client_formula_bytes", "messages", "hops"})
    in.need<std::uint64_t>(key);
  for (const char* key : {"hole_gap", "inside_gap"})  // null where a view has no two rows
    if (!in.at(key).is_null()) in.need<std::uint64_t>(key);
  in.number("tokens_per_s", 1e-9, 1e12), in.number("tokens_per_step", 1e-9, 1e9);
  in.number("time_to_first_token_s", 0, 1e9);
}

void check_cascade(ObjectReader& file) {
  each_object(file, "cells", check_cascade_cell);
  need_distinct(file, "cells", {"alpha", "c", "network", "drafter"});
}

bool as_the_closed_form(const Json& cell) {
  return cell["bytes"] == cell["formula_bytes"] && cell["client_bytes"] == cell["client_formula_bytes"];
}

std::string texts_told(const Json& cells) {
  std::size_t same = 0, close = 0;
  for (const Json& c : cells) {
    const bool identical = c["identical"].get<bool>();
    const Json& first = c["first_difference"];
    same += identical;
    close += !identical && !first.is_null() && first["close_call"].get<bool>();
  }
  const std::size_t differ = cells.size() - same;
  std::string told =
      fmt::format("Local decoding's text, token for token, in {} of {} cells", same, cells.size());
  if (differ > 0)
    told += fmt::format(
        "; of the other {}, {} first differ where local decoding's best two logits are nearly alike", differ,
        close);
  return told + ".";
}

Json cascade_remarks(const Json& cells) {
  const auto counted = std::ranges::count_if(cells, as_the_closed_form);
  double most = 0;
  for (const Json& c : cells) most = std::max(most, c["max_logit_diff"].get<double>());
  return {
      "A reconstruction of Cascade (arXiv 2507.05228).", texts_told(cells),
      fmt::format("Logits chosen from in the same context differ by at most {:.1e}.", most),
      fmt::format("Bytes, among the nodes and with the client, are to the last those of the closed form, "
                  "headers included, in {} of {} cells.",
                  counted, cells.size()),
      std::string(
          "Gaps are of the single node that sees most: between positions whose rows it has, the largest ") +
          "(hole) and the smallest (inside). Nothing is proved of what a node reads."};
}

Json tell_cascade(const Json& study) {
  const Json& cells = study["cells"];
  return {{"heading", "Cascade: sharded tokens beside local decoding"},
          {"title", "Cascade: the same text from many nodes, and what it costs"},
          {"about",
           fmt::format("{}: {} cells over {} networks, with {} drafters.", markdown::text(study["name"]),
                       cells.size(), distinct(cells, "network").size(), distinct(cells, "drafter").size())},
          {"remarks", cascade_remarks(cells)},
          {"cells", cells}};
}

std::string text_as_local(const Json& cell) {
  if (cell["identical"].get<bool>()) return "yes";
  const Json& first = cell["first_difference"];
  if (first.is_null()) return "no";
  return fmt::format("no ({}, token {}, margin {:.1e})", markdown::text(first["prompt"]),
                     first["token"].dump(), first["margin"].get<double>());
}

std::string cascade_markdown(const Json& data) {
  using markdown::number_cell, markdown::text;
  std::string out =
      "| network | alpha | c | nodes | decoding | tokens/s | tokens/step | first token, s | text as local | "
      "logits differ | bytes among nodes | closed form | client's bytes | closed form | messages | hops | "
      "hole "
      "gap | inside gap |\n|---|--:|--:|--:|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const Json& c : data["cells"]) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1e} |", text(c["network"]),
                       c["alpha"].dump(), c["c"].dump(), c["nodes"].dump(), text(c["drafter"]),
                       number_cell(c["tokens_per_s"], 1, 3), number_cell(c["tokens_per_step"], 1, 2),
                       number_cell(c["time_to_first_token_s"], 1, 3), text_as_local(c),
                       c["max_logit_diff"].get<double>());
    for (const char* key : {"bytes", "formula_bytes", "client_bytes", "client_formula_bytes", "messages",
                            "hops", "hole_gap", "inside_gap"})
      out += fmt::format(" {} |", number_cell(c[key], 1, 0));
    out += "\n";
  }
  return out;
}

}  // namespace

const StudyKind cascade_study{"cascade", check_cascade, tell_cascade, cascade_markdown};

}  // namespace splitwan::analysis
