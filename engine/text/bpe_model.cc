#include "engine/text/bpe_model.hh"

#include <algorithm>
#include <fstream>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/tokenizer.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {

std::optional<std::string> bytes_of_alphabet(std::string_view text) {
  // Printable Latin-1 stands for itself; the other 68 bytes, in order, for U+0100 onwards.
  static const auto byte_of = [] {
    std::array<int, 0x144> table;
    table.fill(-1);
    int moved = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool itself = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      table[itself ? byte : moved++] = byte;
    }
    return table;
  }();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = static_cast<unsigned char>(text[i]);
    if (code >= 0x80) {  // the alphabet ends below U+0144: two bytes
      if (code >= 0xE0 || i + 1 == text.size()) return std::nullopt;
      code = (code & 0x1F) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F);
    }
    if (code >= byte_of.size() || byte_of[code] < 0) return std::nullopt;
    bytes += static_cast<char>(byte_of[code]);
  }
  return bytes;
}

std::string alphabet_of_bytes(std::string_view bytes) {
  static const auto spelled = [] {
    std::array<std::string, 256> table;
    int moved = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool itself = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      const int code = itself ? byte : moved++;
      std::string& text = table[static_cast<std::size_t>(byte)];
      if (code >= 0x80) text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(code >= 0x80 ? 0x80 | (code & 0x3F) : code);
    }
    return table;
  }();
  std::string text;
  for (const char byte : bytes) text += spelled[static_cast<unsigned char>(byte)];
  return text;
}

namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::uint64_t pair_of(Token left, Token right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

std::string BpeModel::stored(const std::string& text) const {
  return byte_level_ ? bytes_of_alphabet(text).value_or(text) : text;
}

void BpeModel::add_token(const std::string& text, Token id, const std::string& where) {
  if (static_cast<std::size_t>(id) >= texts_.size()) {
    texts_.resize(id + 1);
    used_.resize(id + 1);
  }
  if (used_[id]) throw Error("{}: '{}': id {} is taken by '{}'", where, text, id, texts_[id]);
  texts_[id] = stored(text);
  used_[id] = true;
  if (id_of(texts_[id]) < 0) by_text_.add(hash_of(texts_[id]), id);
}

namespace {

[[noreturn]] void refuse_merge(std::string_view left, std::string_view right, const std::string& where) {
  throw Error("{}: merge '{} {}': its parts and its result are not all in the vocabulary", where, left,
              right);
}

}  // namespace

void BpeModel::add_merge(std::string_view left, std::string_view right, const std::string& where) {
  const std::string a = stored(std::string(left)), b = stored(std::string(right));
  const Token left_id = id_of(a), right_id = id_of(b), id = id_of(a + b);
  if (left_id < 0 || right_id < 0 || id < 0) refuse_merge(left, right, where);
  add_merge(left_id, right_id, id);
}

void BpeModel::add_merge(Token left_id, Token right_id, Token id) {
  const auto rank = static_cast<float>(merges_.size());  // exact: below 2^24
  const std::uint64_t pair = pair_of(left_id, right_id);
  const auto same = [&](std::int32_t at) { return merges_[static_cast<std::size_t>(at)].pair == pair; };
  if (by_pair_.find(pair, same) >= 0) return;
  by_pair_.add(pair, static_cast<std::int32_t>(merges_.size()));
  merges_.push_back({pair, {id, rank}});
}

void BpeModel::find_bytes(const std::string& where) {
  byte_ids_.fill(-1);
  if (!byte_level_ && !byte_fallback_) return;
  for (int byte = 0; byte < 256; ++byte) {
    byte_ids_[byte] =
        id_of(byte_level_ ? std::string(1, static_cast<char>(byte)) : fmt::format("<0x{:02X}>", byte));
    if (byte_level_ && byte_ids_[byte] < 0)
      throw Error("{}: byte 0x{:02X} is not in the vocabulary", where, byte);
  }
}

BpeModel BpeModel::from_tokenizer_json(const TokenizerFile& file, const Json& json, const std::string& where,
                                       bool byte_level) {
  ObjectReader reader(json, where);
  reader.find("type");
  BpeModel model;
  model.byte_level_ = byte_level;
  model.byte_fallback_ = reader.get("byte_fallback", false);
  model.fuse_unknown_ = reader.get("fuse_unk", false);
  model.whole_words_ = reader.get("ignore_merges", false);
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* value = reader.find(key);
    const bool idle = !value || value->is_null() || *value == "" || (value->is_number() && *value == 0);
    if (!idle) throw Error("{}: {} is not implemented, found {}", where, key, value->dump());
  }
  Token largest = -1;
  for (const auto& [text, id] : file.vocabulary) largest = std::max(largest, id);
  model.texts_.reserve(static_cast<std::size_t>(largest) + 1);
  model.by_text_.reserve(file.vocabulary.size());
  model.merges_.reserve(file.merges.size());
  model.by_pair_.reserve(file.merges.size());
  for (const auto& [text, id] : file.vocabulary) model.add_token(text, id, where + ".vocab");
  // As they are spelled: a million merges need not be turned into bytes to be found.
  FlatIndex by_spelling;
  const auto spelled = [&](std::string_view text) {
    if (!byte_level) return model.id_of(text);
    const auto at = by_spelling.find(hash_of(text), [&](std::int32_t i) {
      return file.vocabulary[static_cast<std::size_t>(i)].first == text;
    });
    return at < 0 ? -1 : file.vocabulary[static_cast<std::size_t>(at)].second;
  };
  if (byte_level) {
    by_spelling.reserve(file.vocabulary.size());
    std::int32_t place = 0;
    for (const auto& [text, id] : file.vocabulary) by_spelling.add(hash_of(text), place++);
  }
  std::string both;
  for (const auto& [left, right] : file.merges) {
    const Token a = spelled(left), b = spelled(right), merged = spelled(both.assign(left).append(right));
    if (a < 0 || b < 0 || merged < 0) refuse_merge(left, right, where + ".merges");
    model.add_merge(a, b, merged);
  }
  const Json* unknown = reader.find("unk_token");
  if (unknown && unknown->is_string()) {
    model.unknown_ = model.id_of(model.stored(unknown->get<std::string>()));
    if (model.unknown_ < 0) throw Error("{}: unk_token {} is not in the vocabulary", where, unknown->dump());
  }
  reader.done();
  model.find_bytes(where + ".vocab");
  return model;
}

