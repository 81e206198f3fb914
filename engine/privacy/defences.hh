// Every defence by name: scenario keys, options, headers, summaries and the attack suite read this table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/privacy/defence.hh"

namespace splitwan::engine {

std::span<const DefenceKind> defence_kinds();

// Those of one run, in the table's order.
class Defences {
 public:
  void add(const DefenceKind&, DefencePtr);  // none is added for nullptr
  bool empty() const { return all_.empty(); }

  bool change_rows() const;
  void change(std::span<float> values, std::uint64_t width, std::uint64_t seed) const;
  bool pad() const;
  int padded(int rows) const;
  bool draw_depth() const;
  bool change_weights() const;

  Json to_json() const;  // {"noise": 0.1, "pad_rows": [4, 8]}: as a header states them, beside its other keys

 private:
  struct One {
    const DefenceKind* kind;
    DefencePtr defence;
  };
  std::vector<One> all_;
};

// {"noise": 0.1}. Throws Error that begins with `where` and names the key.
Defences read_defences(const Json& object, const std::string& where = "defences");
// "noise 0.1", "random depth": as attack scenarios state them; nothing where no kind has such words. Throws
// Error on a value that makes no sense.
std::optional<Defences> defences_named(const std::string& words);
std::string defence_words();  // "noise 0.1, random depth"

}  // namespace splitwan::engine
