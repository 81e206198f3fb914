#include "model/fit/latency_model.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/base/error.hh"
#include "model/ask/projection.hh"
#include "model/path/link.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using tests::World;

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const engine::Error& e) {
    return e.what();
  }
  return "no error";
}

void expect_planted(const PhaseModel& phase, const World& world, double tolerance) {
  const auto close = [&](const Coefficient& found, double planted) {
    EXPECT_NEAR(found.value, planted, planted * tolerance);
    EXPECT_GE(found.value, 0);
  };
  const auto work = [&](const WorkCost& found, const tests::PlantedCost& planted) {
    close(found.fixed_s, planted[0]);
    close(found.per_row_s, planted[1]);
    close(found.per_row_context_s, planted[2]);
  };
  work(phase.client, world.client);
  work(phase.server, world.server);
  close(phase.overhead_s, world.overhead_s);
}

TEST(LatencyModel, planted_coefficients_come_back) {
  const World world;
  const LatencyModel model = fit(tests::synthesise(world));
  expect_planted(model.decode, world, 1e-6);
  EXPECT_EQ(model.initial_window, 10);
  EXPECT_LT(model.decode.residual_s, 1e-8);
}

TEST(LatencyModel, a_connection_with_a_larger_initial_window_is_recognised) {
  auto steps = observe(tests::synthesise({.prompt_tokens = 4}));
  for (Observation& o : steps) {  // as if the window never made a step wait
    const double network_s = o.condition.rtt_s + wire_s(o.bytes_up, o.condition.up_bps) +
                             wire_s(o.bytes_down, o.condition.down_bps);
    o.total_s -= o.network_s - network_s;
    o.network_s = network_s;
  }
  EXPECT_EQ(fit(steps).initial_window, 20);
}

TEST(LatencyModel, one_step_in_twenty_may_be_wild) {
  const World world{.outlier_share = 0.05};
  expect_planted(fit(tests::synthesise(world)).decode, world, 0.02);
}

TEST(LatencyModel, standard_errors_cover_the_planted_values) {
  const World world{.noise = 0.05};
  const LatencyModel model = fit(tests::synthesise(world));
  const Coefficient& fixed = model.decode.client.fixed_s;
  EXPECT_GT(fixed.error, 0);
  EXPECT_LT(std::abs(fixed.value - world.client[0]), 4 * fixed.error);
}

TEST(LatencyModel, costs_are_never_negative) {
  auto steps = observe(tests::synthesise({}));
  for (Observation& o : steps) o.client_s = std::max(0.0, 0.010 - 0.0005 * o.rows), o.total_s = 0;
  const LatencyModel model = fit(steps);
  for (const Coefficient& c : {model.decode.client.fixed_s, model.decode.client.per_row_s,
                               model.decode.client.per_row_context_s, model.decode.overhead_s}) {
    EXPECT_GE(c.value, 0);
  }
}

TEST(LatencyModel, rows_that_never_vary_leave_their_coefficient_at_zero) {
  const LatencyModel model = fit(tests::synthesise({.drafters = {"sequential"}}));
  EXPECT_EQ(model.decode.client.per_row_s.value, 0);
  EXPECT_TRUE(std::isnan(model.decode.client.per_row_s.error));
  EXPECT_NEAR(model.decode.client.fixed_s.value, 4.3e-3, 1e-8);
}

TEST(LatencyModel, a_drafters_own_work_stays_its_own) {
  auto steps = observe(tests::synthesise({}));
  for (Observation& o : steps) {
    if (o.drafter == "ngram") o.draft_s = 0.002, o.client_s += 0.002, o.total_s += 0.002;
  }
  const LatencyModel model = fit(steps);
  expect_planted(model.decode, World{}, 1e-6);
  EXPECT_NEAR(model.find("ngram")->draft_s, 0.002, 1e-9);
  EXPECT_EQ(model.find("sequential")->draft_s, 0);
}

TEST(LatencyModel, acceptance_is_kept_per_drafter_and_prompt_class) {
  const LatencyModel model = fit(tests::synthesise({}));
  const DrafterModel& ngram = *model.find("ngram");
  EXPECT_NEAR(ngram.tokens_per_step(), 10.0 / 6, 1e-12);
  EXPECT_EQ(ngram.acceptance.classes.size(), 2u);
  EXPECT_EQ(ngram.acceptance.steps_by_tokens, (std::vector<std::uint64_t>{0, 320, 80, 0, 80}));
  EXPECT_EQ(ngram.shapes.size(), 2u);  // 9 and 17 rows
  EXPECT_EQ(model.find("sequential")->tokens_per_step(), 1);
}

TEST(LatencyModel, survives_its_file) {
  const LatencyModel model = fit(tests::synthesise({.noise = 0.01}));
  const Json written = to_json(model);
  EXPECT_EQ(written.begin().key(), "schema_version");
  const LatencyModel back = model_of(Json::parse(written.dump()), "model.json");
  EXPECT_EQ(to_json(back), written);
  const Condition c{"", 0.123, 5e6, 50e6, 0};
  EXPECT_EQ(project(back, c, "ngram").tokens_per_s, project(model, c, "ngram").tokens_per_s);
}

TEST(LatencyModel, unlimited_rates_survive_the_file) {
  auto runs = tests::synthesise({});
  for (auto& run : runs) run.header.network.edges[0].up.link.bits_per_second = 0;
  const LatencyModel back = model_of(Json::parse(to_json(fit(runs)).dump()), "model.json");
  EXPECT_TRUE(std::isinf(back.up_bps.high));
  EXPECT_TRUE(std::isinf(usual_condition(back).up_bps));
}

