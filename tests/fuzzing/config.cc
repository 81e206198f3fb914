// A model folder's config.json.
#include "engine/base/json_file.hh"
#include "engine/checkpoint/model_config.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  const std::string folder = folder_with("config.json", input);
  taken([&] {
    const engine::ModelConfig config = engine::read_model_config(folder);
    must(config.layers > 0 && config.width > 0 && config.heads > 0 && config.kv_heads > 0 &&
             config.head_dim > 0,
         "a model has layers and heads");
    must(config.q_width() > 0 && config.kv_width() > 0, "widths are counts");
    static_cast<void>(engine::layer_weights(config));
    static_cast<void>(engine::geometry(config).dump());
  });
}

const Stands stands("config", feed);

}  // namespace
}  // namespace splitwan::fuzz
