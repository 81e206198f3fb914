// The report states nothing that its files do not show: fed with files that lack the evidence, it is silent.
#include <gmock/gmock.h>

#include "analysis/report/markdown.hh"
#include "analysis/report/privacy_report.hh"
#include "analysis/report/report.hh"
#include "analysis/report/validation_remarks.hh"
#include "model/fit/live.hh"
#include "tests/fixtures/attacks/attack_fixture.hh"
#include "tests/fixtures/browser.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using ::testing::HasSubstr, ::testing::Not;

Json data_of(const std::vector<engine::Run>& runs) {
  return report_data(model::study_of(runs), std::nullopt);
}

// The page as a browser shows it, less what it carries.
std::string shown(const Json& data) {
  std::string log;
  const std::string page = tests::drawn(render_html(data), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  return page.substr(0, page.find("<script"));
}

std::string said(const Json& remarks) {
  std::string all;
  for (const Json& remark : remarks) all += remark.get<std::string>() + "\n";
  return all;
}

TEST(Evidence, of_independence_speaks_only_a_test_that_had_something_to_compare) {
  const Json with = data_of(tests::synthesise({.noise = 0.05}));
  const Json without = data_of(tests::synthesise({.rtts_s = {0.08}, .noise = 0.05}));
  ASSERT_FALSE(without["validation"]["acceptance_test"].empty());
  EXPECT_THAT(render_markdown(with), HasSubstr("do not depend on the round-trip time for ngram (chi-square"));
  EXPECT_THAT(render_markdown(without), Not(HasSubstr("chi-square")));
  EXPECT_THAT(render_html(without), Not(HasSubstr("chi-square")));
  const Json lucky = data_of(tests::synthesise({.noise = 0.05, .luck_per_rtt = 3}));
  EXPECT_THAT(said(lucky["validation_remarks"]), HasSubstr("depend on the round-trip time for"));
  EXPECT_THAT(said(lucky["validation_remarks"]),
              Not(HasSubstr("do not depend on the round-trip time for ngram")));
}

TEST(Evidence, of_residuals_is_named_what_varied_and_how_little_could_be_seen) {
  const auto term = [](const char* name, const Json& visible) {
    return Json{{"term", name}, {"share_of_step", 0}, {"visible_share", visible}, {"p_value", 1}};
  };
  const auto remarks = [&](const Json& terms) {
    return said(validation_remarks({{"residual_test", {{"suspects", Json::array()}, {"terms", terms}}}}));
  };
  EXPECT_EQ(remarks(Json::array({term("loss", Json())})), "");
  EXPECT_EQ(
      remarks(Json::array({term("rows", 0.004), term("loss", Json())})),
      "What the model leaves of a step depends by 1 % of the step or more on nothing that varied in these "
      "runs (rows).\n");
  EXPECT_THAT(remarks(Json::array({term("rows", 0.18), term("bytes", 0.02)})),
              HasSubstr("too few to see less than 18.00 % of the step (rows)"));
  EXPECT_EQ(said(validation_remarks(Json())), "");
  EXPECT_EQ(said(validation_remarks(Json::object())), "");
}

Json attacks_by(const std::function<bool(const Json& row)>& kept) {
  Json file = tests::synthesise_attacks({});
  Json rows = Json::array();
  for (const Json& row : file["rows"])
    if (kept(row)) rows.push_back(row);
  file["rows"] = rows;
  return report_data(model::Study({}), std::nullopt, privacy_data(file));
}

bool is_control(const Json& row) { return row["kind"] == "control"; }

TEST(Evidence, of_an_attack_speaks_only_a_file_in_which_it_ran) {
  const Json data = attacks_by([](const Json& row) { return row["kind"] != "search"; });
  const Json all = attacks_by([](const Json&) { return true; });
  EXPECT_THAT(render_markdown(all), HasSubstr("depth is no protection: sipit recovered"));
  EXPECT_THAT(render_markdown(all), HasSubstr("as sipit, vocabulary matching did here"));
  for (const std::string& text : {render_markdown(data), render_html(data)}) {
    EXPECT_THAT(text, Not(HasSubstr("no protection")));  // recovery falls with depth here
    EXPECT_THAT(text, Not(HasSubstr("candidate token")));
    EXPECT_THAT(text, Not(HasSubstr("read off its next token")));
    EXPECT_THAT(text, HasSubstr("The strongest attackers: "));
  }
}

TEST(Evidence, of_depth_speaks_only_a_file_with_more_than_one) {
  const Json data = attacks_by([](const Json& row) { return row["depth"] == 2; });
  for (const std::string& text : {render_markdown(data), render_html(data)}) {
    EXPECT_THAT(text, Not(HasSubstr("no protection")));
    EXPECT_THAT(text, HasSubstr("at depth 2, the only depth attacked without a defence"));
  }
  const Json defended = attacks_by([](const Json& row) { return row["defence"] != "none"; });
  EXPECT_THAT(render_markdown(defended), Not(HasSubstr("depth is no protection")));
}

TEST(Evidence, of_controls_training_and_seeds_speak_only_files_that_have_them) {
  const Json data = attacks_by([](const Json& row) { return row["kind"] == "search" && row["seed"] == 1; });
  const std::string text = render_markdown(data);
  for (const char* claim : {"Controls", "control)", "no attacker was trained on", "Means over seeds"})
    EXPECT_THAT(text, Not(HasSubstr(claim)));
  EXPECT_THAT(render_markdown(attacks_by(is_control)), Not(HasSubstr("what these attackers recovered")));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = shown(data);
  for (const char* claim :
       {"controls, which", "no attacker was trained on", "means over seeds", "The dashed line"})
    EXPECT_THAT(page, Not(HasSubstr(claim)));
  EXPECT_THAT(page, HasSubstr("Points are of one seed; bars on them are 90 % intervals"));
  EXPECT_THAT(shown(attacks_by(is_control)), Not(HasSubstr("what these attackers recovered")));
}

std::vector<engine::Run> live_runs() {
  auto runs = tests::synthesise({.rtts_s = {0.080}, .noise = 0.02});
  for (auto& run : runs) {
    run.header.network = {"sockets", {}, {}, {}};
    run.header.network.live = true;
    for (engine::Span& s : run.spans)
      if (s.op == engine::Op::recv && s.party == 0) s.tcp = {std::chrono::milliseconds(80), {}, 10};
  }
  return runs;
}

TEST(Evidence, of_a_link_that_nobody_measured_nothing_is_told) {
  auto runs = live_runs();
  for (auto& run : runs)
    for (engine::Span& s : run.spans) s.tcp = {};
  const Json data = data_of(runs);
  EXPECT_TRUE(data["model"].is_null());
  const std::string text = render_markdown(data);
  EXPECT_THAT(text, HasSubstr("| live connection | ngram |"));
  EXPECT_THAT(text, HasSubstr("\"round trip\" is all of the network"));
  EXPECT_THAT(text, Not(HasSubstr("unlimited")));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = shown(data);
  EXPECT_THAT(page, HasSubstr("over a live connection, decoding"));
  EXPECT_THAT(page, Not(HasSubstr("measured as")));
  EXPECT_THAT(page, Not(HasSubstr(" 0 ms")));
  EXPECT_THAT(page, HasSubstr("<td class=\"text\">not stated</td>"));
}

TEST(Evidence, a_live_link_is_the_same_in_header_charts_summary_and_fit) {
  const Json data = data_of(live_runs());
  const Json fitted = data["model"]["fitted_on"]["conditions"];
  ASSERT_EQ(fitted.size(), 1u);
  for (const Json& r : data["summary"]["results"])
    for (const char* key : {"rtt_s", "up_bps", "down_bps", "loss", "live"})
      EXPECT_EQ(r[key], fitted[0][key]) << key;
  EXPECT_EQ(data["usual_condition"]["rtt_s"], fitted[0]["rtt_s"]);
  const std::string label = model::label(model::condition_of(fitted[0], "fit"));
  EXPECT_EQ(label, "79.99 ms, 133 Mbit/s");  // TCP's least of 80 ms, less the greeting's own bits
  const std::string text = render_markdown(data);
  EXPECT_THAT(text, HasSubstr("| " + label + " | ngram |"));
  EXPECT_THAT(text, Not(HasSubstr("live connection")));
  EXPECT_THAT(text, Not(HasSubstr("all of the network")));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = shown(data), middle = " · ";
  std::string drawn = label;
  drawn.replace(drawn.find(", "), 2, middle);
  EXPECT_THAT(page, HasSubstr("over a live connection, measured as " + drawn));
  EXPECT_THAT(page, HasSubstr("<h3>" + drawn + "</h3>"));
  EXPECT_THAT(page, Not(HasSubstr(">live connection<")));
  EXPECT_THAT(page, Not(HasSubstr(" 0 ms")));
}

TEST(Evidence, of_simpler_formulas_is_said_which_are_as_good_and_nothing_where_none_is) {
  const auto errors = [](double median, double worst) {
    return Json{{"median", median}, {"worst", worst}, {"n", 4}};
  };
  const auto said_of = [&](const Json& ours, const Json& theirs) {
    return said(validation_remarks({{"folds", {{"rtt", ours}}}, {"baselines", {{"rtt", theirs}}}}));
  };
  EXPECT_EQ(said_of(errors(0.01, 0.02), {{"rtt_bytes", errors(0.01, 0.2)}}), "");
  EXPECT_EQ(
      said_of(errors(0.0001, 0.0012), {{"published", errors(0, 0.0005)}, {"nearest", errors(1, 2)}}),
      "With each round-trip time held out a simpler formula is as good as this model (median 0.01 %, worst "
      "0.12 %): RTT + a constant per drafter, as published (median 0.00 %, worst 0.05 %).\n");
  EXPECT_EQ(said_of(errors(0.01, 0.02), {}), "");
  EXPECT_EQ(said_of({{"n", 0}, {"median", nullptr}, {"worst", nullptr}}, {{"rtt", errors(0, 0)}}), "");
}

TEST(Evidence, of_what_was_not_in_the_runs_the_page_is_silent) {
  auto runs = tests::synthesise({.rtts_s = {0.08}, .drafters = {"sequential"}, .noise = 0.02});
  runs.resize(1);  // one prompt class
  const Json plain = data_of(runs);
  const Json rich = data_of(tests::synthesise({.rates_bps = {10e6, 100e6}, .noise = 0.02}));
  EXPECT_THAT(render_markdown(rich), HasSubstr("Beside simpler formulas"));
  EXPECT_THAT(render_markdown(rich), HasSubstr("* lies outside what was fitted"));
  EXPECT_THAT(render_markdown(plain), Not(HasSubstr("Beside simpler formulas")));
  EXPECT_THAT(render_markdown(plain), Not(HasSubstr("as good as this model")));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string all = shown(rich), little = shown(plain);
  const char* claims[] = {"and fade when they were measured on another link",
                          "Whole groups of runs are left out", "Beside simpler formulas",
                          "The slider of guesses that hold"};
  for (const char* claim : claims) {
    EXPECT_THAT(all, HasSubstr(claim));
    EXPECT_THAT(little, Not(HasSubstr(claim)));
  }
  EXPECT_THAT(all, HasSubstr("<span id=\"bars-guessing\">"));
  EXPECT_THAT(little, HasSubstr("<span id=\"bars-guessing\" hidden=\"\">"));
  EXPECT_THAT(little, HasSubstr("What loss costs is theory: no run had any"));
}

TEST(Evidence, of_points_speaks_only_a_page_that_has_some) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const model::LatencyModel m = model::fit(tests::synthesise({.noise = 0.02}));
  const std::string alone =
      shown(report_data(model::Study({}), m, privacy_data(tests::synthesise_attacks({}))));
  EXPECT_THAT(alone, Not(HasSubstr("points are measured")));
  EXPECT_THAT(shown(data_of(tests::synthesise({.noise = 0.02}))), HasSubstr("points are measured"));
}

