// A tokenizer.json as it lies on disk. Its vocabulary and merges, a million entries of a file, are taken as
// they are read and never become JSON values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct TokenizerFile {
  Json rest;                                                // all but what follows
  std::vector<std::pair<std::string, Token>> vocabulary;    // "vocab": {"text": id}
  std::vector<std::pair<std::string, double>> pieces;       // "vocab": [["text", score]], by id
  std::vector<std::pair<std::string, std::string>> merges;  // "a b", or ["a", "b"]
};

// Throws Error naming the file, and the key, where it is malformed.
TokenizerFile read_tokenizer_file(const std::string& path);

}  // namespace splitwan::engine