TEST(LatencyModel, a_strange_key_in_the_file_is_named) {
  Json j = to_json(fit(tests::synthesise({})));
  j["decode"]["client"]["fixd_s"] = 1;
  const std::string error = message_of([&] { model_of(j, "m.json"); });
  EXPECT_NE(error.find("m.json: decode: client: unknown key 'fixd_s'"), std::string::npos) << error;
}

TEST(LatencyModel, refuses_traces_without_decode_steps) {
  EXPECT_EQ(message_of([] { fit(tests::synthesise({.steps = 0})); }),
            "the traces hold no decode step that crossed a network: nothing to fit");
}

TEST(LatencyModel, refuses_runs_of_different_wires) {
  auto runs = tests::synthesise({});
  runs[3].header.wire = "int8";
  EXPECT_EQ(message_of([&] { fit(runs); }),
            "runs 0 and 3 differ in 'wire' (\"f16\", \"int8\"): fit a model for each");
}

TEST(LatencyModel, refuses_runs_that_differ_in_anything_but_link_drafter_prompt_and_seed) {
  const auto refusal = [](const std::function<void(engine::RunHeader&)>& change) {
    auto runs = tests::synthesise({});
    change(runs[3].header);
    return message_of([&] { fit(runs); });
  };
  EXPECT_EQ(refusal([](engine::RunHeader& h) { h.storage = "int8"; }),
            "runs 0 and 3 differ in 'storage' (null, \"int8\"): fit a model for each");
  EXPECT_EQ(refusal([](engine::RunHeader& h) {
              h.plan = {1, 8, 3};
            }),
            "runs 0 and 3 differ in 'plan.head' (2, 1): fit a model for each");
  EXPECT_NE(refusal([](engine::RunHeader& h) { h.compute = "measured"; }).find("differ in 'compute'"),
            std::string::npos);
  EXPECT_NE(refusal([](engine::RunHeader& h) {
              h.machine->threads = 2;
            }).find("differ in 'machine.threads' (1, 2)"),
            std::string::npos);
  EXPECT_NE(refusal([](engine::RunHeader& h) { h.defences["noise"] = 0.1; }).find("differ in 'defences'"),
            std::string::npos);
  EXPECT_EQ(refusal([](engine::RunHeader& h) { h.seed = 77; }), "no error");
  EXPECT_EQ(refusal([](engine::RunHeader& h) { h.commit = "1111111"; }), "no error");
}

TEST(LatencyModel, refuses_a_network_of_unknown_round_trip_time) {
  auto runs = tests::synthesise({});
  runs[1].header.network = {"sockets", {}, {}, {}};
  EXPECT_EQ(message_of([&] { fit(runs); }),
            "run 1: crosses a network but has neither a stated link nor TCP samples: the model needs one "
            "of them");
}

TEST(LatencyModel, a_live_link_is_what_tcp_and_the_steps_bytes_say_of_it) {
  auto runs = tests::synthesise({.rtts_s = {0.080}});
  for (auto& run : runs) {
    run.header.network = {"sockets", {}, {}, {}};
    for (engine::Span& s : run.spans) {
      if (s.op == engine::Op::recv && s.party == 0) s.tcp = {std::chrono::milliseconds(80), {}, 10};
    }
  }
  const LatencyModel model = fit(runs);
  EXPECT_NEAR(model.rtt_s.low, 0.080, 20e-6);                              // less the greeting's own bits
  EXPECT_NEAR(2 / model.up_bps.low, 1 / 100e6 + 1 / 200e6, 0.05 / 100e6);  // one rate for both ways
  expect_planted(model.decode, World{}, 0.02);
}

TEST(LatencyModel, live_runs_over_one_link_are_one_condition_and_other_links_have_their_own_rate) {
  auto runs = tests::synthesise({.rtts_s = {0.020, 0.080}});
  int number = 0;
  for (auto& run : runs) {
    const double rtt_s = condition_of(run.header.network).rtt_s;
    const auto sampled = std::chrono::microseconds(std::lround(rtt_s * 1e6) + 10 * ++number);
    run.header.network = {"sockets", {}, {}, {}};
    for (engine::Span& s : run.spans) {
      if (s.op == engine::Op::recv && s.party == 0) s.tcp = {sampled, {}, 10};
    }
  }
  EXPECT_EQ(fit(runs).conditions.size(), 2u);
}

TEST(LatencyModel, live_runs_of_one_round_trip_time_and_other_rates_are_not_taken_for_one_in_silence) {
  const auto fitted = [](const std::vector<double>& rates) {
    auto runs = tests::synthesise({.rtts_s = {0.080}, .rates_bps = rates, .noise = 0.02});
    for (auto& run : runs) {
      run.header.network = {"sockets", {}, {}, {}};
      run.header.network.live = true;
      for (engine::Span& s : run.spans) {
        if (s.op == engine::Op::recv && s.party == 0) s.tcp = {std::chrono::milliseconds(80), {}, 10};
      }
    }
    return fit(runs).conditions;
  };
  const auto two = fitted({100e6, 5e6}), one = fitted({100e6});
  ASSERT_EQ(two.size(), 1u);
  ASSERT_EQ(two[0].condition.apart.size(), 1u);
  EXPECT_NE(two[0].condition.apart[0].find("whose rates differ"), std::string::npos);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_TRUE(one[0].condition.apart.empty());
}

TEST(LatencyModel, ignores_runs_that_crossed_no_network) {
  auto runs = tests::synthesise({});
  engine::Run local = runs[0];
  std::erase_if(local.spans, [](const engine::Span& s) { return s.op != engine::Op::work || s.party != 0; });
  local.header.wire.clear();
  runs.push_back(local);
  expect_planted(fit(runs).decode, World{}, 1e-6);
}

}  // namespace
}  // namespace splitwan::model
