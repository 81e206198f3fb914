// libFuzzer's door to the one harness of a program.
#include <cstdint>

#include "tests/fuzzing/harness.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  splitwan::fuzz::harnesses().front().feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
