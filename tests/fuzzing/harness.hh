// What a stranger may hand us, an input at a time: from libFuzzer (tests/fuzz), or out of the corpus
// (corpus_tests). A harness is one file: what it feeds must be taken or refused with an engine::Error, and
// what is taken must keep what the harness says of it. All else that is thrown is a finding.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.hh"

namespace splitwan::fuzz {

struct Harness {
  std::string_view name;  // of its folder in corpus/
  void (*feed)(std::string_view input);
};

// Those of this program.
std::vector<Harness>& harnesses();

struct Stands {
  Stands(std::string_view name, void (*feed)(std::string_view)) { harnesses().push_back({name, feed}); }
};

// What was taken does not keep what was said of it.
struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};
inline void must(bool holds, const char* what) {
  if (!holds) throw Broken(what);
}

// Whether `use` took it.
template <typename Use>
bool taken(Use&& use) {
  try {
    use();
    return true;
  } catch (const engine::Error& refusal) {
    must(*refusal.what() != '\0', "a refusal says why");
    return false;
  }
}

// Where a reader that wants a path finds `text`. One at a time.
std::string file_with(std::string_view text);
// A folder with that text in the file `name`. One at a time.
std::string folder_with(const std::string& name, std::string_view text);

// Takes bytes off the front: what an input begins with decides how the rest is used.
inline unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}
// Up to and without the next end of line.
inline std::string_view take_line(std::string_view& input) {
  const std::string_view line = input.substr(0, input.find('\n'));
  input.remove_prefix(std::min(line.size() + 1, input.size()));
  return line;
}

}  // namespace splitwan::fuzz
