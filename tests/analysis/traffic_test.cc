// An observer of sizes and instants, on runs whose every byte is known.
#include "analysis/traffic/traffic.hh"

#include <gmock/gmock.h>

#include "analysis/traffic/nearest.hh"
#include "analysis/traffic/traffic_runs.hh"
#include "engine/wire/wire.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using engine::Nanos;
using engine::Op;
using Trace = engine::Run;  // gtest has a Run of its own
using testing::HasSubstr;

constexpr std::uint64_t row = 32 * 4, header = engine::prefix_size;

struct Did {  // one decode step
  std::uint32_t rows = 1, accepted = 1;
  Nanos pause{};  // before the next one
  bool tree = false;
};

class Writer {
 public:
  Writer(const std::string& drafter, const std::string& prompt, const std::string& kind, int bucket = 0)
      : bucket_(bucket) {
    engine::StatedEdge edge;
    edge.up.link.delay = edge.down.link.delay = std::chrono::milliseconds(40);
    run_.header.network = {"ideal", {edge}, {}, {}};
    run_.header.drafter = drafter;
    run_.header.prompt = {prompt, kind, 0};
    run_.header.wire = "f32";
    run_.header.geometry = {{"width", 32}};
    if (bucket > 0) run_.header.defences["pad_rows"] = Json{bucket};
    exchange(300, header, 0);
  }

  Writer& prompt(std::uint32_t tokens) {
    step(tokens, 1, 0, true);
    kept_ = sent(tokens);
    if (bucket_ == 0) kept_ = tokens;
    return *this;
  }

  Writer& decode(const std::vector<Did>& steps) {
    for (const Did& d : steps) {
      const bool tree = d.tree || bucket_ > 0;
      step(d.rows, d.accepted, 4 * (kept_ + (tree ? sent(d.rows) : 0)), false);
      kept_ = bucket_ > 0 ? sent(d.rows) : d.accepted;
      now_ += d.pause;
    }
    return *this;
  }

  operator Trace() const { return run_; }

 private:
  std::uint32_t sent(std::uint32_t rows) const {
    return bucket_ > 0 ? (rows + bucket_ - 1) / bucket_ * bucket_ : rows;
  }

  void exchange(std::uint64_t up, std::uint64_t down, std::uint32_t rows) {
    const std::uint64_t id = run_.steps.size() + (rows > 0);
    run_.spans.push_back(
        {.step = id, .op = Op::send, .peer = 1, .begin = now_, .end = now_, .bytes = up, .rows = rows});
    now_ += std::chrono::milliseconds(80);
    run_.spans.push_back({.step = id,
                          .op = Op::recv,
                          .peer = 1,
                          .begin = now_,
                          .end = now_,
                          .arrived = now_,
                          .bytes = down,
                          .rows = rows});
  }

  void step(std::uint32_t rows, std::uint32_t accepted, std::uint64_t lists, bool prefill) {
    const Nanos begin = now_;
    exchange(header + lists + sent(rows) * row, header + sent(rows) * row, sent(rows));
    run_.steps.push_back({.step = run_.steps.size() + 1,
                          .prefill = prefill,
                          .begin = begin,
                          .end = now_,
                          .rows = rows,
                          .sent = sent(rows) == rows ? 0 : sent(rows),
                          .accepted = accepted});
  }

  std::uint32_t bucket_, kept_ = 0;
  Nanos now_{};
  Trace run_;
};

const Json& row_of(const Json& found, const std::string& drafter, bool padded = false) {
  for (const Json& r : found["rows"]) {
    if (r["drafter"] == drafter && r["pad_rows"].is_null() != padded) return r;
  }
  throw std::runtime_error("no such row");
}

TEST(Traffic, prompt_rows_and_accepted_tokens_can_be_read_off_sizes) {
  const Trace run = Writer("ngram", "a", "code").prompt(37).decode({{5, 3}, {1, 1}, {4, 4}, {6, 2}, {1, 1}});
  const SeenRun seen = see(run, "run");
  std::vector<double> rows;
  rows.reserve(seen.steps.size());
  for (const SeenStep& s : seen.steps) rows.push_back(s.rows);
  EXPECT_THAT(rows, testing::ElementsAre(37, 5, 1, 4, 6, 1));
  const Json found =
      traffic(model::Study({run, Writer("ngram", "b", "code").prompt(9).decode({{5, 1}, {2, 1}})}));
  const Json& r = row_of(found, "ngram");
  EXPECT_EQ(r["prompt_exact"], 1.0);
  EXPECT_EQ(r["rows_exact"], 1.0);
  EXPECT_EQ(r["steps"], 7);
  EXPECT_EQ(r["accepted_exact"], 1.0);  // of the last steps: nothing but 1 is likely
  EXPECT_EQ(r["tokens"], 7.5);          // (1 + 11) and (1 + 2)
  EXPECT_LT(r["tokens_error"], 0.51);   // only the last step is a guess
}

