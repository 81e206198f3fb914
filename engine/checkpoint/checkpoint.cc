#include "engine/checkpoint/checkpoint.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {

namespace fs = std::filesystem;

Checkpoint::Checkpoint(const std::string& folder) : folder_(folder) {
  if (!fs::is_directory(folder)) throw Error("{}: no such model folder", folder);
  config_ = read_model_config(folder);
  const std::string single = folder + "/model.safetensors", index = single + ".index.json";
  if (fs::exists(single)) {
    for (const TensorView& t : files_.try_emplace(single, single).first->second.tensors())
      file_of_[t.name] = single;
  } else if (fs::exists(index)) {
    const Json json = read_json_file(index);
    const auto map = json.find("weight_map");
    if (map == json.end() || !map->is_object()) throw Error("{}: key 'weight_map' is missing", index);
    for (const auto& [name, file] : map->items()) {
      if (!file.is_string())
        throw Error("{}: weight_map '{}': expected a file name, found {}", index, name, file.dump());
      file_of_[name] = folder + "/" + file.get<std::string>();
    }
  } else {
    throw Error("{}: holds neither model.safetensors nor model.safetensors.index.json", folder);
  }
}

const TensorView& Checkpoint::view(const std::string& name) {
  const auto where = file_of_.find(name);
  if (where == file_of_.end()) throw Error("{}: tensor '{}' is missing", folder_, name);
  auto found = found_.find(name);
  if (found == found_.end()) {
    const auto& file = files_.try_emplace(where->second, where->second).first->second;
    for (const TensorView& t : file.tensors()) {
      if (const auto it = file_of_.find(t.name); it != file_of_.end() && it->second == where->second)
        found_[t.name] = &t;
    }
    found = found_.find(name);
    if (found == found_.end())
      throw Error("{}: tensor '{}' is not in it, though the index says so", where->second, name);
  }
  return *found->second;
}

const TensorView& Checkpoint::tensor(const std::string& name, const std::vector<std::int64_t>& shape) {
  const TensorView& found = view(name);
  if (found.shape != shape) {
    throw Error("{}: tensor '{}': expected shape {}, found {}", file_of_.at(name), name, Json(shape).dump(),
                Json(found.shape).dump());
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
