#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/added_tokens.hh"
#include "engine/text/bpe_model.hh"
#include "engine/text/pre_tokenizer.hh"
#include "engine/text/token_decoder.hh"
#include "engine/text/tokenizer.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

// Added tokens, normalizer, pre-tokenizer and merges one after another, as huggingface/tokenizers has them.
class BpeTokenizer : public Tokenizer {
 public:
  BpeTokenizer(BpeModel model, AddedTokens added, TextMap normalizer, PreTokenizer pre, TokenDecoder decoder)
      : model_(std::move(model)),
        added_(std::move(added)),
        normalizer_(std::move(normalizer)),
        pre_tokenizer_(std::move(pre)),
        decoder_(std::move(decoder)) {}

  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> ids;
    for (Segment& segment : added_.cut(valid_utf8(text), normalizer_)) {
      if (segment.id >= 0) {
        ids.push_back(segment.id);
        continue;
      }
      for (const std::string& word : pre_tokenizer_.split({std::move(segment.text)}, segment.first)) {
        model_.encode(word, ids);
      }
    }
    return ids;
  }

  std::string decode(std::span<const Token> ids) const override {
    std::vector<std::string> texts;
    for (const Token id : ids) {
      const AddedToken* added = added_.find(id);
      if (added && added->special) continue;
      const std::string* text = added ? &added->content : model_.text_of(id);
      if (!text) throw Error("token id {} is not in the vocabulary of {}", id, vocabulary());
      texts.push_back(*text);
    }
    return decoder_(std::move(texts));
  }

  int vocabulary() const override { return std::max(model_.size(), added_.largest_id() + 1); }

 private:
  BpeModel model_;
  AddedTokens added_;
  TextMap normalizer_;
  PreTokenizer pre_tokenizer_;
  TokenDecoder decoder_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& path) {
  Json json = read_json_file(path);
  Json vocabulary;
  if (json.is_object() && json.contains("model") && json["model"].is_object()) {
    vocabulary = std::move(json["model"]["vocab"]);
    json["model"].erase("vocab");
  }
  ObjectReader reader(json, path);
  const auto part = [&](const char* key) {
    const Json* value = reader.find(key);
    return value ? *value : Json();
  };
  for (const char* key : {"truncation", "padding"}) {
    if (const Json value = part(key); !value.is_null()) {
      throw Error("{}: {} is not implemented: expected null, found {}", path, key, value.dump());
    }
  }
  reader.find("version");
  reader.find("post_processor");  // adds the tokens that begin and end a text, which callers do themselves
  PreTokenizer pre = make_pre_tokenizer(part("pre_tokenizer"), path + ": pre_tokenizer");
  BpeModel model =
      BpeModel::from_tokenizer_json(reader.need<Json>("model"), vocabulary, path + ": model", pre.byte_level);
  const Json list = part("added_tokens");
  AddedTokens added(list.is_null() ? Json::array() : list, path + ": added_tokens");
  TextMap normalizer = make_normalizer(part("normalizer"), path + ": normalizer");
  TokenDecoder decoder = make_token_decoder(part("decoder"), path + ": decoder");
  reader.done();
  return std::make_unique<BpeTokenizer>(std::move(model), std::move(added), std::move(normalizer),
                                        std::move(pre), std::move(decoder));
}

std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& vocab_json, const std::string& merges_txt) {
  BpeModel model = BpeModel::from_gpt2_files(vocab_json, merges_txt);
  std::vector<AddedToken> added;
  const std::vector<Token> underivable = model.underivable();
  added.reserve(underivable.size());
  for (const Token id : underivable) added.push_back({id, *model.text_of(id), /*special=*/true});
  const Json byte_level{{"type", "ByteLevel"}, {"add_prefix_space", false}};
  return std::make_unique<BpeTokenizer>(std::move(model), AddedTokens(std::move(added)),
                                        make_normalizer({}, vocab_json),
                                        make_pre_tokenizer(byte_level, vocab_json), join_bytes);
}

}  // namespace splitwan::engine
