// Prompts, as scenarios name them.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::scenarios {

using engine::Json;

struct Prompt {
  std::string name, kind,
      text;  // kind: code, structured, creative, conversational, or a question file's category
  std::vector<engine::Token> ids;  // instead of text
};

// Texts, objects {name, class, text or ids}, prompt sets (*.json) and question files (*.jsonl), sought from
// the folder of `file`; of each class in a set or question file at most `limit` (0 = all). Throws Error
// naming what is wrong.
std::vector<Prompt> read_prompts(const Json& list, int limit, const std::string& file);

}  // namespace splitwan::scenarios
