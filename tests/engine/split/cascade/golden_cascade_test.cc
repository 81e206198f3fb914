// Greedy ids of the golden prompts with sharded tokens, on every network with every drafter.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/base/json_file.hh"
#include "scenarios/run/run_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

constexpr std::size_t tokens = 20;     // of each prompt
constexpr double close_logits = 2e-4;  // nearer than this another order of sums may choose otherwise

class GoldenCascade : public testing::TestWithParam<std::tuple<std::string, const char*>> {};

TEST_P(GoldenCascade, ids_are_the_reference_implementations) {
  const auto& [name, network] = GetParam();
  const std::string folder = tests::shared_folder() + "/models/" + name;
  SKIP_WITHOUT(folder);
  Resources resources;
  Scenario s;
  s.model = folder;
  s.head_layers = s.tail_layers = 0;
  s.stop_at_eos = s.rehearse = false;
  s.max_new_tokens = static_cast<int>(tokens);
  s.cascade.on = true;
  s.cascade.terms.sharding = {3, network == std::string("sockets") ? 2 : 1};
  s.network = read_network({{"kind", network}, {"rtt", "2ms"}, {"rate", "1Gbit"}}, "golden", "",
                           &s.cascade.terms.sharding);
  const Json file = engine::read_json_file(folder + "/golden.json");
  std::size_t compared = 0, close = 0;
  for (const Json& golden : file["cases"]) {
    auto expected = golden["generated_ids"].get<std::vector<engine::Token>>();
    expected.resize(std::min(tokens, expected.size()));
    const auto prompt = golden["prompt_ids"].get<std::vector<engine::Token>>();
    for (const char* decode : {"sequential", "ngram", "ngram-7", "jacobi", "lookahead", "auto"}) {
      std::vector<double> margins;
      const auto keep = [&](engine::Token, const at::Tensor& logits) {
        const auto best = std::get<0>(logits.topk(2));
        margins.push_back((best[0] - best[1]).item<double>());
      };
      const auto found = run_prompt(s, resources, decode, {}, prompt, {.on_token = keep}).generation.output;
      const auto [ours, theirs] = std::ranges::mismatch(found, expected);
      ++compared;
      if (theirs == expected.end()) continue;
      const auto at = static_cast<std::size_t>(theirs - expected.begin());
      EXPECT_LT(margins.at(at), close_logits) << decode << ", token " << at;
      ++close;
    }
  }
  EXPECT_EQ(compared, 6 * file["cases"].size());
  if (close > 0) std::printf("%zu of %zu differ where the best two logits are close\n", close, compared);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenCascade,
                         testing::Combine(testing::Values("stories260K", "standin12", "families/qwen2.5"),
                                          testing::Values("ideal", "ns3", "sockets")),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace splitwan::scenarios
