#include "engine/tls/allowed_clients.hh"

#include <filesystem>

namespace splitwan::engine {
namespace {

namespace fs = std::filesystem;

bool is_in(const fs::path& file, const Certificate& wanted) noexcept {
  try {
    return Certificate::read(file.string()) == wanted;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

bool holds_certificate(const std::string& folder, const Certificate& wanted) noexcept {
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".pem" && entry.is_regular_file() && is_in(entry.path(), wanted))
        return true;
  } catch (const std::exception&) {  // out of descriptors, say
  }
  return false;
}

}  // namespace splitwan::engine
