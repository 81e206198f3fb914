// A tokenizer that a stranger's file made, at work.
#pragma once

#include "engine/text/tokenizer.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {

// Texts with spaces at their ends, digits, marks, letters of two to four bytes and bytes that are no text.
inline void use(const engine::Tokenizer& tokenizer) {
  for (const std::string_view text :
       {" Hello  world, it's 2024!\n", "caf\xC3\xA9 \xE2\x96\x81 \xF0\x9F\x98\x80",
        "<s>\xFF\xC3 a\xCC\x81</s>"}) {
    const std::vector<engine::Token> ids = tokenizer.encode(text);
    for (const engine::Token id : ids)
      must(id >= 0 && id < tokenizer.vocabulary(), "ids are in the vocabulary");
    static_cast<void>(tokenizer.decode(ids));
  }
  std::vector<engine::Token> all;
  for (engine::Token id = 0; id < std::min(tokenizer.vocabulary(), 1000); ++id) all.push_back(id);
  taken([&] { static_cast<void>(tokenizer.decode(all)); });
}

}  // namespace splitwan::fuzz
