#include "engine/drafters/auto.hh"

#include <gmock/gmock.h>

#include "engine/base/philox.hh"
#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/drafter_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;

constexpr double flops = 50e9;  // of the reference machine

Work job(Phase phase, int rows, double seconds) {
  return {phase, static_cast<std::uint32_t>(rows), 0, seconds * flops, 0};
}

// A chain of guesses at a text that counts; each is right with probability `right`, all of it by the seed.
class Guesser : public Drafter {
 public:
  Guesser(double right, int length, double cost_s = 0) : right_(right), length_(length), cost_s_(cost_s) {}

  TokenBatch propose(Party& party, std::span<const Token> context, int) override {
    if (cost_s_ > 0) party.work(job(Phase::draft, 0, cost_s_), [] { return 0; });
    TokenBatch batch = TokenBatch::chain(context.last(1));
    std::vector<Token> guesses;
    for (int i = 1; i <= length_; ++i) {
      const auto drawn = philox(7, {++drawn_, 0, 0, 0})[0] * 0x1p-32;
      guesses.push_back(drawn < right_ ? context.back() + i : -1);
    }
    graft(batch, 0, guesses);
    return batch;
  }

 private:
  double right_;
  int length_;
  double cost_s_;
  std::uint32_t drawn_ = 0;
};

AutoArm arm(std::string name, double right, int length, double cost_s = 0) {
  return {.name = std::move(name), .drafter = std::make_unique<Guesser>(right, length, cost_s)};
}

struct Seen {
  std::vector<std::string> reasons;
  std::vector<int> rows;
  double tokens = 0, seconds = 0;

  int count(const std::string& start, std::size_t from) const {
    return static_cast<int>(std::count_if(reasons.begin() + static_cast<std::ptrdiff_t>(from), reasons.end(),
                                          [&](const std::string& r) { return r.starts_with(start); }));
  }
};

// What a step takes: so much, and so much per row.
struct Cost {
  double fixed_s, row_s;
  double of(int rows) const { return fixed_s + row_s * rows; }
};

Seen run(std::vector<AutoArm> arms, Cost cost, int steps) {
  Seen seen;
  tests::alone([&](Party& party) {
    const auto drafter = make_auto(std::move(arms));
    tests::TextModel counting{[](auto path) { return path.back() + 1; }, {0}};
    counting.forward = [&](Party& p, int rows) {
      p.work(job(Phase::head, rows, cost.of(rows)), [] { return 0; });
    };
    party.begin_step(1, 0);
    counting.forward(party, 10);  // the prompt
    drafter->prefilled(party.spans());
    const Nanos begin = party.now();
    for (int i = 0; i < steps; ++i) {
      seen.rows.push_back(counting.step(party, *drafter, 100).rows());
      seen.reasons.push_back(drafter->reason());
    }
    seen.tokens = static_cast<double>(counting.context.size()) - 1;
    seen.seconds = std::chrono::duration<double>(party.now() - begin).count();
  });
  return seen;
}

std::vector<AutoArm> arms_of(AutoArm a) {
  std::vector<AutoArm> arms;
  arms.push_back(std::move(a));
  return arms;
}
std::vector<AutoArm> arms_of(AutoArm a, AutoArm b) {
  auto arms = arms_of(std::move(a));
  arms.push_back(std::move(b));
  return arms;
}

TEST(Auto, comes_to_the_drafter_whose_guesses_hold) {
  for (const bool swap : {false, true}) {
    AutoArm bad = arm("bad", 0.3, 6), good = arm("good", 0.9, 6);
    const Seen seen =
        run(swap ? arms_of(std::move(good), std::move(bad)) : arms_of(std::move(bad), std::move(good)),
            {0.08, 1e-4}, 50);
    EXPECT_GE(seen.count("good", 12), 36) << "of the last 38 steps";
    const double ideal = (1 - std::pow(0.9, 7)) / (1 - 0.9);
    EXPECT_GT(seen.tokens, 50 * 0.85 * ideal);
  }
}

