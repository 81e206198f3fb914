#include "engine/privacy/del_weights.hh"

#include <filesystem>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

DelWeights read_del_weights(const std::string& folder, int model_width) {
  const std::string path = folder + "/training.json";
  const Json json = read_json_file(path);
  ObjectReader reader(json, path);  // not done(): figures stand beside
  if (const auto kind = reader.get<std::string>("kind", "none"); kind != "del")
    throw Error("{}: kind: expected del, a folder of maps, found {}", path, kind);
  DelWeights w{folder, reader.whole("depth", 0, 1000), reader.number("clip", 1e-6, 1e3), nullptr};
  const int width = reader.whole("width", 1, 65536);
  const std::string file = folder + "/projection.safetensors";
  w.maps = std::make_shared<Projection>(read_projection(file, model_width));
  if (w.maps->width != width)
    throw Error("{}: width: expected {}, as {} has, found {}", path, w.maps->width, file, width);
  return w;
}

std::string soft_prompt_file(const BinomialSpec& spec, const std::string& kind) {
  if (kind == "none") return "";
  if (kind == "noiseless") return "prompt-noiseless.safetensors";
  if (kind != "clean" && kind != "noisy")
    throw Error("soft prompt: expected none, clean, noisy or noiseless, found {}", kind);
  return fmt::format("prompt-mu{:g}-bits{}-{}.safetensors", spec.mu, spec.bits, kind);
}

SoftPrompt read_soft_prompt_for(const DelWeights& w, const BinomialSpec& spec, const std::string& kind) {
  const std::string file = soft_prompt_file(spec, kind);
  if (file.empty()) return {0, w.maps->model_width, {}};
  const std::string path = w.folder + "/" + file;
  if (std::filesystem::exists(path)) return read_soft_prompt(path, w.maps->model_width);
  if (kind == "noiseless")
    throw Error("{}: no soft prompt trained without noise: expected the file {}", w.folder, file);
  throw Error("{}: no soft prompt for mu {:g} and {} bits, continuation {}: expected the file {}", w.folder,
              spec.mu, spec.bits, kind, file);
}

}  // namespace splitwan::engine
