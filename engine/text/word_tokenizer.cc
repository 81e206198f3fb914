#include "engine/text/word_tokenizer.hh"

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/bpe_model.hh"
#include "engine/text/unigram_model.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

class WordTokenizer : public Tokenizer {
 public:
  explicit WordTokenizer(WordStages stages)
      : added_(stages.added, stages.normalizer), stages_(std::move(stages)) {}

  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> ids;
    for (Segment& segment : added_.cut(valid_utf8(text), stages_.normalizer)) {
      if (segment.id >= 0) {
        ids.push_back(segment.id);
        continue;
      }
      for (const std::string& word : stages_.pre.split({std::move(segment.text)}, segment.first))
        stages_.model->encode(word, ids);
    }
    return ids;
  }

  std::string decode(std::span<const Token> ids) const override {
    std::vector<std::string> texts;
    for (const Token id : ids) {
      const AddedToken* added = added_.find(id);
      if (added && added->special) continue;
      const std::string* text = added ? &added->content : stages_.model->text_of(id);
      if (text) texts.push_back(*text);
    }
    return stages_.decoder(std::move(texts));
  }

  int vocabulary() const override { return std::max(stages_.model->size(), added_.largest_id() + 1); }

  std::string_view control(Token id) const override {
    const AddedToken* added = added_.find(id);
    return added && added->special ? std::string_view(added->content) : std::string_view();
  }
  std::optional<TextFrame> frame() const override { return stages_.frame; }

 private:
  AddedTokens added_;
  WordStages stages_;
};

// Of a list that may say an id twice the first entry counts: a file's own before its folder's.
void add(std::vector<AddedToken>& to, const std::vector<AddedToken>& more) {
  for (const AddedToken& token : more)
    if (std::ranges::find(to, token.id, &AddedToken::id) == to.end()) to.push_back(token);
}

// Of the vocabulary or added; -1: neither.
auto id_finder(const WordStages& stages) {
  return [&](const std::string& content) {
    const auto added = std::ranges::find(stages.added, content, &AddedToken::content);
    return added != stages.added.end() ? added->id : stages.model->id_of(content);
  };
}

std::unique_ptr<WordModel> model_of(TokenizerFile& file, const std::string& where, bool bytes) {
  const Json model = file.rest.value("model", Json());
  if (!model.is_object()) throw Error("{}: key 'model' is missing", where.substr(0, where.rfind(": ")));
  // Old files name no type.
  const std::string usual = file.pieces.empty() ? "BPE" : "Unigram";
  const auto type = ObjectReader(model, where).get<std::string>("type", usual);
  if (type == "BPE")
    return std::make_unique<BpeModel>(BpeModel::from_tokenizer_json(file, model, where, bytes));
  if (type == "Unigram" && !bytes)
    return std::make_unique<UnigramModel>(model, std::move(file.pieces), where);
  throw Error("{}: type '{}'{} is not implemented (expected BPE or Unigram)", where, type,
              bytes ? " of bytes" : "");
}

}  // namespace

std::unique_ptr<Tokenizer> make_word_tokenizer(WordStages stages) {
  return std::make_unique<WordTokenizer>(std::move(stages));
}

WordStages read_json_stages(const std::string& path, const TokenizerFolder& folder) {
  TokenizerFile file = read_tokenizer_file(path);
  ObjectReader reader(file.rest, path);
  const auto part = [&](const char* key) {
    const Json* value = reader.find(key);
    return value ? *value : Json();
  };
  // What a training run had saved there: no text of a prompt is cut or filled up (upstream's callers say so
  // each time).
  for (const char* ignored : {"version", "truncation", "padding", "model"}) reader.find(ignored);
  WordStages s;
  s.pre = make_pre_tokenizer(part("pre_tokenizer"), path + ": pre_tokenizer");
  s.model = model_of(file, path + ": model", s.pre.byte_level);
  s.normalizer = make_normalizer(part("normalizer"), path + ": normalizer");
  s.decoder = make_token_decoder(part("decoder"), path + ": decoder", s.pre.byte_level);
  const Json added = part("added_tokens");
  s.added = read_added_tokens(added.is_null() ? Json::array() : added, path + ": added_tokens");
  add(s.added, folder.added);
  s.frame =
      folder.frame(read_post_processor(part("post_processor"), path + ": post_processor"), id_finder(s));
  reader.done();
  return s;
}

WordStages read_gpt2_stages(const std::string& vocab_json, const std::string& merges_txt,
                            const TokenizerFolder& folder) {
  WordStages s;
  auto model = std::make_unique<BpeModel>(BpeModel::from_gpt2_files(vocab_json, merges_txt));
  s.added = folder.added;
  std::vector<AddedToken> control;
  for (const Token id : model->underivable())
    control.push_back({.id = id, .content = *model->text_of(id), .special = true});
  add(s.added, control);
  s.model = std::move(model);
  s.normalizer = make_normalizer({}, vocab_json);
  s.pre = make_pre_tokenizer({{"type", "ByteLevel"}, {"add_prefix_space", false}}, vocab_json);
  s.decoder = join_bytes;
  s.frame = folder.frame({}, id_finder(s));
  return s;
}

std::unique_ptr<Tokenizer> make_json_tokenizer(const std::string& path) {
  return make_word_tokenizer(read_json_stages(path));
}

std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& vocab_json, const std::string& merges_txt) {
  return make_word_tokenizer(read_gpt2_stages(vocab_json, merges_txt));
}

}  // namespace splitwan::engine
