// What the files beside a tokenizer say of it: tokenizer_config.json and added_tokens.json.
#pragma once

#include <map>
#include <optional>

#include "engine/text/added_tokens.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::engine {

struct TokenizerFolder {
  TokenizerFolder() = default;
  // Files that are not there say nothing. Throws Error naming file and key.
  explicit TokenizerFolder(const std::string& folder);

  std::vector<AddedToken> added;  // by id
  std::string bos, eos;           // as they are spelled; empty: none
  // Whether a text gets them; none: the post-processor says.
  std::optional<bool> begins, ends;
  bool stated = false;       // tokenizer_config.json is there
  bool prefix_once = false;  // a SentencePiece model puts its space before the text's first piece only

  // What whole texts get: as `begins` and `ends` say, and where they do not, as the post-processor.
  std::optional<TextFrame> frame(const std::optional<TextFrame>& post_processor,
                                 const std::function<Token(const std::string&)>& id_of) const;
};

// A tokenizer.model beside such files: control tokens that a text spells are themselves.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path, const TokenizerFolder&);

// The "post_processor" of a tokenizer.json: what it puts around a single text. Throws Error naming `where`.
std::optional<TextFrame> read_post_processor(const Json& description, const std::string& where);

}  // namespace splitwan::engine