// A pair a line, the most frequent first.
BpeModel BpeModel::from_gpt2_files(const std::string& vocab_json, const std::string& merges_txt) {
  BpeModel model;
  model.byte_level_ = true;
  const Json vocabulary = read_json_file(vocab_json);
  if (!vocabulary.is_object()) throw Error("{}: expected an object of token to id", vocab_json);
  for (const auto& [text, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id >= most_tokens)
      throw Error("{}: '{}': expected an id of 0 to {}, found {}", vocab_json, text, most_tokens - 1,
                  id.dump());
    model.add_token(text, id.get<Token>(), vocab_json);
  }
  std::ifstream in(merges_txt);
  if (!in) throw Error("{}: cannot be opened", merges_txt);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const std::string where = fmt::format("{}:{}", merges_txt, number);
    const std::size_t space = line.find(' ');
    if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos) {
      throw Error("{}: expected two tokens and one space, found '{}'", where, line);
    }
    model.add_merge(std::string_view(line).substr(0, space), std::string_view(line).substr(space + 1), where);
  }
  model.find_bytes(vocab_json);
  return model;
}

void BpeModel::encode(std::string_view word, std::vector<Token>& out) const {
  if (whole_words_) {
    if (const Token id = id_of(word); id >= 0) {
      out.push_back(id);
      return;
    }
  }
  std::vector<Symbol> symbols = start_symbols(word);
  merge_symbols(symbols, [&](const Symbol& a, const Symbol& b) {
    const std::uint64_t pair = pair_of(a.id, b.id);
    const auto at = by_pair_.find(
        pair, [&](std::int32_t i) { return merges_[static_cast<std::size_t>(i)].pair == pair; });
    return at < 0 ? Merge{} : merges_[static_cast<std::size_t>(at)].merge;
  });
  for (const Symbol& symbol : symbols) {
    if (symbol.size) out.push_back(symbol.id);
  }
}

// A character falls back where all of its own bytes do: Gemma 2 has no <0x09>, a tab being a token there.
bool BpeModel::all_have_tokens(std::string_view bytes) const {
  return std::ranges::none_of(bytes, [&](char c) { return byte_ids_[static_cast<unsigned char>(c)] < 0; });
}

std::vector<Symbol> BpeModel::start_symbols(std::string_view word) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  const auto add = [&](std::size_t begin, std::size_t size, Token id) {
    symbols.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size), id});
  };
  for (std::size_t at = 0; at < word.size();) {
    if (byte_level_) {
      add(at, 1, byte_ids_[static_cast<unsigned char>(word[at])]);
      ++at;
      continue;
    }
    const std::size_t size = std::max<std::size_t>(first_character(word.substr(at)), 1);
    if (const Token id = id_of(word.substr(at, size)); id >= 0) {
      add(at, size, id);
    } else if (const auto bytes = word.substr(at, size); byte_fallback_ && all_have_tokens(bytes)) {
      for (std::size_t i = at; i < at + size; ++i) add(i, 1, byte_ids_[static_cast<unsigned char>(word[i])]);
    } else if (unknown_ >= 0) {
      if (fuse_unknown_ && !symbols.empty() && symbols.back().id == unknown_)
        symbols.back().size += size;
      else
        add(at, size, unknown_);
    }
    at += size;
  }
  return symbols;
}

const std::string* BpeModel::text_of(Token id) const {
  return id >= 0 && id < size() && used_[id] ? &texts_[id] : nullptr;
}

Token BpeModel::id_of(std::string_view text) const {
  return by_text_.find(hash_of(text),
                       [&](std::int32_t id) { return texts_[static_cast<std::size_t>(id)] == text; });
}

std::vector<Token> BpeModel::underivable() const {
  std::vector<bool> derivable(texts_.size());
  for (const Token id : byte_ids_) {
    if (id >= 0) derivable[id] = true;
  }
  for (const auto& [pair, merge] : merges_) derivable[merge.id] = true;
  std::vector<Token> ids;
  for (Token id = 0; id < size(); ++id) {
    if (used_[id] && !derivable[id]) ids.push_back(id);
  }
  return ids;
}

}  // namespace splitwan::engine
