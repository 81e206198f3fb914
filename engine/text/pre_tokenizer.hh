// The "pre_tokenizer" of a Hugging Face tokenizer.json: cuts text into the words that byte-pair merging sees.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::engine {

// What GPT-2's files imply and ByteLevel's use_regex names (openai/gpt-2 src/encoder.py).
extern const char* const gpt2_pattern;

struct PreTokenizer {
  // Replaces words by finer ones. `first`: the words are the beginning of the whole text, nothing precedes
  // them.
  std::function<std::vector<std::string>(std::vector<std::string> words, bool first)> split;
  bool byte_level = false;  // the vocabulary is written in GPT-2's alphabet of 256 printable characters
};

// `where` is the file and key, for errors. Throws Error for a kind or behaviour that is not implemented.
PreTokenizer make_pre_tokenizer(const Json& description, const std::string& where);

}  // namespace splitwan::engine
