// What a report says of attacks: every figure from the file's rows, nothing shown that was not checked, and
// no more promised than was measured.
#include "analysis/report/privacy_report.hh"

#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

#include "analysis/report/markdown.hh"
#include "analysis/report/report.hh"
#include "scenarios/commands/commands.hh"
#include "tests/fixtures/attacks/attack_fixture.hh"
#include "tests/fixtures/browser.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using ::testing::HasSubstr, ::testing::Not;

const Json& attacks() {
  static const Json file = tests::synthesise_attacks({});
  return file;
}

const Json& data() {
  static const Json data = privacy_data(attacks());
  return data;
}

const Json& view_of(const Json& privacy, const std::string& cut, const std::string& target, bool known) {
  for (const Json& view : privacy["views"]) {
    if (view["cut"] == cut && view["target"] == target && view["weights_known"] == known) return view;
  }
  throw engine::Error("no view of {} {}", cut, target);
}

Json cell_of(const Json& privacy, const Json& view, const std::string& attacker, int depth,
             const std::string& defence = "none") {
  for (const Json& i : view["cells"]) {
    const Json& c = privacy["cells"][i.get<std::size_t>()];
    if (c["attacker"] == attacker && c["depth"] == depth && c["defence"] == defence) return c;
  }
  return {};
}

std::string refusal(const Json& file) {
  const tests::Scratch scratch("_attack.json");
  engine::write_file(scratch.path, file.dump());
  try {
    read_attacks(scratch.path);
  } catch (const engine::Error& e) {
    const std::string what = e.what();
    EXPECT_EQ(what.rfind(scratch.path + ": ", 0), 0u) << what;  // the file is named first
    EXPECT_EQ(what.find('\n'), what.npos) << what;
    return what.substr(scratch.path.size() + 2);
  }
  return "no refusal";
}

