#include <fmt/format.h>

#include <memory>

#include "engine/base/error.hh"
#include "engine/privacy/account.hh"
#include "engine/privacy/budget.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

struct PrivacyOptions {
  engine::AccountQuestion question;
  double epsilon = 0;
  std::string budget, output;
  bool json = false;
};

std::string figure(const Json& value) {
  return value.is_null() ? "none" : fmt::format("{:.6g}", value.get<double>());
}

std::string table(const Json& j) {
  const Json &token = j["token"], &published = j["published"];
  std::string text = fmt::format(
      "mu {:g}, {} bits, {} coordinates clamped to {:g}: {} bytes and {} rounds a row, scale A {:.6g}\n"
      "{:<44} {:>14} {:>14} {:>16}\n",
      j["mu"].get<double>(), j["bits"].dump(), j["width"].dump(), j["clip"].get<double>(),
      j["row_bytes"].dump(),
      j["rounds"].get<std::uint64_t>() /
          (j["tokens"].get<std::uint64_t>() * j["repeats"].get<std::uint64_t>()),
      j["scale"].get<double>(), fmt::format("epsilon at delta {:g}", j["delta"].get<double>()), "exact",
      "pure (delta 0)", "if mu-Gaussian");
  const auto line = [&](const std::string& name, const Json& of) {
    text += fmt::format("{:<44} {:>14} {:>14} {:>16}\n", name, figure(of["epsilon"]),
                        figure(of["epsilon_pure"]), figure(of["gdp_epsilon"]));
  };
  line(fmt::format("one token, which is in {} row{}", token["rows"].dump(), token["rows"] == 1 ? "" : "s"),
       token);
  line(fmt::format("all {} rows", j["tokens"].get<std::uint64_t>() * j["repeats"].get<std::uint64_t>()), j);
  text += fmt::format("of one row, the paper's mu {:g} and gamma {:.4g} prove epsilon {}, exact is {}\n",
                      published["mu"].get<double>(), published["gamma"].get<double>(),
                      published["epsilon"].is_null() ? "nothing at this delta" : figure(published["epsilon"]),
                      figure(published["exact"]));
  return text + "one token: " + j["meaning"].get<std::string>() + "\n";
}

Json told(const engine::BudgetState& s) {
  Json j = to_json(s);
  j["spent_epsilon"] = s.spent();
  j["rows_left"] = s.most_rows() - std::min(s.rows, s.most_rows());
  return j;
}

int run_privacy(const PrivacyOptions& o) {
  if (!o.budget.empty()) {
    if (!o.output.empty()) throw Error("expected either --budget FILE to read or -o FILE to begin one");
    const Json j = told(engine::read_budget(o.budget));
    fmt::print("{}", o.json
                         ? j.dump() + "\n"
                         : fmt::format("{}: epsilon {} of {} spent at delta {}: {} rows charged, {} left\n",
                                       o.budget, figure(j["spent_epsilon"]), figure(j["epsilon"]),
                                       figure(j["delta"]), j["rows"].dump(), j["rows_left"].dump()));
    return 0;
  }
  Json j = {{"schema_version", 1}};
  j.update(account_of(o.question));
  if (!o.output.empty()) {
    if (!(o.epsilon > 0))
      throw Error("--epsilon: expected the limit of the budget, above 0, found {:g}", o.epsilon);
    const engine::BudgetState begun{o.question.mechanism, o.question.delta, o.epsilon, 0};
    if (begun.most_rows() == 0)
      throw Error("--epsilon: expected at least {:.6g}, what one row costs, found {:g}",
                  j["published"]["exact"].get<double>(), o.epsilon);
    engine::create_budget(o.output, begun);
    j["budget"] = told(begun);
  }
  if (o.json)
    fmt::print("{}\n", j.dump());
  else
    print_lines(table(j));
  if (!o.output.empty() && !o.json) fmt::print("{}: {} rows\n", o.output, j["budget"]["rows_left"].dump());
  return 0;
}

}  // namespace

void add_privacy_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<PrivacyOptions>();
  engine::AccountQuestion& q = o->question;
  command.add_option("--mu", q.mechanism.mu, "of one row: the noise; less is more")->capture_default_str();
  command.add_option("--bits", q.mechanism.bits, "of a coordinate on the wire")->capture_default_str();
  command.add_option("--width", q.mechanism.width, "coordinates of a row")->capture_default_str();
  command.add_option("--clip", q.mechanism.clip, "what coordinates are clamped to, either way")
      ->capture_default_str();
  command.add_option("--tokens", q.tokens, "rows sent in all")->capture_default_str();
  command.add_option("--repeats", q.repeats, "of all these, with fresh draws")->capture_default_str();
  command
      .add_option("--depth", q.depth,
                  "layers before the mechanism: from 1 on, a token is charged for every later row, too")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command.add_option("--delta", q.delta, "the chance at which epsilon may fail")->capture_default_str();
  command.add_option("--budget", o->budget, "say how much of this budget file is spent");
  command.add_option("-o,--output", o->output,
                     "begin a budget file, of --epsilon at --delta for this mechanism");
  command.add_option("--epsilon", o->epsilon, "the limit of that budget");
  command.add_flag("--json", o->json, "print one JSON object");
  command.callback([&chosen, o] { chosen = [o] { return run_privacy(*o); }; });
}

}  // namespace splitwan::scenarios
