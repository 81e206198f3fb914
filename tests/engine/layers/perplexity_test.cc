// What rounding weights to integers costs in perplexity, on text that the demo model reads well.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/layers/model_ends.hh"
#include "engine/text/tokenizer.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

// Windows of 256 tokens, each read from its start.
double perplexity(const ModelEnds& model, std::span<const Token> ids) {
  constexpr int window = 256;
  double sum = 0;
  std::int64_t count = 0;
  for (std::size_t at = 0; at + window < ids.size(); at += window) {
    const auto part = ids.subspan(at, window);
    KvCache cache = model.head().new_cache();
    cache.begin(TokenBatch::chain(part).parent);
    const at::Tensor chances = model.logits(model.head()(model.embed(part), cache)).log_softmax(1);
    const at::Tensor next = at::tensor(std::vector<std::int64_t>(part.begin() + 1, part.end()));
    sum -= chances.narrow(0, 0, window - 1).gather(1, next.unsqueeze(1)).sum().item<double>();
    count += window - 1;
  }
  return std::exp(sum / static_cast<double>(count));
}

TEST(Perplexity, rises_by_a_tenth_of_a_percent_in_int8_and_less_than_three_in_int4) {
  const std::string text = tests::shared_folder() + "/corpora/tinystories_sample_lowercase.txt";
  SKIP_WITHOUT(text);
  std::string sample(25'000, ' ');
  std::ifstream(text).read(sample.data(), static_cast<std::streamsize>(sample.size()));
  const std::string folder = SPLITWAN_SOURCE_DIR "/scenarios/demo-model";
  const auto ids = load_tokenizer(folder)->encode(sample);
  Checkpoint checkpoint(folder);
  const int n = checkpoint.config().layers;
  const auto of = [&](Storage s) {
    const double p = perplexity(ModelEnds(checkpoint, {0, n}, {n, n}, s), ids);
    testing::Test::RecordProperty(std::string(name_of(s)), std::to_string(p));
    return p;
  };
  const double exact = of(Storage::f32);
  EXPECT_LT(std::abs(of(Storage::f16) / exact - 1), 0.0005);
  EXPECT_LT(std::abs(of(Storage::bf16) / exact - 1), 0.0005);
  EXPECT_LT(std::abs(of(Storage::int8) / exact - 1), 0.0015);
  EXPECT_LT(of(Storage::int4) / exact - 1, 0.03);
}

}  // namespace
}  // namespace splitwan::engine
