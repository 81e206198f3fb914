// Giving up in the middle of long work.
#pragma once

#include <functional>

namespace splitwan::attacks {

// Thrown out of long work when `stop` says so.
struct Stopped {};
using Stop = std::function<bool()>;

}  // namespace splitwan::attacks
