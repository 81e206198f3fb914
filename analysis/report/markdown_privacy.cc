// What the attacks recovered, as Markdown tables.
#include <map>
#include <set>

#include "analysis/report/markdown.hh"

namespace splitwan::analysis::markdown {
namespace {

std::string share(const Json& found) {
  if (found.is_null()) return "-";
  std::string mean = percent(found["mean"], 1);
  if (found["low"].is_null()) return mean;
  return fmt::format("{} ({} to {})", mean, number_cell(found["low"], 100, 1),
                     number_cell(found["high"], 100, 1));
}

std::string title(const Json& view) {
  return fmt::format("{} cut, {} token, {}", text(view["cut"]), text(view["target"]),
                     view["weights_known"].get<bool>() ? "outer layers' weights known" : "weights not known");
}

std::string row_of(const std::vector<std::string>& fields) {
  return fmt::format("| {} |\n", fmt::join(fields, " | "));
}

// Of the view, without a defence.
std::vector<Json> cells_of(const Json& privacy, const Json& view) {
  std::vector<Json> cells;
  for (const Json& i : view["cells"]) {
    const Json& c = privacy["cells"][i.get<std::size_t>()];
    if (c["defence"] == "none") cells.push_back(c);
  }
  return cells;
}

// Attackers downwards, controls after them, depths across; the last row is the speed.
std::string by_depth(const Json& privacy, const Json& view) {
  std::vector<std::string> names;
  std::map<std::string, std::map<int, Json>> found;
  std::set<int> depths;
  for (const bool control : {false, true}) {
    if (control && names.empty()) return "";  // nobody attacked without a defence
    for (const Json& c : cells_of(privacy, view)) {
      if (c["control"] != control) continue;
      const std::string name = text(c["attacker"]) + (control ? " (control)" : "");
      if (!found.contains(name)) names.push_back(name);
      found[name][c["depth"]] = c["top1"];
      depths.insert(c["depth"].get<int>());
    }
  }
  std::vector<std::string> head{"attacker"}, align{"---"}, rates{"tokens/s"};
  bool timed = false;
  for (const int depth : depths) {
    head.push_back(fmt::format("depth {}", depth));
    align.push_back("--:");
    rates.push_back("-");
    for (const Json& s : privacy["speed"]) {
      if (s["cut"] != view["cut"] || s["depth"] != depth || s["defence"] != "none") continue;
      rates.back() = number_cell(s["tokens_per_s"], 1, 2);
      timed = true;
    }
  }
  std::string out = row_of(head) + row_of(align);
  for (const auto& name : names) {
    std::vector<std::string> fields{name};
    for (const int depth : depths)
      fields.push_back(share(found[name][depth]));  // "-" where nothing was found
    out += row_of(fields);
  }
  return out + (timed ? row_of(rates) : "");
}

std::string price(const Json& defence) {
  const Json &with = defence["perplexity"], &without = defence["undefended"];
  if (with.is_null()) return "-";
  return fmt::format("{} ({:+.2f} %)", number_cell(with, 1, 3),
                     (with.get<double>() / without.get<double>() - 1) * 100);
}

std::string defences(const Json& view) {
  std::string rows;
  for (const Json& d : view["defences"]) {
    const Json &best = d["strongest"]["top1"], &control = d["best_control"]["top1"];
    rows +=
        row_of({text(d["defence"]), number_cell(d["depth"], 1, 0),
                best.is_null() ? "-" : text(best["attacker"]), share(best),
                control.is_null() ? "-" : share(control), price(d), number_cell(d["tokens_per_s"], 1, 2)});
  }
  return "| defence | depth | strongest attacker | its top-1 | best control | perplexity | tokens/s |\n"
         "|---|--:|---|--:|--:|--:|--:|\n" +
         rows;
}

std::string all_cells(const Json& privacy) {
  std::string out =
      "| cut | token | weights | depth | attacker | defence | seeds | top-1 | over seeds | top-5 | exact | "
      "ROUGE-L | "
      "BLEU | digits | names | rare | forward passes | seconds |\n"
      "|---|---|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const Json& c : privacy["cells"]) {
    const Json& top1 = c["top1"];
    std::vector<std::string> fields{
        text(c["cut"]),
        text(c["target"]),
        c["weights_known"].get<bool>() ? "known" : "not known",
        number_cell(c["depth"], 1, 0),
        text(c["attacker"]),
        text(c["defence"]),
        number_cell(c["seeds"], 1, 0),
        share(top1),
        fmt::format("{} to {}", number_cell(top1["lowest"], 100, 1), number_cell(top1["highest"], 100, 1)),
        share(c["top5"]),
        share(c["exact"])};
    for (const char* key : {"rouge_l", "bleu"}) fields.push_back(number_cell(c[key], 1, 3));
    for (const char* key : {"top1_digits", "top1_names", "top1_rare"}) fields.push_back(percent(c[key], 1));
    fields.push_back(number_cell(c["forward_passes"], 1, 0));
    fields.push_back(number_cell(c["seconds"], 1, 1));
    out += row_of(fields);
  }
  return out;
}

// What the figures are, of those that this file has.
std::string legend(const Json& privacy) {
  bool trained = false, several = false, bracketed = false, blind = false, shuffled = false;
  for (const Json& c : privacy["cells"]) {
    trained |= c["pairs"].is_number() && c["pairs"] > 0;
    several |= c["seeds"] > 1;
    bracketed |= !c["top1"].is_null() && !c["top1"]["low"].is_null();
    const bool control = c["control"], labels = c["attacker"] == "shuffled_labels";
    blind |= control && !labels;
    shuffled |= control && labels;
  }
  std::string out = privacy["views"].empty() ? ""
                                             : "Empirical: what these attackers recovered; a lower bound of "
                                               "what leaks, never a guarantee. ";
  out += fmt::format("Tested on {} documents ({} tokens){}.", privacy["documents"]["test"].get<int>(),
                     privacy["documents"]["test_tokens"].get<int>(),
                     trained ? " that no attacker was trained on" : "");
  if (several) out += " Means over seeds; \"over seeds\" is the range of the seeds' values.";
  if (bracketed)
    out += fmt::format(
        " In brackets: {}90 % intervals (top-1: bootstrap over documents; exact: score "
        "interval over documents).",
        several ? "from the lowest to the highest end of the seeds' " : "");
  if (blind || shuffled)
    out += fmt::format(" Controls {}{}{}.", blind ? "see no activations" : "",
                       blind && shuffled ? ", or " : "", shuffled ? "learn from shuffled labels" : "");
  return out;
}

}  // namespace

std::string privacy(const Json& privacy, bool every_cell) {
  if (privacy.is_null()) return "";
  std::string out = "\n## Privacy: what the server could read\n\n";
  out += legend(privacy) + "\n";
  if (privacy["partial"].get<bool>())
    out += "\nThe attacks were stopped before their end: rows are missing.\n";
  for (const Json& view : privacy["views"]) {
    out += fmt::format("\n### {}\n\n", title(view));
    for (const Json& remark : view["remarks"]) out += text(remark) + "\n\n";
    const std::string undefended = by_depth(privacy, view);
    if (!undefended.empty())
      out += "Share of tokens recovered (top-1) by depth, without a defence:\n\n" + undefended + "\n";
    out += "Defences and their price:\n\n" + defences(view);
  }
  if (every_cell) out += "\n### Everything\n\n" + all_cells(privacy);
  return out;
}

}  // namespace splitwan::analysis::markdown
