#include "engine/json_file.hh"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/error.hh"
#include "engine/units.hh"

namespace splitwan::engine {

Json read_json_file(const std::string& path) {
  std::ifstream in(path);
  if (!in || std::filesystem::is_directory(path)) throw Error("{}: cannot be opened", path);
  try {
    return Json::parse(in, nullptr, true, /*ignore_comments=*/true);
  } catch (const Json::parse_error& e) {
    throw Error("{}: not valid JSON at byte {}", path, e.byte);
  } catch (const Json::exception&) {
    throw Error("{}: holds a number out of range", path);
  }
}

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw Error("{}: expected an object, found {}", where_, object.type_name());
}

const Json* ObjectReader::find(const std::string& key) {
  asked_.push_back(key);
  const auto it = object_.find(key);
  return it == object_.end() ? nullptr : &*it;
}

std::string ObjectReader::path(const std::string& key) const { return where_ + ": " + key; }

void ObjectReader::done() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string near = nearest(key, asked_);
    if (near.empty()) throw Error("{}: unknown key '{}'", where_, key);
    throw Error("{}: unknown key '{}'; did you mean '{}'?", where_, key, near);
  }
}

void ObjectReader::missing(const std::string& key) const {
  throw Error("{}: key '{}' is missing", where_, key);
}

void ObjectReader::wrong_type(const std::string& key, const Json& value) const {
  throw Error("{}: key '{}' has the wrong type: found {}", where_, key, value.dump().substr(0, 60));
}

void write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    std::cout << text << std::flush;
    if (!std::cout) throw Error("stdout: cannot be written");
    return;
  }
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  std::ofstream out(temporary, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("{}: cannot be written", path);
  }
}

}  // namespace splitwan::engine
