#include "scenarios/jobs/named_files.hh"

#include <algorithm>
#include <filesystem>

#include "scenarios/jobs/content_hash.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;

// Words may be folders' names by chance.
bool holds_tensors(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".safetensors") return true;
  return false;
}

std::string hash_at(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_regular_file(status)) return file_hash(path);
  return fs::is_directory(status) && holds_tensors(path) ? folder_hash(path) : "";
}

void add_named(std::map<std::string, std::string>& files, const nlohmann::json& part,
               const std::string& folder) {
  if (part.is_structured())
    for (const auto& inner : part) add_named(files, inner, folder);
  if (!part.is_string()) return;
  const std::string name = file_named(part.get<std::string>());
  if (name.empty() || name.size() > 255 || name.find('\n') != std::string::npos || files.contains(name))
    return;
  if (std::string hash = hash_at(beside(folder, name)); !hash.empty()) files[name] = std::move(hash);
}

}  // namespace

nlohmann::json content_of(const engine::Json& scenario) {
  auto content = nlohmann::json(scenario);
  for (const char* words : {"$schema", "name", "note"}) content.erase(words);
  return content;
}

std::map<std::string, std::string> named_files(const engine::Json& scenario, const std::string& folder) {
  nlohmann::json naming = content_of(scenario);
  if (naming.contains("privacy") && naming["privacy"].is_object()) naming["privacy"].erase("budget");
  std::map<std::string, std::string> files;
  add_named(files, naming, folder);
  return files;
}

}  // namespace splitwan::scenarios
