#include "scenarios/commands/commands.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "model/observe/condition.hh"
#include "tests/fixtures/shared_folder.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;
using engine::Json;

class ModelCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder);
    std::ofstream(trace) << tests::trace_text(tests::synthesise({}));
  }
  void TearDown() override { fs::remove_all(folder); }

  int run(const std::vector<std::string>& words) {
    CLI::App app;
    std::function<int()> chosen;
    add_plain_commands(app, chosen);
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
    return chosen();
  }
  // What it prints.
  std::string output(const std::vector<std::string>& words) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(run(words), 0);
    std::fflush(stdout);
    return ::testing::internal::GetCapturedStdout();
  }
  std::string error(const std::vector<std::string>& words) {
    try {
      run(words);
    } catch (const engine::Error& e) {
      return e.what();
    }
    return "no error";
  }

  const fs::path folder = fs::temp_directory_path() / ("splitwan_model_commands_" + std::to_string(getpid()));
  const std::string trace = folder / "t.jsonl", model = folder / "m.json";
};

TEST_F(ModelCommands, names_in_a_trace_do_nothing_to_a_terminal) {
  auto runs = tests::synthesise({});
  for (engine::Run& run : runs)
    if (run.header.drafter == "ngram") run.header.drafter = "ngram\x1b[31m\x07";
  std::ofstream(trace) << tests::trace_text(runs);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"fit", trace}, {"report", trace}, {"report", trace, "--beside", trace}}) {
    const std::string shown = output(words);
    EXPECT_EQ(shown.find_first_of("\x1b\x07"), shown.npos) << words[0];
    EXPECT_NE(shown.find("ngram"), shown.npos) << words[0];
  }
}

TEST_F(ModelCommands, fit_reads_what_a_run_kept_that_did_not_end_and_says_where_it_is_cut_off) {
  const std::string partial = folder / "t.jsonl.partial";
  std::string text = tests::trace_text(tests::synthesise({}));
  text.erase(text.rfind("{\"type\":\"end\""));
  std::ofstream(partial) << engine::partial_trace_line << text;
  ::testing::internal::CaptureStderr();
  const Json model = Json::parse(output({"fit", partial, "--json"}));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(partial + ": the last run (ngram, prompt creative-1) is cut off after step 61\n"),
            said.npos)
      << said;
  std::size_t runs = 0;
  for (const Json& condition : model["fitted_on"]["conditions"]) runs += condition["runs"].get<std::size_t>();
  EXPECT_EQ(runs, tests::synthesise({}).size());
}

TEST_F(ModelCommands, fit_writes_the_model_it_prints) {
  const Json printed = Json::parse(output({"fit", trace, "-o", model, "--json"}));
  EXPECT_EQ(printed, engine::read_json_file(model));
  EXPECT_LT(printed["folds"]["rtt"]["worst"], 1e-3);
  EXPECT_EQ(printed["folds"]["drafter"]["n"], 8);
  EXPECT_EQ(printed["baseline_folds"]["rtt"]["n"], 8);
}

TEST_F(ModelCommands, fit_needs_no_file_to_print) {
  EXPECT_EQ(Json::parse(output({"fit", trace, "--json"}))["kind"], "latency_model");
}

TEST_F(ModelCommands, fit_predicts_traces_it_was_not_fitted_to) {
  const std::string other = folder / "o.jsonl";
  std::ofstream(other) << tests::trace_text(tests::synthesise({.rtts_s = {0.06, 0.1}}));
  const Json j = Json::parse(output({"fit", trace, "--test", other, "--json"}));
  ASSERT_EQ(j["test"].size(), 4u);
  for (const Json& cell : j["test"]) {
    EXPECT_LT(std::abs(cell["error"].get<double>()), 1e-3) << cell.dump();
    EXPECT_EQ(cell["warned"], false) << cell.dump();
    EXPECT_EQ(cell["baselines"].size(), 5u);
  }
  EXPECT_EQ(j["test_summary"]["n"], 4);
  EXPECT_EQ(j["test_summary"]["baselines"]["rtt_bytes"]["n"], 4);
  EXPECT_GE(j["test_groups"].size(), 4u);
  auto strange = tests::synthesise({.rtts_s = {0.06}});
  for (auto& run : strange) run.header.storage = "f32";
  std::ofstream(other) << tests::trace_text(strange);
  EXPECT_NE(error({"fit", trace, "--test", other}).find("differ from the fitted ones in 'storage'"),
            std::string::npos);
}

