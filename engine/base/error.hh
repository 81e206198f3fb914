// The one exception of the project: a line for the user that names the file, key, tensor or peer, what was
// expected and what was found. main() prints it and exits with 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace splitwan::engine {

struct Error : std::runtime_error {
  template <typename... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(on_one_line(fmt::format(format, std::forward<Args>(args)...))) {}

 private:
  static std::string on_one_line(std::string text) {  // names of files and keys may hold line ends
    for (char& c : text)
      if (c == '\n' || c == '\r') c = ' ';
    return text;
  }
};

}  // namespace splitwan::engine