Json read_back(const Json& file) {
  const tests::Scratch scratch("_attack.json");
  engine::write_file(scratch.path, file.dump());
  return read_attacks(scratch.path);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(PrivacyReport, a_row_says_itself_what_kind_of_attacker_it_is) {
  Json file = attacks();
  for (Json& row : file["rows"])
    if (row["attacker"] == "unigram") row["attacker"] = "a_control_to_come";
  const Json known = privacy_data(file);
  EXPECT_EQ(cell_of(known, view_of(known, "input", "current", true), "a_control_to_come", 2)["control"],
            true);
  file["rows"][0]["kind"] = "oracle";
  EXPECT_THAT(refusal(file), HasSubstr("rows[0]: kind: expected control, learned, search or direct, found"));
}

TEST(PrivacyReport, files_without_kinds_have_the_controls_of_their_time) {
  Json file = attacks();
  for (Json& row : file["rows"]) row.erase("kind");
  EXPECT_EQ(privacy_data(file), data());
}

TEST(PrivacyReport, a_point_is_the_mean_over_seeds_and_its_interval_holds_every_seeds_own) {
  const Json& view = view_of(data(), "input", "current", true);
  const Json cell = cell_of(data(), view, "mlp", 3);
  double sum = 0, low = 1, high = 0;
  int seeds = 0;
  for (const Json& row : attacks()["rows"]) {
    if (row["cut"] != "input" || row["attacker"] != "mlp" || row["depth"] != 3 || row["defence"] != "none")
      continue;
    sum += row["top1"].get<double>();
    low = std::min(low, row["top1_ci90"][0].get<double>());
    high = std::max(high, row["top1_ci90"][1].get<double>());
    ++seeds;
  }
  ASSERT_EQ(seeds, 3);
  EXPECT_EQ(cell["seeds"], 3);
  EXPECT_NEAR(cell["top1"]["mean"], sum / 3, 1e-12);
  EXPECT_EQ(cell["top1"]["low"], low);
  EXPECT_EQ(cell["top1"]["high"], high);
  EXPECT_LT(cell["top1"]["lowest"], cell["top1"]["highest"]);
}

TEST(PrivacyReport, a_share_of_few_documents_has_a_wide_interval) {
  Json file = attacks();
  for (Json& row : file["rows"]) row["exact"] = 1.0;
  const Json privacy = privacy_data(file);
  const Json exact = privacy["cells"][0]["exact"];
  EXPECT_NEAR(exact["low"], 24 / (24 + 1.6449 * 1.6449), 1e-9);  // Wilson's of 24 of 24
  EXPECT_EQ(exact["high"], 1.0);
}

TEST(PrivacyReport, top_5_has_neither_value_nor_interval_where_the_file_states_none) {
  const Json& view = view_of(data(), "input", "current", true);
  EXPECT_TRUE(cell_of(data(), view, "sipit", 2)["top5"].is_null());
  EXPECT_TRUE(cell_of(data(), view, "mlp", 2)["top5"]["low"].is_null());
  EXPECT_GT(cell_of(data(), view, "mlp", 2)["top5"]["mean"], 0.5);
}

TEST(PrivacyReport, who_knows_the_weights_may_attack_as_if_not_and_never_the_other_way_round) {
  Json file = attacks();
  for (Json& row : file["rows"]) row["weights_known"] = row["attacker"] != "mlp";
  file["rows"].erase(std::remove_if(file["rows"].begin(), file["rows"].end(),
                                    [](const Json& row) { return row["defence"] != "none"; }),
                     file["rows"].end());
  const Json privacy = privacy_data(file);
  const Json& known = view_of(privacy, "input", "current", true);
  const Json& unknown = view_of(privacy, "input", "current", false);
  EXPECT_FALSE(cell_of(privacy, known, "sipit", 5).is_null());
  EXPECT_FALSE(cell_of(privacy, known, "mlp", 5).is_null());
  EXPECT_FALSE(cell_of(privacy, unknown, "mlp", 5).is_null());
  EXPECT_TRUE(cell_of(privacy, unknown, "sipit", 5).is_null());
  EXPECT_FALSE(cell_of(privacy, unknown, "unigram", 5).is_null());
}

TEST(PrivacyReport, attacks_with_the_changed_weights_and_with_the_public_ones_are_kept_apart) {
  for (const bool known : {true, false}) {
    double sum = 0;
    for (const Json& row : attacks()["rows"]) {
      if (row["cut"] == "input" && row["attacker"] == "mlp" && row["defence"] == "lora outer layers" &&
          row["weights_known"] == known)
        sum += row["top1"].get<double>();
    }
    const Json cell =
        cell_of(data(), view_of(data(), "input", "current", known), "mlp", 2, "lora outer layers");
    EXPECT_NEAR(cell["top1"]["mean"], sum / 3, 1e-12);
    EXPECT_EQ(cell["weights_known"], known);
  }
}

TEST(PrivacyReport, a_defence_is_judged_by_the_strongest_attacker_and_never_by_a_control) {
  for (const Json& view : data()["views"]) {
    for (const Json& d : view["defences"]) {
      double best = 0, control = 0;
      for (const Json& i : view["cells"]) {
        const Json& c = data()["cells"][i.get<std::size_t>()];
        if (c["depth"] != d["depth"]) continue;
        double& highest = c["control"] ? control : best;
        if (c["control"] || c["defence"] == d["defence"])
          highest = std::max(highest, c["top1"]["mean"].get<double>());
      }
      EXPECT_EQ(d["strongest"]["top1"]["mean"], best) << d.dump();
      EXPECT_EQ(d["best_control"]["top1"]["mean"], control) << d.dump();
    }
  }
}

TEST(PrivacyReport, a_defences_price_is_that_of_its_depth_else_of_any) {
  for (const auto& [stated, expected] : {std::pair(2, 20.0), {3, 11.21}}) {
    Json file = attacks();
    const Json here = {{"defence", "int8"}, {"depth", stated}, {"perplexity", 20}, {"undefended", 11.2}};
    file["perplexity"].insert(file["perplexity"].begin(), here);  // before the one that holds for any depth
    const Json privacy = privacy_data(file);
    bool found = false;
    for (const Json& d : view_of(privacy, "input", "current", true)["defences"]) {
      if (d["defence"] != "int8") continue;
      found = true;
      EXPECT_EQ(d["depth"], 2);
      EXPECT_EQ(d["perplexity"], expected);
      EXPECT_NEAR(d["tokens_per_s"], 12.6 * 0.98, 1e-9);
      EXPECT_NEAR(d["tokens_per_s_without"], 12.4 * 0.98, 1e-9);
    }
    EXPECT_TRUE(found);
  }
}

TEST(PrivacyReport, a_file_as_written_is_read_as_it_is) { EXPECT_EQ(read_back(attacks()), attacks()); }

TEST(PrivacyReport, a_wrong_file_is_refused_with_the_key_what_was_expected_and_what_was_found) {
  const auto with = [](auto change) {
    Json file = attacks();
    change(file);
    return refusal(file);
  };
  EXPECT_EQ(with([](Json& f) { f["schema_version"] = 2; }), "key 'schema_version': expected 1, found 2");
  EXPECT_EQ(with([](Json& f) { f.erase("rows"); }), "key 'rows' is missing");
  EXPECT_EQ(with([](Json& f) { f["rows"] = Json::array(); }),
            "rows: expected a list of at least one row, found []");
  EXPECT_EQ(with([](Json& f) { f["rows"][4].erase("top1"); }), "rows[4]: key 'top1' is missing");
  EXPECT_EQ(with([](Json& f) { f["rows"][4]["top1"] = 1.2; }),
            "rows[4]: top1: expected a share from 0 to 1, found 1.2");
  EXPECT_EQ(with([](Json& f) {
              f["rows"][0]["top1_ci90"] = {0.4, 0.3};
            }),
            "rows[0]: top1_ci90: expected two numbers, the lower first, found [0.4,0.3]");
  EXPECT_EQ(with([](Json& f) { f["rows"][7]["cut"] = "middle"; }),
            "rows[7]: cut: expected input or output, found \"middle\"");
  EXPECT_EQ(with([](Json& f) { f["rows"][7]["weights_known"] = 1; }),
            "rows[7]: key 'weights_known': expected true or false, found 1");
  EXPECT_EQ(with([](Json& f) {
              f["rows"][3]["seed"] = 1;
              f["rows"][3]["depth"] = 0;
              f["rows"][3]["attacker"] = "uniform";
            }),
            "rows[3]: cut, target, depth, attacker, defence, weights_known and seed are those of rows[0]");
  EXPECT_EQ(with([](Json& f) { f["speed"][1]["tokens_per_s"] = "fast"; }),
            "speed[1]: key 'tokens_per_s': expected a number, found \"fast\"");
  EXPECT_EQ(with([](Json& f) { f["link"].erase("rtt_s"); }), "link: key 'rtt_s' is missing");
  EXPECT_EQ(with([](Json& f) { f["perplexity"][0]["perplexity"] = 0.5; }),
            "perplexity[0]: perplexity: expected a perplexity, 1 or above, found 0.5");
}

TEST(PrivacyReport, markdown_has_every_cells_figures) {
  const std::string text = render_markdown(report_data(model::Study({}), std::nullopt, data()));
  for (const Json& c : data()["cells"]) {
    const Json& top1 = c["top1"];
    const std::string row = fmt::format(
        "| {} | {} | {} | {} | {} | {} | 3 | {:.1f} % ({:.1f} to {:.1f}) |", c["cut"].get<std::string>(),
        c["target"].get<std::string>(), c["weights_known"] ? "known" : "not known", c["depth"].get<int>(),
        c["attacker"].get<std::string>(), c["defence"].get<std::string>(), top1["mean"].get<double>() * 100,
        top1["low"].get<double>() * 100, top1["high"].get<double>() * 100);
    ASSERT_THAT(text, HasSubstr(row));
  }
  EXPECT_THAT(text, HasSubstr("| tokens/s | 12.40 | 12.28 | 12.15 |"));
  EXPECT_THAT(text, HasSubstr("31.700 (+183.04 %)"));
  EXPECT_THAT(text, Not(HasSubstr("## Measured")));  // no trace was given
}

TEST(PrivacyReport, speed_prices_and_link_may_be_left_out_of_the_file) {
  Json file = attacks();
  for (const char* key : {"speed", "link", "perplexity", "compute", "traffic"}) file.erase(key);
  EXPECT_EQ(refusal(file), "no refusal");
  file["partial"] = true;
  EXPECT_THAT(markdown::privacy(privacy_data(read_back(file))), HasSubstr("stopped before their end"));
}

TEST(PrivacyReport, without_speed_nothing_is_said_of_it) {
  const Json privacy = privacy_data(tests::synthesise_attacks({.speed = false}));
  EXPECT_THAT(markdown::privacy(privacy), Not(HasSubstr("| tokens/s | ")));
  for (const Json& d : privacy["views"][0]["defences"]) EXPECT_TRUE(d["tokens_per_s"].is_null());
}

TEST(PrivacyReport, a_recovery_rate_is_never_called_a_guarantee) {
  const std::string both[] = {render_markdown(report_data(model::Study({}), std::nullopt, data())),
                              render_html(report_data(model::Study({}), std::nullopt, data()))};
  for (const auto& text : both) {
    EXPECT_THAT(text, HasSubstr("a lower bound of what leaks, never a guarantee"));
    EXPECT_THAT(text, HasSubstr("With public outer layers, depth is no protection"));
    EXPECT_EQ(count(text, "guarantee"), count(text, "never a guarantee"));
    EXPECT_FALSE(
        std::regex_search(text, std::regex("provably|cannot be (read|recovered)", std::regex::icase)));
  }
}

// Runs `report` with these words; what it prints, or its refusal.
std::string report(const std::vector<std::string>& words) {
  CLI::App app;
  std::function<int()> chosen;
  scenarios::add_plain_commands(app, chosen);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  reversed.push_back("report");
  app.parse(reversed);
  ::testing::internal::CaptureStdout();
  std::string refusal;
  try {
    EXPECT_EQ(chosen(), 0);
  } catch (const engine::Error& e) {
    refusal = e.what();
  }
  std::fflush(stdout);
  return ::testing::internal::GetCapturedStdout() + refusal;
}

TEST(PrivacyReport, the_command_needs_a_trace_or_attacks_and_takes_both) {
  const tests::Scratch file("_attack.json"), trace("_trace.jsonl"), page("_report.md");
  engine::write_file(file.path, attacks().dump());
  engine::write_file(trace.path, tests::trace_text(tests::synthesise({})));
  EXPECT_THAT(report({}), HasSubstr("name a trace, --attacks FILE, --study FILE or --sweep TABLE"));
  const Json alone = Json::parse(report({"--attacks", file.path, "--json"}));
  EXPECT_EQ(alone.begin().key(), "schema_version");
  EXPECT_EQ(alone, Json::parse(data().dump()));
  const Json both = Json::parse(report({trace.path, "--attacks", file.path, "--json", "-o", page.path}));
  EXPECT_EQ(both["privacy"], alone);
  EXPECT_EQ(both["results"].size(), 8u);
  const std::string text = tests::read(page.path);
  EXPECT_THAT(text, HasSubstr("## Measured"));
  EXPECT_THAT(text, HasSubstr("## Privacy: what the server could read"));
  EXPECT_THAT(report({"--attacks", file.path, "--timeline", page.path}), HasSubstr("name a trace"));
}

// The section after someone chose.
std::string chosen(const std::vector<std::pair<std::string, std::string>>& choices, const Json& privacy,
                   std::string& log) {
  std::string script = "<script>\n";
  for (const auto& [name, value] : choices) {
    script += fmt::format(
        "{{ const label = [...document.querySelectorAll('#privacy label.choice')].find(l => "
        "l.firstChild.textContent === '{}');"
        "label.lastChild.value = '{}'; label.lastChild.dispatchEvent(new Event('change')); }}\n",
        name, value);
  }
  std::string html = render_html(report_data(model::Study({}), std::nullopt, privacy));
  const std::string page = tests::drawn(html.insert(html.rfind("</body>"), script + "</script>"), log);
  const auto begin = page.find("<section aria-labelledby=\"h-privacy\"");
  return page.substr(begin, page.find("</section>", begin) - begin);
}

// Marks in the chart, not those of its list of names.
std::size_t points(const std::string& section) {
  const auto begin = section.find("class=\"privacy-chart\"");
  return count(section.substr(begin, section.find("<details", begin) - begin), "class=\"point ");
}

TEST(PrivacyReport, a_browser_draws_a_point_per_attacker_and_depth_and_a_dashed_line_per_control) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::string log;
  const std::string section = chosen({}, data(), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  EXPECT_EQ(points(section), 6 * 6u);  // six attackers at six depths
  EXPECT_EQ(count(section, "<polyline class=\"line control"), 4u);
  EXPECT_EQ(count(section, "<rect class=\"speed\""), 6u);
  EXPECT_THAT(section, HasSubstr("tokens per second at 80 ms"));
  EXPECT_THAT(section, HasSubstr("With public outer layers, depth is no protection"));
}

TEST(PrivacyReport, a_browser_follows_what_is_chosen) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::string log;
  const std::string section =
      chosen({{"Outer layers’ weights", "not known"}, {"Measure", "exact"}}, data(), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  EXPECT_EQ(points(section), 6u);  // only changed layers were attacked so, at one depth
  const Json cell =
      cell_of(data(), view_of(data(), "input", "current", false), "mlp_published", 2, "lora outer layers");
  EXPECT_THAT(section, HasSubstr(fmt::format("mlp published, depth 2: {:.1f}&nbsp;%",
                                             cell["exact"]["mean"].get<double>() * 100)));
  EXPECT_THAT(section, Not(HasSubstr("depth is no protection")));
  EXPECT_THAT(section, HasSubstr("documents recovered whole"));
  const Json slow = privacy_data(tests::synthesise_attacks({.speed = false}));
  const std::string output = chosen({{"Cut", "output"}, {"Token", "next"}, {"Defence", "int4"}}, slow, log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  EXPECT_EQ(points(output), 6u);
  EXPECT_EQ(count(output, "class=\"speed\""), 0u);
  EXPECT_THAT(output, HasSubstr("output cut, next token"));
  EXPECT_THAT(output, HasSubstr("random depth, to 5"));  // beside the others, though its own depth is another
}

TEST(PrivacyReport, a_browser_shows_controls_that_stand_alone) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  Json file = attacks();
  file["rows"].erase(std::remove_if(file["rows"].begin(), file["rows"].end(),
                                    [](const Json& row) { return row["attacker"] != "unigram"; }),
                     file["rows"].end());
  std::string log;
  const std::string section = chosen({}, privacy_data(file), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  EXPECT_THAT(section, HasSubstr("This file has controls and no attacker."));
  EXPECT_THAT(section, HasSubstr("<td class=\"text\">unigram</td>"));
}

}  // namespace
}  // namespace splitwan::analysis