TEST_F(ModelCommands, project_says_what_a_rate_of_tokens_needs) {
  output({"fit", trace, "-o", model});
  const Json j = Json::parse(output(
      {"project", model, "--target", "15tok/s", "--rtt", "80ms", "--drafter", "sequential", "--json"}));
  const Json need = j["needs"][0];
  EXPECT_LT(need["tokens_per_s"], 15);
  const double rtt_s = need["longest_rtt_s"];
  EXPECT_LT(rtt_s, 0.08);
  const Json there = Json::parse(output(
      {"project", model, "--rtt", std::to_string(rtt_s * 1e3) + "ms", "--drafter", "sequential", "--json"}));
  EXPECT_NEAR(there["points"][0]["tokens_per_s"], 15, 1e-3);
  EXPECT_TRUE(need["least_bps"].is_null());              // 80 ms alone take too long
  EXPECT_TRUE(need["least_tokens_per_step"].is_null());  // sequential decoding gains one
}

TEST_F(ModelCommands, a_rate_that_nothing_gives_is_a_no) {
  output({"fit", trace, "-o", model});
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({"project", model, "--target", "1000000tok/s", "--json"}), 1);
  ::testing::internal::GetCapturedStdout();
  EXPECT_NE(error({"project", model, "--target", "fast"}).find("target 'fast': expected tokens per second"),
            std::string::npos);
}

TEST_F(ModelCommands, a_queue_a_prompt_and_an_answer_may_be_stated) {
  output({"fit", trace, "-o", model});
  const auto point = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"project", model, "--rtt", "80ms", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return Json(Json::parse(output(words))["points"][0]);
  };
  const Json longer = point({"--prompt-tokens", "500", "--tokens", "200", "--queue", "default"});
  EXPECT_EQ(longer["prompt_tokens"], 500);
  EXPECT_EQ(longer["tokens"], 200);
  EXPECT_GT(longer["time_to_first_token_s"], point({})["time_to_first_token_s"].get<double>());
  EXPECT_NE(error({"advise", model, "--rtt", "80ms", "--queue", "0"}), "");
}

TEST_F(ModelCommands, advise_puts_the_fastest_choice_first) {
  output({"fit", trace, "-o", model});
  const Json j = Json::parse(
      output({"advise", model, "--rtt", "80ms", "--bandwidth", "5Mbit", "--top", "100", "--json"}));
  const Json& choices = j["choices"];
  ASSERT_GT(choices.size(), 6u);
  std::size_t bounds = 0;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    EXPECT_LE(choices[i - 1]["bound"], choices[i]["bound"]) << "a bound ranks behind what is expected";
    if (choices[i - 1]["bound"] == choices[i]["bound"])
      EXPECT_GE(choices[i - 1]["tokens_per_s"], choices[i]["tokens_per_s"].get<double>());
    bounds += choices[i]["bound"] == true;
  }
  EXPECT_GT(bounds, 0u);
  EXPECT_EQ(choices[0]["wire"], "int8");  // on a slow link the fewest bytes win
}

