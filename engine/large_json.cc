#include "engine/large_json.hh"

#include <filesystem>
#include <fstream>

#include "engine/error.hh"

namespace splitwan::engine {

LargeJson read_large_json_file(const std::string& path) {
  std::ifstream in(path);
  if (!in || std::filesystem::is_directory(path)) throw Error("{}: cannot be opened", path);
  try {
    return LargeJson::parse(in);
  } catch (const LargeJson::parse_error& e) {
    throw Error("{}: not valid JSON at byte {}", path, e.byte);
  }
}

}  // namespace splitwan::engine
