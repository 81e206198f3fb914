#include "engine/tls/allowed_clients.hh"

#include <filesystem>

namespace splitwan::engine {
namespace {

namespace fs = std::filesystem;

bool is_in(const fs::directory_entry& file, const Certificate& wanted) noexcept {
  try {
    return file.is_regular_file() && Certificate::read(file.path().string()) == wanted;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

bool holds_certificate(const std::string& folder, const Certificate& wanted) noexcept {
  try {
    // Where --init-tls puts it: then no other one is read, however many there are.
    const std::string name = wanted.name() + ".pem";
    if (name.find('/') == name.npos && is_in(fs::directory_entry(fs::path(folder) / name), wanted))
      return true;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".pem" && is_in(entry, wanted)) return true;
  } catch (const std::exception&) {  // out of descriptors, say
  }
  return false;
}

}  // namespace splitwan::engine
