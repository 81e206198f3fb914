// A tokenizer of stages, as huggingface/tokenizers has them: added tokens, normalizer, pre-tokenizer, a model
// of words, decoder.
#pragma once

#include "engine/text/added_tokens.hh"
#include "engine/text/pre_tokenizer.hh"
#include "engine/text/token_decoder.hh"
#include "engine/text/tokenizer_folder.hh"
#include "engine/text/word_model.hh"

namespace splitwan::engine {

struct WordStages {
  std::unique_ptr<WordModel> model;
  std::vector<AddedToken> added;
  TextMap normalizer;
  PreTokenizer pre;
  TokenDecoder decoder;
  std::optional<TextFrame> frame;
};
std::unique_ptr<Tokenizer> make_word_tokenizer(WordStages);

// The stages of a tokenizer.json, or of GPT-2's pair of files, with what the folder says beside them.
WordStages read_json_stages(const std::string& tokenizer_json, const TokenizerFolder& = {});
WordStages read_gpt2_stages(const std::string& vocab_json, const std::string& merges_txt,
                            const TokenizerFolder& = {});

}  // namespace splitwan::engine
