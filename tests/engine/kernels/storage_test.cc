// What the formats of weights do to a model's answers: golden ids in the float formats, batch invariance in
// all.
#include "engine/kernels/storage.hh"

#include <gtest/gtest.h>

#include "engine/base/json_file.hh"
#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

std::vector<Token> some_tokens(int n, int vocabulary) {
  std::vector<Token> ids(n);
  for (int i = 0; i < n; ++i) ids[i] = (i * 37 + 11) % vocabulary;
  return ids;
}

class GoldenStorage : public testing::TestWithParam<std::tuple<std::string, Storage>> {};

TEST_P(GoldenStorage, gives_the_reference_ids) {
  const auto& [name, storage] = GetParam();
  const std::string folder = tests::shared_folder() + "/models/" + name;
  SKIP_WITHOUT(folder);
  Checkpoint checkpoint(folder);
  const int n = checkpoint.config().layers;
  const ModelEnds ends(checkpoint, {0, n}, {n, n}, storage);
  const Json file = read_json_file(folder + "/golden.json");
  ASSERT_FALSE(file["cases"].empty());
  for (const Json& golden : file["cases"]) {
    const auto prompt = golden["prompt_ids"].get<std::vector<Token>>();
    tests::alone([&](Party& party) {
      const auto forward = make_local(party, ends);
      const Generation done =
          generate(party, *forward, *make_drafter("ngram", {}), checkpoint.config(), prompt, {64, false, {}});
      EXPECT_EQ(done.output, golden["generated_ids"].get<std::vector<Token>>());
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenStorage,
                         testing::Combine(testing::Values("stories260K", "standin12"),
                                          testing::Values(Storage::f32, Storage::bf16, Storage::f16)),
                         [](const auto& i) {
                           return std::get<0>(i.param) + "_" + std::string(name_of(std::get<1>(i.param)));
                         });

class KernelBatchInvariance : public testing::TestWithParam<std::tuple<const kernels::Set*, Storage>> {
 protected:
  void SetUp() override { kernels::use(*std::get<0>(GetParam())); }
  void TearDown() override { kernels::use(*kernels::available().front()); }
};

// The same tokens one by one, as a chain, in chunks, and as a branch beside wrong siblings.
TEST_P(KernelBatchInvariance, gives_a_path_the_same_bits_however_it_is_fed) {
  RandomModel model(Json{{"sliding_window", 24}, {"num_attention_heads", 8}, {"hidden_size", 72}});
  const int layers = model.config().layers;
  const ModelEnds ends(*model.checkpoint, {0, layers}, {layers, layers}, std::get<1>(GetParam()));
  const auto ids = some_tokens(50, model.config().vocabulary);
  const auto fed = [&](auto&& feed) {
    tests::alone([&](Party& party) {
      const auto forward = make_local(party, ends);
      feed([&](const TokenBatch& batch, const std::vector<std::int32_t>& kept) {
        party.begin_step(party.step() + 1, forward->committed());
        at::Tensor logits = forward->run(batch);
        forward->commit(kept);
        return logits;
      });
    });
  };
  std::vector<at::Tensor> one_by_one;
  fed([&](auto&& step) {
    for (const Token& id : ids) one_by_one.push_back(step(TokenBatch::chain({&id, 1}), {0})[0].clone());
  });
  for (const std::size_t chunk : {50, 7, 16}) {
    fed([&](auto&& step) {
      for (std::size_t at = 0; at < ids.size(); at += chunk) {
        const auto n = std::min(chunk, ids.size() - at);
        std::vector<std::int32_t> all(n);
        for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<std::int32_t>(i);
        const at::Tensor logits = step(TokenBatch::chain(std::span(ids).subspan(at, n)), all);
        for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(at::equal(logits[i], one_by_one[at + i])) << at + i;
      }
    });
  }
  fed([&](auto&& step) {
    for (std::size_t at = 0; at < ids.size(); at += 5) {
      TokenBatch batch;
      std::vector<std::int32_t> kept;
      for (std::size_t i = 0; i < 5; ++i) {
        const std::int32_t parent = kept.empty() ? -1 : kept.back();
        batch.ids.insert(batch.ids.end(), {0, ids[at + i]});
        batch.parent.insert(batch.parent.end(), {parent, parent});
        kept.push_back(batch.rows() - 1);
      }
      const at::Tensor logits = step(batch, kept);
      for (std::size_t i = 0; i < 5; ++i)
        ASSERT_TRUE(at::equal(logits[kept[i]], one_by_one[at + i])) << at + i;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Sets, KernelBatchInvariance,
                         testing::Combine(testing::ValuesIn(kernels::available().begin(),
                                                            kernels::available().end()),
                                          testing::Values(Storage::f32, Storage::bf16, Storage::f16,
                                                          Storage::int8, Storage::int4)),
                         [](const auto& i) {
                           return std::string(std::get<0>(i.param)->name) + "_" +
                                  std::string(name_of(std::get<1>(i.param)));
                         });

}  // namespace
}  // namespace splitwan::engine