TEST_F(ModelCommands, published_data_are_predicted_by_both_formulas) {
  const std::string data = tests::shared_file("measurements/wan-80ms-mistral-7b.json");
  SKIP_WITHOUT(data);
  const Json j = Json::parse(output({"fit", "--published", data, "--json"}));
  ASSERT_EQ(j["categories"].size(), 4u);
  // Most steps were not wide: their medians say so. What is left is a range, and it is shown whole.
  ASSERT_EQ(j["mixes"].size(), 12u);
  double least = 1, most = 0;
  for (const Json& m : j["mixes"]) {
    if (m["wide_every"] == 1 && m["rate_bps"] <= 100e6) {
      EXPECT_FALSE(m["possible"]);
      EXPECT_GT(m["network_median_error"], 0.1);
    }
    if (m["wide_every"] == 7) {
      EXPECT_TRUE(m["possible"]);
      EXPECT_LT(std::abs(m["network_median_error"].get<double>()), 0.1);
    }
    if (m["possible"] == false) continue;
    least = std::min(least, m["mean_abs_error"].get<double>());
    most = std::max(most, m["mean_abs_error"].get<double>());
  }
  EXPECT_EQ(j["mean_abs_error"]["model_range"], Json({least, most}));
  EXPECT_LT(least, j["mean_abs_error"]["formula"]);
  const Json& categories = j["categories"];
  for (const Json& c : categories) {
    EXPECT_NEAR(c["formula_tokens_per_s"].get<double>(), c["tokens_per_step"].get<double>() / 0.1203, 0.05);
    EXPECT_LT(c["model_range_tokens_per_s"][0], c["model_range_tokens_per_s"][1].get<double>());
  }
}

TEST_F(ModelCommands, project_answers_for_every_drafter_and_round_trip_time) {
  output({"fit", trace, "-o", model});
  const Json j =
      Json::parse(output({"project", model, "--rtt", "20ms,80ms", "--bandwidth", "50Mbit", "--json"}));
  EXPECT_EQ(j["schema_version"], 1);
  ASSERT_EQ(j["points"].size(), 4u);
  EXPECT_EQ(j["points"][3]["rtt_s"], 0.08);
  EXPECT_EQ(j["points"][3]["up_bps"], 50e6);
  EXPECT_EQ(j["points"][3]["drafter"], "sequential");
}

TEST_F(ModelCommands, project_assumes_the_link_that_was_fitted) {
  output({"fit", trace, "-o", model});
  const Json j = Json::parse(output({"project", model, "--drafter", "ngram", "--json"}));
  ASSERT_EQ(j["points"].size(), 8u);
  EXPECT_EQ(j["points"][0]["down_bps"], 200e6);
}

TEST_F(ModelCommands, report_prints_the_summary_and_writes_the_page) {
  const std::string page = folder / "r.html";
  const Json j = Json::parse(output({"report", trace, "-o", page, "--json"}));
  EXPECT_EQ(j["results"].size(), 8u);
  EXPECT_TRUE(fs::exists(page));
}

TEST_F(ModelCommands, report_draws_a_sweeps_table_beside_a_trace_or_alone) {
  const std::string table = folder / "table.csv", page = folder / "r.html";
  const std::string head = "cell,hash,network.rtt,network,rtt_s,tokens_per_s,status,reason\n";
  std::ofstream(table) << head << "0,a,20ms,ns3,0.02,30,ok,\n1,b,80ms,ns3,0.08,10,ok,\n";
  const Json j = Json::parse(output({"report", trace, "--sweep", table, "-o", page, "--json"}));
  EXPECT_EQ(j["results"].size(), 8u);
  EXPECT_EQ(j["swept"]["rows"], 2);
  EXPECT_EQ(Json::parse(output({"report", "--sweep", table, "--json"})), j["swept"]);
  EXPECT_EQ(run({"report", "--sweep", table, "-o", folder / "r.md"}), 0);
  EXPECT_TRUE(fs::exists(page) && fs::exists(folder / "r.md"));
  EXPECT_NE(error({"report", "--sweep", table, "-o", table}).find("table.csv"), std::string::npos);
  std::ofstream(table) << head << "0,a,20ms,ns3,0.02,fast,ok,\n";
  EXPECT_NE(error({"report", "--sweep", table}).find("table.csv:2: column 'tokens_per_s': expected a number"),
            std::string::npos);
}

