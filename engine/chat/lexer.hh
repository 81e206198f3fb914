// A template's pieces: text between tags, and the words within them. Jinja's rules of white space as
// transformers sets them: trim_blocks and lstrip_blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace splitwan::engine::chat {

struct Word {
  enum class Kind : std::uint8_t {
    text,
    name,
    string,
    number,
    sign,
    block_begin,
    block_end,
    print_begin,
    print_end,
    end
  };
  Kind kind = Kind::end;
  std::string text;  // of a string: what it says
  int line = 1;
};

// Ends in a word of kind end. Throws Error naming `where` and the line.
std::vector<Word> words_of(const std::string& source, const std::string& where);

}  // namespace splitwan::engine::chat
