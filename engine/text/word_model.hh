// What makes tokens of one word of a text: the "model" of a tokenizer.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

class WordModel {
 public:
  virtual ~WordModel() = default;
  virtual void encode(std::string_view word, std::vector<Token>& out) const = 0;
  virtual const std::string* text_of(Token) const = 0;   // nullptr when the id is unused
  virtual Token id_of(std::string_view text) const = 0;  // -1 when absent
  virtual int size() const = 0;                          // ids lie below
};

}  // namespace splitwan::engine
