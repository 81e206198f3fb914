// The exact attacks, and the gradient that one of them follows.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "analysis/attacks/attackers/sipit.hh"
#include "tests/fixtures/attacks/attacked_model.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;

const Stop never = [] { return false; };

Document seen_document(const AttackedModel& model, int depth, const Crossing& crossing = {}) {
  return decode(*model.pieces, {depth, crossing}, prompt_of(some_prompt), 8);
}

std::vector<Token> after_first(const Document& d) { return {d.ids.begin() + 1, d.ids.end()}; }

class Exact : public testing::TestWithParam<std::tuple<int, Cut>> {};

TEST_P(Exact, vocabulary_matching_recovers_every_token_through_every_permutation) {
  const auto [depth, cut] = GetParam();
  const AttackedModel model;
  const Document d = seen_document(model, depth);
  const Search search{*model.pieces, cut, {depth}};
  for (const auto p : {Permutation::none, Permutation::sequence, Permutation::hidden, Permutation::both}) {
    const Seen seen{permuted(d.rows(cut), p, generator_of(9, 1)), d.ids.front()};
    const Found found = match_vocabulary(search, seen, p, never);
    // An embedding says nothing of its place: at depth 0 shuffled rows keep their order to themselves.
    const bool ordered =
        depth > 0 || cut == Cut::output || p == Permutation::none || p == Permutation::hidden;
    if (ordered) {
      EXPECT_EQ(found.tokens, after_first(d)) << "permutation " << static_cast<int>(p);
    } else {
      EXPECT_THAT(found.tokens, testing::UnorderedElementsAreArray(after_first(d)));
    }
    EXPECT_LT(found.passes, d.ids.size() * 96) << "the whole vocabulary was tried";
  }
}

TEST_P(Exact, sip_it_recovers_every_token) {
  const auto [depth, cut] = GetParam();
  const AttackedModel model;
  const Document d = seen_document(model, depth);
  const Found found = SipIt({*model.pieces, cut, {depth}}).recover({d.rows(cut), d.ids.front()}, never);
  EXPECT_EQ(found.tokens, after_first(d));
}

INSTANTIATE_TEST_SUITE_P(DepthsAndCuts, Exact,
                         testing::Combine(testing::Values(0, 1), testing::Values(Cut::input, Cut::output)));

TEST(AttackSearch, known_rounding_hides_nothing) {
  const AttackedModel model;
  for (const Cut cut : {Cut::input, Cut::output}) {
    const Document d = seen_document(model, 1, {&engine::codec_named("f16"), {}});
    const Search search{*model.pieces, cut, {1}, &engine::codec_named("f16")};
    const Seen seen{d.rows(cut), d.ids.front()};
    EXPECT_EQ(match_vocabulary(search, seen, Permutation::none, never).tokens, after_first(d));
    for (const double distance : right_distances(search, seen, d.ids, 1)) EXPECT_EQ(distance, 0);
  }
}

TEST(AttackSearch, noise_larger_than_the_states_defeats_it) {
  const AttackedModel model;
  const Document d = seen_document(model, 1, {.defences = engine::read_defences({{"noise", 50}})});
  const Found found =
      match_vocabulary({*model.pieces, Cut::input, {1}}, {d.input, d.ids.front()}, Permutation::none, never);
  const auto text = after_first(d);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) hits += found.tokens[i] == text[i];
  EXPECT_LT(hits, text.size() / 2);
}

TEST(AttackSearch, the_sessions_depth_is_found_among_several) {
  const AttackedModel model;
  for (const int depth : {0, 1}) {
    const Document d = seen_document(model, depth);
    const Search search{*model.pieces, Cut::input, {0, 1}};
    EXPECT_EQ(match_vocabulary(search, {d.input, d.ids.front()}, Permutation::none, never).tokens,
              after_first(d));
    EXPECT_EQ(SipIt(search).recover({d.input, d.ids.front()}, never).tokens, after_first(d));
  }
}

TEST(AttackSmooth, is_the_engine_to_rounding) {
  for (const engine::Json& config : {engine::Json::object(), engine::Json{{"sliding_window", 3}},
                                     engine::Json{{"architectures", {"Qwen2ForCausalLM"}}}}) {
    const AttackedModel model(config);
    const std::vector<Text> text{{some_prompt, {}}};
    const std::vector<int> layers = {4};
    const at::Tensor expected = states(*model.pieces, text, layers)[0];
    const SmoothModel& smooth = model.pieces->smooth();
    const std::vector<std::int64_t> ids(some_prompt.begin(), some_prompt.end());
    const at::Tensor embedded = at::embedding(smooth.embedding, at::tensor(ids, at::kLong));
    at::Tensor whole = embedded;
    for (const auto& layer : smooth.layers) whole = forward(model.pieces->config(), layer, whole, {});
    EXPECT_LT((whole - expected).abs().max().item<double>(), 1e-4);

    std::vector<Past> past(smooth.layers.size());
    for (std::int64_t row = 0; row < embedded.size(0); ++row) {  // one by one, on what went before
      at::Tensor x = embedded.narrow(0, row, 1);
      for (std::size_t i = 0; i < past.size(); ++i) {
        Past grown;
        x = forward(model.pieces->config(), smooth.layers[i], x, past[i], &grown);
        past[i] = grown;
      }
      EXPECT_LT((x[0] - expected[row]).abs().max().item<double>(), 1e-4) << "row " << row;
    }
  }
}

}  // namespace
}  // namespace splitwan::tests
