#include "scenarios/train/state.hh"

#include <cstring>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::scenarios {

namespace fs = std::filesystem;
using at::Tensor;
using engine::DType;
using engine::Error;
using engine::Json;
using engine::ModelConfig;
using engine::TensorView;

namespace {

at::ScalarType scalar_type(DType type) {
  return type == DType::f32 ? at::kFloat : type == DType::f16 ? at::kHalf : at::kBFloat16;
}

Tensor as_float(const TensorView& view) {
  Tensor raw = at::empty(view.shape, scalar_type(view.dtype));
  std::memcpy(raw.data_ptr(), view.data.data(), view.data.size());
  return raw.to(at::kFloat).flatten();
}

TensorView view_of(const std::string& name, const Tensor& t, DType type, std::vector<std::int64_t> shape) {
  return {name, type, std::move(shape), {static_cast<const std::byte*>(t.data_ptr()), t.nbytes()}};
}

std::string state_file(const std::string& output) { return output + "/training/state.json"; }

}  // namespace

Tensor read_weights(const std::string& folder, const ModelConfig& config) {
  if (!is_plain_llama(config)) {
    std::string found;
    const Json stated = geometry(config), plain = geometry(ModelConfig{});
    for (const auto& [key, value] : stated.items())
      if (!plain.contains(key)) found += (found.empty() ? "" : ", ") + key;
    throw Error("{}: the trainer knows Llama's arithmetic only, without a sliding window: found {}", folder,
                found.empty() ? "sliding_window" : found);
  }
  const auto slots = layout_of(config);
  Tensor weights = at::empty({elements_of(slots)}, at::kFloat);
  engine::Checkpoint checkpoint(folder);
  for (const Slot& slot : slots) {
    weights.narrow(0, slot.offset, slot.elements).copy_(as_float(checkpoint.tensor(slot.name, slot.shape)));
  }
  return weights;
}

TrainState first_state(const Recipe& recipe, const ModelConfig& config) {
  TrainState state;
  state.weights =
      recipe.init.empty() ? initial_weights(config, recipe.seed) : read_weights(recipe.init, config);
  state.first = at::zeros_like(state.weights);
  state.second = at::zeros_like(state.weights);
  return state;
}

void save_state(const std::string& output, const TrainState& state) {
  const std::string folder = output + "/training";
  fs::create_directories(folder);
  const std::string file = fmt::format("state-{}.safetensors", state.step);
  const std::vector<std::int64_t> shape{state.weights.numel()};
  const std::vector<TensorView> views{view_of("weights", state.weights, DType::f32, shape),
                                      view_of("first_moment", state.first, DType::f32, shape),
                                      view_of("second_moment", state.second, DType::f32, shape)};
  engine::write_safetensors(folder + "/" + file, views);
  const Json json{{"schema_version", 1},      {"step", state.step}, {"tokens", state.tokens},
                  {"seconds", state.seconds}, {"loss", state.loss}, {"tensors", file}};
  engine::write_file(state_file(output), json.dump(1) + "\n");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("state-") && name != file) fs::remove(entry.path());
  }
}

bool has_state(const std::string& output) { return fs::exists(state_file(output)); }

TrainState load_state(const std::string& output, const ModelConfig& config) {
  const std::string path = state_file(output);
  const Json json = engine::read_json_file(path);
  engine::ObjectReader reader(json, path);
  if (const int version = reader.need<int>("schema_version"); version != 1) {
    throw Error("{}: expected schema_version 1, found {}", path, version);
  }
  TrainState state;
  state.step = reader.need<std::int64_t>("step");
  state.tokens = reader.need<std::int64_t>("tokens");
  state.seconds = reader.need<double>("seconds");
  state.loss = reader.need<double>("loss");
  const std::string tensors = output + "/training/" + reader.need<std::string>("tensors");
  reader.done();
  const engine::SafetensorsFile file(tensors);
  const std::int64_t elements = elements_of(layout_of(config));
  const auto take = [&](std::string_view name) {
    for (const TensorView& view : file.tensors()) {
      if (view.name == name && view.elements() == elements) return as_float(view);
    }
    throw Error("{}: expected '{}' with {} elements, as the recipe's model has: another recipe's run?",
                tensors, name, elements);
  };
  state.weights = take("weights");
  state.first = take("first_moment");
  state.second = take("second_moment");
  return state;
}

void export_model(const std::string& output, const ModelConfig& c, const Tensor& weights) {
  const Tensor half = weights.to(at::kHalf);
  std::vector<TensorView> views;
  for (const Slot& slot : layout_of(c)) {
    views.push_back(view_of(slot.name, half.narrow(0, slot.offset, slot.elements), DType::f16, slot.shape));
  }
  engine::write_safetensors(output + "/model.safetensors", views);
  const Json json{{"architectures", {"LlamaForCausalLM"}},
                  {"model_type", "llama"},
                  {"hidden_size", c.width},
                  {"intermediate_size", c.ffn},
                  {"num_hidden_layers", c.layers},
                  {"num_attention_heads", c.heads},
                  {"num_key_value_heads", c.kv_heads},
                  {"head_dim", c.head_dim},
                  {"vocab_size", c.vocabulary},
                  {"max_position_embeddings", c.context},
                  {"rms_norm_eps", static_cast<float>(c.rms_eps)},
                  {"rope_theta", c.rope_theta},
                  {"tie_word_embeddings", c.tied},
                  {"bos_token_id", c.bos},
                  {"eos_token_id", c.eos.empty() ? -1 : c.eos.front()},
                  {"hidden_act", "silu"},
                  {"torch_dtype", "float16"}};
  engine::write_file(output + "/config.json", json.dump(1) + "\n");
}

}  // namespace splitwan::scenarios
