// Text as tokens come: whole characters only, and nothing past a stop string. Control tokens are looked at by
// those alone, as they are spelled.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/text/pattern.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::engine {

class TextStream {
 public:
  using Emit = std::function<void(std::string_view)>;
  // The tokenizer must outlive it. Empty stop strings are ignored.
  TextStream(const Tokenizer&, std::vector<std::string> stops, Emit emit = {});

  // Emits what has become certain: characters that are complete and cannot begin a stop string. True: a stop
  // string is complete; the text ends before it, and what comes later is dropped.
  bool push(Token);
  // Emits what was held back.
  void finish();
  std::string text() const;  // all of it, the part held back included

 private:
  std::string newly_decoded(Token);
  bool cut_at_stop(std::size_t searched);  // looks at what the text has gained since it was this long
  std::size_t possible_stop()
      const;  // where a stop string may begin that the end of the text has not completed
  void emit_to(std::size_t end);
  std::string shown(std::size_t begin,
                    std::size_t end) const;  // that part of the text, without control tokens
  const Tokenizer& tokenizer_;
  std::vector<std::string> stops_;
  Emit emit_;
  std::vector<Token> ids_;
  std::size_t anchor_ = 0,
              settled_ = 0;       // ids_[anchor_, settled_) are decoded again, for what they make of the next
  std::string text_;              // control tokens included
  std::vector<Extent> controls_;  // where those stand in it
  std::size_t emitted_ = 0;
  bool stopped_ = false;
};

}  // namespace splitwan::engine
