#include <fmt/format.h>

#include "scenarios/study/del_study.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

std::string interval(const Json& row, const char* key, double times, const char* format) {
  const std::string between = std::string(key) + "_ci90";
  return fmt::format(fmt::runtime(format), row[key].get<double>() * times,
                     row[between][0].get<double>() * times, row[between][1].get<double>() * times);
}

std::string row_text(const Json& r) {
  std::string text = interval(r, "perplexity", 1, "{:8.1f} ({:.1f} to {:.1f})");
  text += fmt::format("  {:6.1f} %", r["agreement"].get<double>() * 100);
  return text + interval(r, "attack_success", 100, "  {:6.1f} % ({:.1f} to {:.1f})") + "  by " +
         r["attack"].get<std::string>();
}

std::string number(const Json& value) {
  return value.is_number() ? fmt::format("{:g}", value.get<double>()) : "-";
}

}  // namespace

std::string del_tables(const Json& result) {
  std::string text = fmt::format(
      "{}: perplexity without defence {:.2f} ({} tokens); a token's epsilon at delta {}\n"
      "     mu  bits  width  bits/token  epsilon   perplexity   agreement   tokens found by the strongest "
      "attacker\n",
      result["name"].get<std::string>(), result["clean"]["perplexity"].get<double>(),
      result["held_out_tokens"].dump(), result["scenario"].value("delta", Json(1e-5)).dump());
  for (const Json& r : result["cells"])
    text +=
        fmt::format("{:>7} {:>5} {:>6} {:>11} {:>8.4g}  {}\n", number(r["mu"]), r["bits"].dump(),
                    r["width"].dump(), r["bits_per_token"].dump(), r["epsilon"].get<double>(), row_text(r));
  if (result.contains("baselines")) {
    text += "Without DEL:\n";
    for (const Json& r : result["baselines"])
      text += fmt::format("  {:10} epsilon {:>8}  {}\n", r["kind"].get<std::string>(),
                          number(r.value("epsilon", Json())), row_text(r));
  }
  if (result.contains("calibrated")) {
    text += "mu of a share of tokens found:\n";
    for (const Json& r : result["calibrated"])
      text += fmt::format("  {:g} by {:10} mu {:.3g}, epsilon {:.4g}; the strongest finds {:.1f} %{}\n",
                          r["target"].get<double>(), r["by"].get<std::string>(), r["mu"].get<double>(),
                          r["epsilon"].get<double>(), r["attack_success"].get<double>() * 100,
                          r.contains("not_met") ? " (" + r["not_met"].get<std::string>() + ")" : "");
  }
  for (const Json& file : result["absent"]) text += "left out, not there: " + file.get<std::string>() + "\n";
  if (result["partial"].get<bool>()) text += "(interrupted: more cells are missing)\n";
  return text;
}

}  // namespace splitwan::scenarios
