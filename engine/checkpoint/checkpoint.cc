#include "engine/checkpoint/checkpoint.hh"

#include <filesystem>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {

namespace fs = std::filesystem;

namespace {

// Weights in a form that is not read, so that the error says what is there.
std::string others_in(const std::string& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string(), kind = entry.path().extension().string();
    const bool pickled = kind == ".bin" || kind == ".pt" || kind == ".pth";
    if (pickled)
      return fmt::format(", but {}: a pickled file, which is a program; convert it to safetensors", name);
    if (kind == ".gguf") return fmt::format(", but {}: GGUF is not read", name);
  }
  return "";
}

}  // namespace

Checkpoint::Checkpoint(const std::string& folder) : folder_(folder) {
  if (!fs::is_directory(folder)) throw Error("{}: no such model folder", folder);
  config_ = read_model_config(folder);
  const std::string single = folder + "/model.safetensors", index = single + ".index.json";
  if (fs::exists(single)) {
    const SafetensorsFile& file = files_.try_emplace(single, single).first->second;
    for (const TensorView& t : file.tensors()) add(t.name, single);
    for (const auto& [name, dtype] : file.others()) add(name, single);
  } else if (fs::exists(index)) {
    const Json json = read_json_file(index);
    const auto map = json.find("weight_map");
    if (map == json.end() || !map->is_object()) throw Error("{}: key 'weight_map' is missing", index);
    for (const auto& [name, file] : map->items()) {
      if (!file.is_string())
        throw Error("{}: weight_map '{}': expected a file name, found {}", index, name, file.dump());
      add(name, folder + "/" + file.get<std::string>());
    }
  } else {
    throw Error("{}: holds neither model.safetensors nor model.safetensors.index.json{}", folder,
                others_in(folder));
  }
  refuse_what_nobody_reads();
}

void Checkpoint::add(const std::string& name, const std::string& file) {
  const std::string plain = plain_name(name);
  const auto [at, is_new] = file_of_.emplace(plain, Place{file, name});
  if (!is_new) throw Error("{}: tensors '{}' and '{}' are both {}", file, at->second.name, name, plain);
}

// A weight of a layer that no product of ours takes would be left out without a word: a Qwen relabelled as a
// Llama ran without its biases.
void Checkpoint::refuse_what_nobody_reads() const {
  std::set<std::string> read;
  for (const TensorSpec& spec : tensors_of(config_)) read.insert(spec.name);
  for (const auto& [name, place] : file_of_) {
    if (!is_of_a_layer(name) || read.contains(name)) continue;
    const auto opened = files_.find(place.file);
    if (opened != files_.end() && opened->second.others().contains(place.name)) continue;  // no weights
    throw Error("{}: tensor '{}' is none that a layer of this family reads ({})", place.file, place.name,
                fmt::format("{}/config.json: model_type and num_hidden_layers", folder_));
  }
}

const TensorView& Checkpoint::view(const std::string& name) {
  const auto where = file_of_.find(name);
  if (where == file_of_.end()) throw Error("{}: tensor '{}' is missing", folder_, name);
  auto found = found_.find(name);
  if (found == found_.end()) {
    const std::string& path = where->second.file;
    const auto& file = files_.try_emplace(path, path).first->second;
    if (const auto other = file.others().find(where->second.name); other != file.others().end())
      throw Error("{}: tensor '{}': dtype {} is not one of F32, F16, BF16", path, other->first,
                  other->second);
    for (const TensorView& t : file.tensors()) {
      const std::string plain = plain_name(t.name);
      if (const auto it = file_of_.find(plain); it != file_of_.end() && it->second.file == path)
        found_[plain] = &t;
    }
    found = found_.find(name);
    if (found == found_.end())
      throw Error("{}: tensor '{}' is not in it, though the index says so", path, where->second.name);
  }
  return *found->second;
}

const TensorView& Checkpoint::tensor(const std::string& name, const std::vector<std::int64_t>& shape) {
  const TensorView& found = view(name);
  if (found.shape != shape) {
    throw Error("{}: tensor '{}': expected shape {}, found {}", file_of_.at(name).file, name,
                Json(shape).dump(), Json(found.shape).dump());
  }
  return found;
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  names.reserve(file_of_.size());
  for (const auto& [name, file] : file_of_) names.push_back(name);
  return names;
}

void Checkpoint::release() const {
  for (const auto& [name, file] : files_) file.release();
}

}  // namespace splitwan::engine
