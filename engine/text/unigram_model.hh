// Unigram pieces of one word, the likeliest row of them (Kudo 2018, arXiv 1804.10959; huggingface/tokenizers'
// encode_optimized, whose ties this keeps).
#pragma once

#include <array>
#include <unordered_map>

#include "engine/base/json.hh"
#include "engine/text/word_model.hh"

namespace splitwan::engine {

class UnigramModel : public WordModel {
 public:
  // Throws Error naming the key.
  UnigramModel(const Json& model, std::vector<std::pair<std::string, double>> pieces,
               const std::string& where);

  void encode(std::string_view word, std::vector<Token>& out) const override;
  const std::string* text_of(Token) const override;
  Token id_of(std::string_view text) const override;
  int size() const override { return static_cast<int>(pieces_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void add_unknown(std::string_view text, std::vector<Token>& out) const;

  std::vector<std::pair<std::string, double>> pieces_;
  std::unordered_map<std::string, Token, Hash, std::equal_to<>> ids_;
  std::size_t longest_ = 0;  // bytes of a piece
  Token unknown_ = -1;
  double unknown_score_ = 0;
  bool byte_fallback_ = false;
  std::array<Token, 256> byte_ids_;
};

}  // namespace splitwan::engine