TEST(Traffic, a_trees_own_entries_are_not_taken_for_kept_rows) {
  const Trace run =
      Writer("draft", "a", "code")
          .prompt(10)
          .decode({{8, 3, {}, true}, {8, 5, {}, true}, {3, 1, {}, true}, {16, 2, {}, true}, {1, 1}, {1, 1}});
  const auto truth = run.steps;
  const std::vector<Watched> watched = {{"draft", "a", "code", false, see(run, "run"), truth}};
  for (const StepGuess& g : guess_steps(watched)) {
    if (g.step + 1 < truth.size()) {
      EXPECT_EQ(g.by_size, g.accepted) << g.step;
    }
  }
}

// Eight prompts; half the steps gain 4 of 4 rows, and the client pauses longer after those.
std::vector<Trace> lucky_runs(int bucket, bool pauses) {
  std::vector<Trace> runs;
  for (int p = 0; p < 8; ++p) {
    std::vector<Did> steps;
    for (int s = 0; s < 12; ++s) {
      const bool lucky = (s * 5 + p * 3) % 7 < 3;
      steps.push_back(
          {4u - (s + p) % 2, lucky ? 3u : 1u, std::chrono::microseconds(pauses && lucky ? 900 : 300)});
    }
    runs.push_back(Writer("ngram", std::to_string(p), "code", bucket).prompt(20 + p).decode(steps));
  }
  return runs;
}

TEST(Traffic, padding_hides_acceptance_rows_and_prompt_from_sizes) {
  auto runs = lucky_runs(0, false);
  for (Trace& run : lucky_runs(8, false)) runs.push_back(run);
  const Json found = traffic(model::Study(runs));
  const Json &open = row_of(found, "ngram"), &padded = row_of(found, "ngram", true);
  EXPECT_GT(open["accepted_exact"], 0.95);
  EXPECT_EQ(open["rows_exact"], 1.0);
  EXPECT_EQ(open["prompt_error"], 0.0);
  EXPECT_LE(padded["accepted_exact"], padded["accepted_exact_blind"]);
  EXPECT_LT(padded["rows_exact"], 0.7);
  EXPECT_GT(padded["prompt_error"], 1.0);
  EXPECT_GT(padded["tokens_error"], open["tokens_error"]);
  EXPECT_GT(padded["bytes_ratio"], 1.5);
  EXPECT_DOUBLE_EQ(open["bytes_ratio"], 1);
}

TEST(Traffic, pauses_tell_what_padding_hides) {
  const Json with = row_of(traffic(model::Study(lucky_runs(8, true))), "ngram", true);
  EXPECT_LT(with["accepted_exact"], 0.7);
  EXPECT_GT(with["accepted_exact_timed"], 0.9);
  const Json without = row_of(traffic(model::Study(lucky_runs(8, false))), "ngram", true);
  EXPECT_LT(without["accepted_exact_timed"], 0.7);
}

TEST(Traffic, drafters_are_told_apart_by_their_rows_and_not_when_those_are_padded) {
  for (const int bucket : {0, 8}) {
    std::vector<Trace> runs;
    for (const std::string prompt : {"a", "b", "c", "d"}) {
      runs.push_back(Writer("sequential", prompt, "code", bucket).prompt(20).decode(std::vector<Did>(9)));
      runs.push_back(Writer("ngram", prompt, "code", bucket).prompt(20).decode(std::vector<Did>(9, {4, 1})));
    }
    for (const Json& told : traffic(model::Study(runs))["told_apart"]) {
      if (told["what"] != "drafter") continue;
      EXPECT_EQ(told["chance"], 0.5);
      EXPECT_EQ(told["right"], bucket == 0 ? 1.0 : 0.5);
    }
  }
}

TEST(Traffic, a_prompt_that_a_slow_client_sends_piece_by_piece_is_one_prompt) {
  const Trace whole = Writer("sequential", "a", "code").prompt(10).decode({{}, {}, {}});
  Trace run = whole;
  run.steps.erase(run.steps.begin() + 1);  // the first two exchanges are the prompt
  run.steps[0].rows = 11;
  EXPECT_EQ(row_of(traffic(model::Study({run})), "sequential")["prompt_exact"], 1.0);
}

TEST(Traffic, what_cannot_be_looked_at_is_explained) {
  Trace run = Writer("ngram", "a", "code").prompt(10).decode({{1, 1}});
  run.spans.back().bytes += 1;
  EXPECT_THAT(tests::error_of([&] { traffic(model::Study({run})); }),
              HasSubstr("run 0: an answer of 193 bytes"));
  run.header.geometry = nullptr;
  EXPECT_THAT(tests::error_of([&] { traffic(model::Study({run})); }),
              HasSubstr("states no geometry.width or wire"));
  run.spans.clear();
  EXPECT_THAT(tests::error_of([&] { traffic(model::Study({run})); }), HasSubstr("no run crossed a network"));
}

TEST(Nearest, an_example_of_the_same_group_never_vouches) {
  const std::vector<Example> examples = {
      {"x", "1", {0}}, {"x", "1", {0.1}}, {"y", "2", {1}}, {"x", "3", {5}}};
  EXPECT_THAT(nearest_labels(examples), testing::ElementsAre("y", "y", "x", "y"));
  EXPECT_THAT(commonest_labels(examples), testing::ElementsAre("x", "x", "x", "x"));
}

}  // namespace
}  // namespace splitwan::analysis