TEST(Evidence, ways_that_differ_are_shown_apart) {
  auto runs = tests::synthesise({.noise = 0.02});
  for (auto& run : runs) run.header.network.edges.at(0).down.link.loss = 0.02;
  const Json data = data_of(runs);
  EXPECT_THAT(render_markdown(data), HasSubstr("20 ms, 100/200 Mbit/s, 0/2 % up/down loss"));
  EXPECT_THAT(render_markdown(data), HasSubstr("On the usual link (100/200 Mbit/s, 0/2 % up/down loss)"));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = shown(data);
  EXPECT_THAT(page, HasSubstr("packet loss 0.00/2.00&nbsp;%"));
  EXPECT_THAT(page, HasSubstr("0.00/2.00&nbsp;%</td>"));
  EXPECT_THAT(page, Not(HasSubstr("1.00&nbsp;% loss")));
  EXPECT_THAT(page, HasSubstr("0 % up, 2 % down"));  // the slider
}

TEST(Evidence, means_over_links_that_differ_are_called_so) {
  const auto study = [](const std::vector<double>& rates) {
    auto runs = tests::synthesise({.rtts_s = {0.08}, .rates_bps = rates});
    for (auto& run : runs) run.header.scenario = {{"summary", "ablation"}};
    return data_of(runs);
  };
  const Json two = study({100e6, 10e6}), one = study({100e6});
  EXPECT_THAT(render_markdown(two), HasSubstr("At 80 ms the figures are means over links that differ: 80 ms, "
                                              "10/20 Mbit/s; 80 ms, 100/200 Mbit/s."));
  EXPECT_THAT(render_markdown(one), Not(HasSubstr("links that differ")));
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  EXPECT_THAT(shown(two), HasSubstr("means over links that differ: 80 ms, 10/20"));
  EXPECT_THAT(shown(one), Not(HasSubstr("links that differ")));
}

}  // namespace
}  // namespace splitwan::analysis
