// The decoder layers against the same mathematics written in ATen, and batch invariance bit for bit.
#include "engine/layers/layers.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/layers/aten/aten_ops.hh"
#include "engine/layers/linear.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

// Logits of a whole chain in one go, with an explicit mask: the textbook model.
at::Tensor oracle(Checkpoint& checkpoint, std::span<const Token> ids) {
  const ModelConfig& c = checkpoint.config();
  const auto w = [&](const std::string& name) { return to_f32(checkpoint.view(name)); };
  const auto n = static_cast<std::int64_t>(ids.size());
  const at::Tensor positions = at::arange(n).to(at::kFloat);
  at::Tensor mask = positions.unsqueeze(0) <= positions.unsqueeze(1);
  if (c.sliding_window > 0)
    mask = mask.logical_and(positions.unsqueeze(0) > positions.unsqueeze(1) - c.sliding_window);
  at::Tensor x =
      w("model.embed_tokens.weight").index({at::tensor(std::vector<std::int64_t>(ids.begin(), ids.end()))});
  for (int i = 0; i < c.layers; ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    const auto product = [&](const at::Tensor& in, const std::string& name) {
      const at::Tensor y = aten::linear(in, w(at + name + ".weight"));
      return checkpoint.has(at + name + ".bias") ? y + w(at + name + ".bias") : y;
    };
    const at::Tensor h = aten::rms_norm(x, w(at + "input_layernorm.weight"), c.rms_eps);
    const auto heads = [&](const char* name, int count) {
      return product(h, std::string("self_attn.") + name).view({n, count, c.head_dim});
    };
    const at::Tensor seen = aten::attention(aten::rope(heads("q_proj", c.heads), positions, c.rope_theta),
                                            aten::rope(heads("k_proj", c.kv_heads), positions, c.rope_theta),
                                            heads("v_proj", c.kv_heads), mask, 1 / std::sqrt(c.head_dim));
    x = x + product(seen, "self_attn.o_proj");
    const at::Tensor g = aten::rms_norm(x, w(at + "post_attention_layernorm.weight"), c.rms_eps);
    x = x + product(aten::silu_mul(product(g, "mlp.gate_proj"), product(g, "mlp.up_proj")), "mlp.down_proj");
  }
  const at::Tensor head = w(c.tied ? "model.embed_tokens.weight" : "lm_head.weight");
  return aten::linear(aten::rms_norm(x, w("model.norm.weight"), c.rms_eps), head);
}

std::vector<Token> some_tokens(int n, int vocabulary) {
  std::vector<Token> ids(n);
  for (int i = 0; i < n; ++i) ids[i] = (i * 37 + 11) % vocabulary;
  return ids;
}

at::Tensor run(Party& party, Forward& forward, const TokenBatch& batch) {
  party.begin_step(party.step() + 1, forward.committed());
  return forward.run(batch);
}

class Architectures : public testing::TestWithParam<const char*> {};

