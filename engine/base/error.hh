// The one exception of the project: a line for the user that names the file, key, tensor or peer, what was
// expected and what was found. main() prints it and exits with 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>

namespace splitwan::engine {

struct Error : std::runtime_error {
  template <typename... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

}  // namespace splitwan::engine
