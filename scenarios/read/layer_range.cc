#include "scenarios/read/layer_range.hh"

#include <unistd.h>

#include <filesystem>
#include <map>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;
namespace fs = std::filesystem;

engine::LayerRange parse_layers(const std::string& text, int layers) {
  const auto pair = engine::parse_integers(text, ':');
  if (pair.size() != 2) throw Error("layers '{}': expected BEGIN:END as in 2:30", text);
  const engine::LayerRange range{pair[0], pair[1]};
  if (range.begin < 0 || range.end > layers || range.begin >= range.end) {
    throw Error("layers {}: the model has layers 0:{}", text, layers);
  }
  return range;
}

engine::LayerRange exported_layers(const std::string& folder, int layers) {
  const std::string path = folder + "/config.json";
  const Json config = engine::read_json_file(path);
  if (!config.contains(exported_layers_key))
    throw Error("{}: not an export: say which layers with --layers BEGIN:END", path);
  const auto pair = engine::ObjectReader(config, path).need<std::vector<int>>(exported_layers_key);
  if (pair.size() != 2 || pair[0] < 0 || pair[1] > layers || pair[0] >= pair[1]) {
    throw Error("{}: key '{}': expected [begin, end] within 0 to {}, found [{}]", path, exported_layers_key,
                layers, fmt::join(pair, ","));
  }
  return {pair[0], pair[1]};
}

std::vector<std::string> export_layers(const std::string& model, engine::LayerRange range,
                                       const std::string& output_folder) {
  fs::path output = fs::path(output_folder).lexically_normal();
  if (!output.has_filename()) output = output.parent_path();  // "middle/"
  if (output.empty()) throw Error("an empty name is no output folder");
  engine::Checkpoint checkpoint(model);
  if (fs::exists(output) && (!fs::is_directory(output) || !fs::is_empty(output))) {
    throw Error("{}: exists already; give a new folder", output.string());
  }
  std::map<std::string, engine::TensorView> chosen;
  for (const engine::TensorSpec& spec : engine::tensors_of(checkpoint.config())) {
    if (spec.layer >= range.begin && spec.layer < range.end) chosen[spec.name] = checkpoint.tensor(spec);
  }
  std::vector<engine::TensorView> views;
  std::vector<std::string> names;
  for (const auto& [name, view] : chosen) {
    views.push_back(view);
    names.push_back(name);
  }
  Json config = engine::read_json_file(model + "/config.json");
  config[exported_layers_key] = {range.begin, range.end};
  const fs::path temporary = output.string() + ".tmp" + std::to_string(getpid());
  try {
    fs::create_directories(temporary);
    engine::write_safetensors(temporary / "model.safetensors", views);
    engine::write_file(temporary / "config.json", config.dump(1) + "\n");
    fs::rename(temporary, output);
  } catch (const std::exception& e) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error("{}: cannot be written: {}", output.string(), e.what());
  }
  return names;
}

std::pair<int, int> parse_split(const std::string& text) {
  const auto pair = engine::parse_integers(text, ',');
  if (pair.size() != 2) throw Error("split '{}': expected HEAD,TAIL as in 2,2", text);
  return {pair[0], pair[1]};
}

}  // namespace splitwan::scenarios
