#include <cmath>
#include <cstring>
#include <random>

#include "engine/output_file.hh"
#include "engine/safetensors.hh"
#include "tests/fixtures.hh"

namespace splitwan::tests {
namespace {

struct Tensors {
  std::mt19937 random;
  std::vector<engine::TensorView> views;
  std::vector<std::vector<float>> data;

  void add(const std::string& name, std::vector<std::int64_t> shape, float around = 0) {
    std::int64_t count = 1;
    for (auto n : shape) count *= n;
    std::normal_distribution<float> normal(around,
                                           around ? 0.1f : 1.f / std::sqrt(static_cast<float>(shape.back())));
    auto& values = data.emplace_back(count);
    for (float& v : values) v = normal(random);
    views.push_back({name, engine::DType::f32, std::move(shape), std::as_bytes(std::span(values))});
  }
};

}  // namespace

void write_random_model(const std::string& folder, const engine::Json& overrides, int seed) {
  engine::Json c = {{"architectures", {"LlamaForCausalLM"}},
                    {"hidden_size", 32},
                    {"num_hidden_layers", 4},
                    {"num_attention_heads", 4},
                    {"num_key_value_heads", 2},
                    {"head_dim", 8},
                    {"intermediate_size", 48},
                    {"vocab_size", 96},
                    {"max_position_embeddings", 256},
                    {"tie_word_embeddings", false},
                    {"bos_token_id", 1}};
  c.update(overrides);
  const std::int64_t width = c["hidden_size"], heads = c["num_attention_heads"],
                     keys = c["num_key_value_heads"], dim = c["head_dim"], ffn = c["intermediate_size"],
                     vocabulary = c["vocab_size"];
  Tensors t{std::mt19937(seed), {}, {}};
  t.add("model.embed_tokens.weight", {vocabulary, width});
  for (int i = 0; i < c["num_hidden_layers"].get<int>(); ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    t.add(at + "input_layernorm.weight", {width}, 1);
    t.add(at + "self_attn.q_proj.weight", {heads * dim, width});
    t.add(at + "self_attn.k_proj.weight", {keys * dim, width});
    t.add(at + "self_attn.v_proj.weight", {keys * dim, width});
    t.add(at + "self_attn.o_proj.weight", {width, heads * dim});
    t.add(at + "post_attention_layernorm.weight", {width}, 1);
    t.add(at + "mlp.gate_proj.weight", {ffn, width});
    t.add(at + "mlp.up_proj.weight", {ffn, width});
    t.add(at + "mlp.down_proj.weight", {width, ffn});
  }
  t.add("model.norm.weight", {width}, 1);
  if (!c["tie_word_embeddings"].get<bool>()) t.add("lm_head.weight", {vocabulary, width});
  std::filesystem::create_directories(folder);
  engine::write_file(folder + "/config.json", c.dump(1));
  engine::write_safetensors(folder + "/model.safetensors", t.views);
}

}  // namespace splitwan::tests
