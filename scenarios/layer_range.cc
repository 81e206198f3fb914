#include "scenarios/layer_range.hh"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "engine/checkpoint.hh"
#include "engine/error.hh"
#include "engine/json_file.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;
namespace fs = std::filesystem;

engine::LayerRange parse_layers(const std::string& text, int layers) {
  engine::LayerRange range;
  int used = 0;
  if (std::sscanf(text.c_str(), "%d:%d%n", &range.begin, &range.end, &used) != 2 ||
      used != static_cast<int>(text.size())) {
    throw Error("layers '{}': expected BEGIN:END as in 2:30", text);
  }
  if (range.begin < 0 || range.end > layers || range.size() < 1) {
    throw Error("layers {}: the model has layers 0:{}", text, layers);
  }
  return range;
}

engine::LayerRange exported_layers(const std::string& folder) {
  const std::string path = folder + "/config.json";
  const Json config = engine::read_json_file(path);
  const auto found = config.find(exported_layers_key);
  if (found == config.end()) throw Error("{}: not an export: say which layers with --layers BEGIN:END", path);
  try {
    return {found->at(0), found->at(1)};
  } catch (const nlohmann::json::exception&) {
    throw Error("{}: key '{}': expected [begin, end], found {}", path, exported_layers_key, found->dump());
  }
}

std::vector<std::string> export_layers(const std::string& model, engine::LayerRange range,
                                       const std::string& output) {
  engine::Checkpoint checkpoint(model);
  if (fs::exists(output) && (!fs::is_directory(output) || !fs::is_empty(output))) {
    throw Error("{}: exists already; give a new folder", output);
  }
  std::vector<engine::TensorView> views;
  std::vector<std::string> names;
  for (const std::string& name : checkpoint.names()) {
    int layer = -1;
    if (std::sscanf(name.c_str(), "model.layers.%d.", &layer) != 1 || layer < range.begin ||
        layer >= range.end)
      continue;
    views.push_back(checkpoint.view(name));
    names.push_back(name);
  }
  if (names.empty()) throw Error("{}: holds no tensor of layers {}:{}", model, range.begin, range.end);
  Json config = engine::read_json_file(model + "/config.json");
  config[exported_layers_key] = {range.begin, range.end};
  const fs::path temporary = fs::path(output).lexically_normal().string() + ".tmp" + std::to_string(getpid());
  try {
    fs::create_directories(temporary);
    engine::write_safetensors(temporary / "model.safetensors", views);
    engine::write_file(temporary / "config.json", config.dump(1) + "\n");
    fs::rename(temporary, output);
  } catch (const std::exception& e) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error("{}: cannot be written: {}", output, e.what());
  }
  return names;
}

}  // namespace splitwan::scenarios
