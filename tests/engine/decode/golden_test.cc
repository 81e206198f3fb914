// Greedy ids and logits against independent float32 implementations, on every network.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/base/json_file.hh"
#include "scenarios/run/run_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

struct Place {
  const char* name;
  NetworkKind network;
  int head, tail;
  engine::Backend backend = engine::Backend::kernels;
};

void PrintTo(const Place& p, std::ostream* out) { *out << p.name; }

Scenario scenario_of(const Place& place) {
  Scenario s;
  s.network.kind = place.network;
  if (place.network != NetworkKind::ns3) s.network.up = s.network.down = {};  // no delay, no limit
  s.head_layers = place.head;
  s.tail_layers = place.tail;
  s.stop_at_eos = false;
  s.max_new_tokens = 64;
  return s;
}

class Golden : public testing::TestWithParam<std::tuple<std::string, Place>> {};

TEST_P(Golden, ids_and_logits_are_the_reference_implementations) {
  const auto& [name, place] = GetParam();
  const std::string folder = tests::shared_folder() + "/models/" + name;
  SKIP_WITHOUT(folder);
  Resources resources;
  Scenario scenario = scenario_of(place);
  scenario.model = folder;
  scenario.place = {at::kCPU, place.backend};
  const Json file = engine::read_json_file(folder + "/golden.json");
  ASSERT_FALSE(file["cases"].empty());
  for (const Json& golden : file["cases"]) {
    scenario.max_new_tokens = static_cast<int>(golden["generated_ids"].size());
    const auto prompt = golden["prompt_ids"].get<std::vector<engine::Token>>();
    for (const char* decode : {"sequential", "ngram", "ngram-7", "jacobi", "lookahead", "auto"}) {
      std::vector<at::Tensor> logits;
      const auto keep = [&](auto, const at::Tensor& l) { logits.push_back(l.clone()); };
      const auto done = run_prompt(scenario, resources, decode, {}, prompt, {.on_token = keep}).generation;
      EXPECT_EQ(done.output, golden["generated_ids"].get<std::vector<engine::Token>>()) << decode;
      if (golden.contains("logits")) {  // of every step, the whole vocabulary
        for (std::size_t step = 0; step < golden["logits"].size(); ++step) {
          const auto expected = golden["logits"][step].get<std::vector<float>>();
          EXPECT_LT((logits.at(step) - at::tensor(expected)).abs().max().item<float>(), 2e-4) << step;
        }
        continue;
      }
      for (const Json& step : golden["first_steps"]) {
        for (std::size_t i = 0; i < step["top5_ids"].size(); ++i) {
          const float found = logits.at(step["step"])[step["top5_ids"][i].get<int>()].item<float>();
          EXPECT_NEAR(found, step["top5_logits"][i].get<float>(), 2e-4);
        }
      }
    }
  }
}

const Place places[] = {{"local", NetworkKind::local, 0, 0},
                        {"in_process_1_1", NetworkKind::ideal, 1, 1},
                        {"in_process_2_2", NetworkKind::ideal, 2, 2},
                        {"sockets_1_1", NetworkKind::sockets, 1, 1},
                        {"sockets_2_2", NetworkKind::sockets, 2, 2},
                        {"ns3_1_1", NetworkKind::ns3, 1, 1},
                        {"ns3_2_2", NetworkKind::ns3, 2, 2},
                        {"local_aten", NetworkKind::local, 0, 0, engine::Backend::aten},
                        {"in_process_2_2_aten", NetworkKind::ideal, 2, 2, engine::Backend::aten},
                        {"sockets_1_1_aten", NetworkKind::sockets, 1, 1, engine::Backend::aten}};

std::string readable(const testing::TestParamInfo<std::tuple<std::string, Place>>& i) {
  std::string name = std::get<0>(i.param) + "_" + std::get<1>(i.param).name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         testing::Combine(testing::Values("stories260K", "standin12"),
                                          testing::ValuesIn(places)),
                         readable);

// Of four layers: with two kept at each end the server would have none.
const Place small_places[] = {{"local", NetworkKind::local, 0, 0},
                              {"in_process_1_1", NetworkKind::ideal, 1, 1},
                              {"in_process_2_1", NetworkKind::ideal, 2, 1},
                              {"sockets_1_1", NetworkKind::sockets, 1, 1},
                              {"ns3_1_2", NetworkKind::ns3, 1, 2},
                              {"local_aten", NetworkKind::local, 0, 0, engine::Backend::aten},
                              {"sockets_1_1_aten", NetworkKind::sockets, 1, 1, engine::Backend::aten}};

const std::string families[] = {"families/gemma2",         "families/gemma3",      "families/llama-linear",
                                "families/llama-yarn",     "families/llama3.1",    "families/mistral-nemo",
                                "families/mistral-window", "families/olmo2",       "families/phi3",
                                "families/phi3-partial",   "families/phi3-window", "families/qwen2.5",
                                "families/qwen3",          "families/smollm3"};

INSTANTIATE_TEST_SUITE_P(Families, Golden,
                         testing::Combine(testing::ValuesIn(families), testing::ValuesIn(small_places)),
                         readable);

}  // namespace
}  // namespace splitwan::scenarios
