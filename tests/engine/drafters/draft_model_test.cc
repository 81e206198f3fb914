// Guessing with a small model: lossless whatever it guesses, and its own cache follows what the target took.
#include "engine/drafters/draft_model.hh"

#include <gmock/gmock.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::RandomModel;

const std::vector<Token> prompt{1, 5, 9, 13, 40, 41, 2, 70};

GenerateOptions options_for(const Sampling& sampling) {
  return {.max_new_tokens = 48, .stop_at_eos = false, .sampling = sampling};
}

Generation run(RandomModel& target, Drafter& drafter, const Sampling& sampling) {
  Generation done;
  tests::split(target, 1, 1, {}, [&](Party& p, Forward& f) {
    done = generate(p, f, drafter, target.config(), prompt, options_for(sampling));
    EXPECT_EQ(f.round_trips(), done.steps);
  });
  return done;
}

const Sampling samplings[] = {{},
                              {.temperature = 0.8, .seed = 3},
                              {.temperature = 1.2, .top_k = 12, .seed = 4},
                              {.temperature = 1, .repetition_penalty = 1.4, .seed = 5}};

TEST(DraftModel, that_is_the_target_itself_is_always_right_even_about_draws) {
  RandomModel target;
  for (const Sampling& sampling : samplings) {
    const Sampler sampler(sampling);
    const auto chain = make_draft_tree(*target.whole, sampler, {.rows = 5, .depth = 4, .branches = 1});
    const Generation plain = run(target, *make_sequential(), sampling),
                     guessed = run(target, *chain, sampling);
    EXPECT_EQ(guessed.output, plain.output);
    EXPECT_EQ(guessed.steps, 1u + (47 + 4) / 5);  // the prompt's, then five tokens a step
  }
}

TEST(DraftModel, that_knows_nothing_costs_rows_but_never_the_output) {
  RandomModel target, other(Json{{"num_hidden_layers", 2}, {"hidden_size", 24}});
  for (const Sampling& sampling : samplings) {
    const Sampler sampler(sampling);
    const Generation plain = run(target, *make_sequential(), sampling);
    for (const char* name : {"draft", "draft-tree-24", "draft-chain-3"}) {
      const auto drafter = make_drafter(name, {&sampler, &*other.whole});
      EXPECT_EQ(run(target, *drafter, sampling).output, plain.output) << name;
    }
  }
}

// Compares each proposal with that of a drafter that sees the context for the first time.
struct Checked : Drafter {
  Checked(const ModelEnds& model, const Sampler& sampler, DraftTreeOptions options)
      : kept(make_draft_tree(model, sampler, options)),
        fresh([=, &model, &sampler] { return make_draft_tree(model, sampler, options); }) {}
  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    TokenBatch batch = kept->propose(party, context, room);
    const TokenBatch expected = fresh()->propose(party, context, room);
    EXPECT_EQ(batch.ids, expected.ids);
    EXPECT_EQ(batch.parent, expected.parent);
    ++compared;
    return batch;
  }
  std::unique_ptr<Drafter> kept;
  std::function<std::unique_ptr<Drafter>()> fresh;
  int compared = 0;
};

TEST(DraftModel, cache_that_kept_the_accepted_guesses_proposes_as_a_fresh_one) {
  RandomModel target, other(Json{{"num_hidden_layers", 2}});
  const Sampler sampler;
  Checked right(*target.whole, sampler, {.rows = 9}), wrong(*other.whole, sampler, {.rows = 9});
  run(target, right, {});
  run(target, wrong, {});
  EXPECT_GT(wrong.compared, right.compared);
  EXPECT_GT(right.compared, 5);
}

TEST(DraftModel, tree_holds_its_budget_best_first_and_no_path_past_the_room) {
  RandomModel target;
  const Sampler sampler;
  tests::alone([&](Party& party) {
    std::vector<std::vector<Token>> trees;
    for (const int rows : {4, 8, 16, 32}) {
      const auto drafter = make_draft_tree(*target.whole, sampler, {.rows = rows});
      const TokenBatch tree = drafter->propose(party, prompt, 3);
      EXPECT_EQ(tree.rows(), rows);
      EXPECT_EQ(tree.ids[0], prompt.back());
      for (const int depth : depths(tree.parent)) EXPECT_LE(depth, 3);
      trees.push_back(tree.ids);
    }
    const auto drafter = make_draft_tree(*target.whole, sampler, {.rows = 8});
    EXPECT_EQ(drafter->propose(party, prompt, 0).rows(), 1);
    const TokenBatch chain = make_draft_tree(*target.whole, sampler, {.rows = 6, .depth = 5, .branches = 1})
                                 ->propose(party, prompt, 9);
    EXPECT_TRUE(is_chain(chain.parent));
    EXPECT_EQ(chain.rows(), 6);
  });
}

TEST(DraftModel, fills_the_context_to_its_end_over_the_split) {
  RandomModel target(Json{{"max_position_embeddings", 24}});
  const Sampler sampler;
  const auto run_with = [&](Drafter& drafter) {
    Generation done;
    tests::split(target, 1, 1, {}, [&](Party& p, Forward& f) {
      done = generate(p, f, drafter, target.config(), prompt, {.max_new_tokens = 100, .stop_at_eos = false});
    });
    EXPECT_EQ(done.finish, "context");
    return done.output;
  };
  const auto plain = run_with(*make_sequential());
  for (const int rows : {8, 40}) {
    EXPECT_EQ(run_with(*make_draft_tree(*target.whole, sampler, {.rows = rows})), plain);
  }
}

TEST(DraftModel, is_asked_for_by_name) {
  EXPECT_TRUE(needs_draft_model("draft-tree-16"));
  EXPECT_FALSE(needs_draft_model("ngram"));
  for (const char* bad : {"draft-tree-1", "draft-tree-", "draft-tree-16x", "draft-chain-0", "draft-chain-+3"})
    EXPECT_THAT(tests::error_of([&] { check_drafter(bad); }), HasSubstr("draft-tree-ROWS")) << bad;
  const Sampler sampler;
  EXPECT_THAT(tests::error_of([&] { make_drafter("draft-tree-16", {&sampler}); }),
              HasSubstr("expected a draft model beside it (--draft-model DIR"));
}

}  // namespace
}  // namespace splitwan::engine
