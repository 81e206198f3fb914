#include "engine/checkpoint/generation_config.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/checkpoint/config_file.hh"

namespace splitwan::engine {

GenerationConfig read_generation_config(const std::string& folder) {
  const std::string path = folder + "/generation_config.json";
  GenerationConfig found{{}, Json::object()};
  if (!std::filesystem::exists(path)) return found;
  const ConfigFile file{path};
  if (!file.json.is_object()) throw Error("{}: expected a JSON object", path);
  if (file.find("eos_token_id")) found.eos = file.tokens("eos_token_id");
  if (!file.flag("do_sample", false)) return found;
  for (const char* key : {"temperature", "top_k", "top_p", "min_p", "repetition_penalty"})
    if (const Json* value = file.find(key)) found.sampling[key] = *value;
  return found;
}

}  // namespace splitwan::engine