TEST(Auto, comes_to_the_width_with_the_most_tokens_a_second) {
  const Cost cost{0.01, 0.003};
  const double right = 0.8;
  int best = 1;
  const auto rate = [&](int rows) { return (1 - std::pow(right, rows)) / (1 - right) / cost.of(rows); };
  for (int rows = 1; rows <= 20; ++rows) best = rate(rows) > rate(best) ? rows : best;
  ASSERT_GT(best, 2);
  ASSERT_LT(best, 10) << "neither all nor nothing";
  const Seen seen = run(arms_of(arm("guesser", right, 19)), cost, 120);
  double mean = 0;
  for (std::size_t i = 60; i < 120; ++i) mean += rate(seen.rows[i]) / rate(best) / 60;
  EXPECT_GT(mean, 0.95);
}

TEST(Auto, is_never_more_than_3_percent_slower_than_sequential_decoding) {
  struct Case {
    const char* what;
    double right, draft_s;
    Cost cost;
    int costs_rows = 0;
  };
  for (const Case& c :
       {Case{"worthless guesses, cheap rows", 0, 0, {0.08, 1e-4}},
        Case{"worthless guesses, dear rows", 0, 0, {0.001, 0.005}},
        Case{"fair guesses, dear rows", 0.5, 0, {0, 0.005}},
        Case{"good guesses that take longer than the steps they save", 0.8, 0.06, {0.005, 1e-4}, 16},
        Case{"worthless guesses that take a third of a step", 0, 0.03, {0.08, 1e-4}}}) {
    AutoArm one = arm("guesser", c.right, 8, c.draft_s);
    one.costs_rows = c.costs_rows;
    const Seen seen = run(arms_of(std::move(one)), c.cost, 80);
    EXPECT_LT(seen.seconds, 1.03 * seen.tokens * c.cost.of(1)) << c.what;
    EXPECT_GT(seen.count("sequential", 20), 50) << c.what;
  }
}

TEST(Auto, asks_a_costly_drafter_where_it_pays) {
  AutoArm costly = arm("costly", 0.9, 8, 0.03);
  const Seen seen = run(arms_of(std::move(costly)), {0.08, 1e-4}, 60);
  EXPECT_GT(seen.count("costly", 20), 36);
  EXPECT_LT(seen.seconds, 0.5 * seen.tokens * 0.08);
}

TEST(Auto, drops_a_drafter_that_must_be_sent_whole_once_it_has_not_kept_its_promise) {
  for (const double right : {0.0, 0.9}) {
    AutoArm text = arm("text", 0, 1), whole = arm("whole", right, 8);
    whole.whole = true;
    whole.promise = 0.5;
    const Seen seen = run(arms_of(std::move(text), std::move(whole)), {0.08, 1e-3}, 80);
    EXPECT_THAT(seen.reasons[1], testing::StartsWith("whole")) << "what a row costs is known by then";
    if (right > 0) {
      EXPECT_EQ(seen.count("whole", 5), 75);
    } else {
      EXPECT_EQ(seen.count("whole", 50), 0);
      EXPECT_LT(seen.seconds, 1.03 * seen.tokens * 0.081);
    }
  }
}

TEST(Auto, says_in_the_trace_why) {
  tests::RandomModel model;
  const auto recorded = tests::split(model, 1, 1, {}, [&](Party& p, Forward& f) {
    const Sampler sampler;
    const auto drafter = make_drafter("auto", {&sampler});
    const std::vector<Token> prompt = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2};
    generate(p, f, *drafter, model.config(), prompt, {.max_new_tokens = 30, .stop_at_eos = false});
  });
  const auto& steps = recorded.client.run.steps;
  ASSERT_GT(steps.size(), 5u);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    EXPECT_THAT(steps[i].reason, HasSubstr("sequential")) << "what it is compared with";
    EXPECT_THAT(steps[i].reason, HasSubstr("a row)"));
  }
  for (std::size_t i = 6; i < steps.size(); ++i) {
    EXPECT_THAT(steps[i].reason, testing::ContainsRegex("rtt (79\\.[5-9]|80\\.[0-5]) ms"))
        << "the link's, as measured";
  }
}

}  // namespace
}  // namespace splitwan::engine
