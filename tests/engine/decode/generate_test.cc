// The decoding loop: speculation and sampling draw the very tokens that decoding one by one draws.
#include "engine/decode/generate.hh"

#include <gmock/gmock.h>

#include "engine/drafters/named.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::prompt_of;
using tests::RandomModel;

// Guesses the target's own continuation, wrong in every third place, with decoys before and after.
class Oracle : public Drafter {
 public:
  Oracle(std::vector<Token> truth, std::size_t prompt) : truth_(std::move(truth)), prompt_(prompt) {}
  TokenBatch propose(Party&, std::span<const Token> context, int room) override {
    TokenBatch batch = TokenBatch::chain(context.last(1));
    std::size_t at = context.size() - prompt_;
    std::int32_t row = 0;
    for (int i = 0; i < std::min(room, 4) && at < truth_.size(); ++i, ++at) {
      const Token guess = at % 3 == 2 ? truth_[at] ^ 1 : truth_[at];
      const Token decoy = truth_[at] ^ 2;
      graft(batch, row, {&decoy, 1});
      row = graft(batch, row, {&guess, 1});
    }
    return batch;
  }

 private:
  std::vector<Token> truth_;
  std::size_t prompt_;
};

Generation run(RandomModel& model, Drafter& drafter, const GenerateOptions& options) {
  Generation done;
  tests::split(model, 1, 1, {}, [&](Party& p, Forward& f) {
    done = generate(p, f, drafter, model.config(), prompt_of(20), options);
  });
  return done;
}

TEST(Generate, sampled_speculation_equals_sequential_sampling_with_the_same_seed) {
  RandomModel model;
  for (const Sampling& sampling :
       {Sampling{.temperature = 0.8}, Sampling{.temperature = 1.5, .top_k = 20, .top_p = 0.9},
        Sampling{.temperature = 1, .min_p = 0.05, .repetition_penalty = 1.3},
        Sampling{.repetition_penalty = 1.5}}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      GenerateOptions options{.max_new_tokens = 60, .stop_at_eos = false, .sampling = sampling};
      options.sampling.seed = seed;
      const Generation plain = run(model, *make_sequential(), options);
      Oracle oracle(plain.output, 20);
      const Generation guessed = run(model, oracle, options);
      EXPECT_EQ(guessed.output, plain.output);
      EXPECT_LT(guessed.steps, plain.steps / 2);
      EXPECT_EQ(run(model, *make_drafter("ngram", {}), options).output, plain.output);
    }
  }
}

TEST(Generate, another_seed_draws_another_text) {
  RandomModel model;
  GenerateOptions options{.max_new_tokens = 20, .stop_at_eos = false, .sampling = {.temperature = 1}};
  const auto first = run(model, *make_sequential(), options).output;
  EXPECT_EQ(run(model, *make_sequential(), options).output, first);
  options.sampling.seed = 2;
  EXPECT_NE(run(model, *make_sequential(), options).output, first);
}

TEST(Generate, shows_the_drafter_what_the_model_puts_after_every_row_of_its_tree) {
  RandomModel model;
  struct Curious : Drafter {
    TokenBatch propose(Party&, std::span<const Token> context, int room) override {
      seen = {context.begin(), context.end()};
      TokenBatch batch = TokenBatch::chain(context.last(1));
      for (Token t = 5; t < 8 && room > 0; ++t) graft(batch, 0, {&t, 1});
      return batch;
    }
    void verified(Party&, const Verified& v) override {
      EXPECT_EQ(v.choice(v.accepted.back()), v.context.back());
      EXPECT_FALSE(v.spans.empty());
      EXPECT_GT(v.step.end, v.step.begin);
      for (std::int32_t row = 0; row < v.batch.rows(); ++row) {
        std::vector<Token> path = seen;
        if (row > 0) path.push_back(v.batch.ids[row]);
        asked.emplace_back(path, v.choice(row));
      }
    }
    std::vector<Token> seen;
    std::vector<std::pair<std::vector<Token>, Token>> asked;
  } curious;
  GenerateOptions options{
      .max_new_tokens = 6, .stop_at_eos = false, .sampling = {.temperature = 1, .seed = 9}};
  run(model, curious, options);
  ASSERT_GT(curious.asked.size(), 12u);
  for (const auto& [path, token] : curious.asked) {
    tests::locally(model, [&, path = path, token = token](Party& p, Forward& f) {
      options.max_new_tokens = 1;
      EXPECT_EQ(generate(p, f, *make_sequential(), model.config(), path, options).output[0], token);
    });
  }
}

TEST(Generate, ends_where_the_caller_says_even_in_the_middle_of_a_step) {
  RandomModel model;
  GenerateOptions options{.max_new_tokens = 40, .stop_at_eos = false};
  const auto plain = run(model, *make_sequential(), options).output;
  int count = 0;
  options.stop = [&](Token) { return ++count == 6; };
  Oracle oracle(plain, 20);
  const Generation done = run(model, oracle, options);
  EXPECT_EQ(done.finish, "stop");
  EXPECT_EQ(done.output, std::vector<Token>(plain.begin(), plain.begin() + 6));
}

}  // namespace
}  // namespace splitwan::engine