TEST_P(Architectures, agree_with_the_textbook_model) {
  RandomModel model(Json::parse(GetParam()));
  const auto ids = some_tokens(40, model.config().vocabulary);
  const at::Tensor expected = oracle(*model.checkpoint, ids);
  tests::locally(model, [&](Party& party, Forward& forward) {
    const at::Tensor all = run(party, forward, TokenBatch::chain(ids));
    EXPECT_LT((all - expected).abs().max().item<float>(), 2e-4);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Configs, Architectures,
    testing::Values(
        R"({})", R"({"tie_word_embeddings": true})",
        R"({"head_dim": 12, "num_attention_heads": 6, "num_key_value_heads": 3})",
        R"({"num_key_value_heads": 4, "rope_theta": 1000000.0})",
        R"({"architectures": ["MistralForCausalLM"], "sliding_window": 7})",
        R"({"architectures": ["Qwen2ForCausalLM"], "tie_word_embeddings": true})",
        R"({"num_key_value_heads": 1, "hidden_size": 24, "intermediate_size": 20, "vocab_size": 33})"));

class BatchInvariance : public testing::TestWithParam<const char*> {};

TEST_P(BatchInvariance, one_by_one_as_a_chain_as_a_branch_and_in_chunks_give_the_same_bits) {
  RandomModel model(Json::parse(GetParam()));
  const auto ids = some_tokens(50, model.config().vocabulary);
  std::vector<at::Tensor> one_by_one;
  tests::locally(model, [&](Party& party, Forward& forward) {
    for (const Token id : ids) {
      one_by_one.push_back(run(party, forward, TokenBatch::chain(std::span(&id, 1)))[0].clone());
      forward.commit(std::vector<std::int32_t>{0});
    }
  });
  tests::locally(model, [&](Party& party, Forward& forward) {
    const at::Tensor chain = run(party, forward, TokenBatch::chain(ids));
    for (std::size_t i = 0; i < ids.size(); ++i)
      ASSERT_TRUE(at::equal(chain[i], one_by_one[i])) << "row " << i;
  });
  tests::locally(model, [&](Party& party, Forward& forward) {
    for (std::size_t at = 0; at < ids.size();) {  // true tokens on odd rows, a wrong sibling beside each
      const std::size_t n = std::min<std::size_t>(4, ids.size() - at);
      TokenBatch batch;
      std::vector<std::int32_t> kept;
      for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t parent = i == 0 ? -1 : kept.back();
        if (i > 0) {
          batch.ids.push_back(0);
          batch.parent.push_back(parent);
        }
        batch.ids.push_back(ids[at + i]);
        batch.parent.push_back(parent);
        kept.push_back(batch.rows() - 1);
      }
      const at::Tensor logits = run(party, forward, batch);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_TRUE(at::equal(logits[kept[i]], one_by_one[at + i])) << at + i;
      forward.commit(kept);
      at += n;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Configs, BatchInvariance,
                         testing::Values(R"({"sliding_window": 24})",
                                         R"({"architectures": ["Qwen2ForCausalLM"]})"));

TEST(LayerStack, gives_the_wanted_rows_alone_and_caches_them_all) {
  RandomModel model;
  const LayerStack all(*model.checkpoint, {0, 3});
  const auto chain = TokenBatch::chain(some_tokens(9, 90)), next = TokenBatch::chain(some_tokens(2, 90));
  std::vector<std::int32_t> rows(9);
  std::iota(rows.begin(), rows.end(), 0);
  KvCache full_cache = all.new_cache();
  full_cache.begin(chain.parent);
  const at::Tensor full = all(model.whole->embed(chain.ids), full_cache);
  full_cache.commit(rows);
  full_cache.begin(next.parent);
  const at::Tensor after = all(model.whole->embed(next.ids), full_cache);
  for (const int wanted : {0, 1, 4, 9}) {
    KvCache cache = all.new_cache();
    cache.begin(chain.parent);
    EXPECT_TRUE(
        at::equal(all(model.whole->embed(chain.ids), cache, wanted), full.narrow(0, 9 - wanted, wanted)));
    cache.commit(rows);
    cache.begin(next.parent);
    EXPECT_TRUE(at::equal(all(model.whole->embed(next.ids), cache), after));
  }
}

TEST(LayerStack, computes_a_tree_level_by_level_with_the_bits_of_one_go) {
  RandomModel model(Json{{"sliding_window", 12}});
  const TokenBatch batch{some_tokens(7, 90), {-1, -1, 0, 1, 1, 2, 4}};
  const auto prompt = TokenBatch::chain(some_tokens(10, 90));
  std::vector<std::int32_t> rows(10);
  std::iota(rows.begin(), rows.end(), 0);
  for (const Placement place : {Placement(), Placement(at::kCPU, Backend::aten)}) {
    const LayerStack layers(*model.checkpoint, {0, 3}, Storage::automatic, place);
    const auto prepared = [&] {
      KvCache cache = layers.new_cache();
      cache.begin(prompt.parent);
      layers(model.whole->embed(prompt.ids), cache);
      cache.commit(rows);
      return cache;
    };
    const auto next = [&](KvCache& cache) {
      cache.commit(std::vector<std::int32_t>{1, 4, 6});
      cache.begin({-1});
      return layers(model.whole->embed(std::vector<Token>{3}), cache);
    };
    KvCache at_once = prepared(), by_level = prepared();
    at_once.begin(batch.parent);
    const at::Tensor expected = layers(model.whole->embed(batch.ids), at_once);
    by_level.begin({-1, -1});
    const at::Tensor first = layers(model.whole->embed(std::span(batch.ids).first(2)), by_level);
    by_level.grow(std::vector<std::int32_t>{0, 1, 1});
    const at::Tensor second = layers(model.whole->embed(std::span(batch.ids).subspan(2, 3)), by_level);
    by_level.grow(std::vector<std::int32_t>{2, 4});
    const at::Tensor third = layers(model.whole->embed(std::span(batch.ids).subspan(5)), by_level);
    EXPECT_LE((at::cat({first, second, third}) - expected).abs().max().item<float>(),
              place.is_aten() ? 1e-5f : 0.f);
    EXPECT_LE((next(by_level) - next(at_once)).abs().max().item<float>(), place.is_aten() ? 1e-5f : 0.f);
  }
}

TEST(LayerStack, says_what_a_step_costs_from_its_geometry) {
  RandomModel model;
  const LayerStack two(*model.checkpoint, {0, 2});
  const double weights = 2 * (32 * 32 + 2 * 16 * 32 + 32 * 32 + 3 * 48 * 32);
  const Work work = two.work(Phase::middle, 3, 10);
  EXPECT_DOUBLE_EQ(work.flops, 3 * (2 * weights + 4.0 * 32 * 12 * 2));
  EXPECT_DOUBLE_EQ(work.bytes, 4 * weights + 8.0 * 16 * 13 * 2);
}

}  // namespace
}  // namespace splitwan::engine