TEST_F(ModelCommands, report_sets_a_later_trace_beside_one) {
  const std::string later = folder / "later.jsonl", page = folder / "r.html";
  const auto runs = tests::synthesise({.overhead_s = 2e-3});
  std::ofstream(later) << tests::trace_text(runs);
  const Json j = Json::parse(output({"report", trace, "--beside", later, "-o", page, "--json"}));
  EXPECT_EQ(j["names"], (Json{{"before", "t.jsonl"}, {"now", "later.jsonl"}}));
  EXPECT_EQ(j["same"], false);
  EXPECT_EQ(j["cells"].size(), 8u);
  EXPECT_FALSE(j["cells"][0].contains("strips"));
  EXPECT_EQ(run({"report", trace, "--beside", later, "-o", folder / "r.md"}), 0);
  EXPECT_TRUE(fs::exists(page) && fs::exists(folder / "r.md"));
  EXPECT_EQ(Json::parse(output({"report", trace, "--beside", trace, "--json"}))["same"], true);
  EXPECT_NE(error({"report", "--beside", later}).find("expected a trace before it"), std::string::npos);
}

TEST_F(ModelCommands, a_trace_is_not_a_model) {
  EXPECT_NE(error({"project", trace}).find("t.jsonl: a trace, expected a model"), std::string::npos);
}

TEST_F(ModelCommands, a_model_is_not_a_trace) {
  output({"fit", trace, "-o", model});
  EXPECT_NE(error({"report", model}).find("m.json:1: not a trace line"), std::string::npos);
}

TEST_F(ModelCommands, other_json_is_not_a_model) {
  std::ofstream(model) << "{\"schema_version\": 1}";
  EXPECT_NE(error({"project", model}).find("m.json: not a latency model"), std::string::npos);
}

TEST_F(ModelCommands, a_missing_file_is_named) {
  EXPECT_NE(error({"fit", folder / "none.jsonl", "-o", model}).find("none.jsonl: cannot be opened"),
            std::string::npos);
  EXPECT_NE(error({"project", folder / "none.json"}).find("none.json: cannot be opened"), std::string::npos);
}

TEST_F(ModelCommands, a_value_without_its_unit_is_explained) {
  output({"fit", trace, "-o", model});
  EXPECT_NE(error({"project", model, "--rtt", "80"}).find("'80' is not a duration"), std::string::npos);
  EXPECT_NE(error({"project", model, "--bandwidth", "0Mbit"}).find("lets nothing through"),
            std::string::npos);
}

TEST_F(ModelCommands, a_failed_fit_writes_nothing) {
  std::ofstream(trace) << tests::trace_text(tests::synthesise({.steps = 0}));
  EXPECT_NE(error({"fit", trace, "-o", model}).find("no decode step"), std::string::npos);
  EXPECT_FALSE(fs::exists(model));
}

// A draft model's work is the client's, and none of what its layers do before a request.
TEST_F(ModelCommands, a_live_trace_with_a_dear_draft_model_is_fitted_to_a_file_that_is_read_again) {
  auto runs = tests::synthesise({});
  for (engine::Run& run : runs) {
    const auto rtt =
        std::chrono::nanoseconds(std::llround(splitwan::model::condition_of(run.header.network).rtt_s * 1e9));
    run.header.network = {"sockets", {}, {}, {}};
    run.header.network.live = true;
    if (run.header.drafter != "sequential") run.header.drafter = "draft-chain-8";
    std::erase_if(run.spans, [](auto& s) { return s.party == 1; });
    for (engine::Span& s : run.spans) {
      if (s.op == engine::Op::recv) s.tcp = {rtt, {}, 10};
    }
    if (run.header.drafter == "sequential") continue;
    for (engine::Step& step : run.steps) {
      constexpr std::chrono::milliseconds drafting(60);
      engine::Span draft{.step = step.step, .op = engine::Op::work, .phase = engine::Phase::draft};
      draft.end = step.begin;
      step.begin = draft.begin = step.begin - drafting;
      if (!step.prefill) run.spans.insert(run.spans.begin(), draft);
    }
  }
  std::ofstream(trace) << tests::trace_text(runs);
  EXPECT_EQ(run({"fit", trace, "-o", model}), 0);
  EXPECT_LT(engine::read_json_file(model)["decode"]["client_lead_share"], 0.5);
  EXPECT_EQ(run({"project", model, "--rtt", "50ms"}), 0);
  EXPECT_EQ(run({"advise", model, "--rtt", "50ms"}), 0);
  EXPECT_EQ(run({"report", trace, "--model", model, "-o", folder / "r.html"}), 0);
}

}  // namespace
}  // namespace splitwan::scenarios
