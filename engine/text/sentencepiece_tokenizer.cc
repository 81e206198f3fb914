#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "engine/base/error.hh"
#include "engine/text/bpe_merges.hh"
#include "engine/text/sentencepiece_model.hh"
#include "engine/text/tokenizer_folder.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

using Type = SentencePiece::Type;
constexpr std::string_view escaped_space = "\xE2\x96\x81";  // U+2581

// Ids as libsentencepiece's BPE gives them, byte for byte (its bpe_model.cc, normalizer.cc).
class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::string& path, const TokenizerFolder* folder);
  std::vector<Token> encode(std::string_view text) const override;
  std::string decode(std::span<const Token> ids) const override;
  int vocabulary() const override { return std::max(pieces(), added_.largest_id() + 1); }
  std::string_view control(Token id) const override;
  std::optional<TextFrame> frame() const override { return frame_; }

 private:
  int pieces() const { return static_cast<int>(model_.pieces.size()); }
  void encode(std::string_view text, bool prefix, std::vector<Token>& ids) const;
  void take(const TokenizerFolder&);
  struct Parts {
    std::string_view left, right;
  };
  std::string normalize(std::string_view text, bool prefix) const;
  std::size_t user_symbol_at(
      std::string_view text) const;  // bytes of the longest one that text begins with, or 0
  Token id_of(std::string_view piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }
  void emit(std::string_view piece, const std::unordered_map<std::string_view, Parts>& parts,
            std::vector<Token>& ids) const;

  SentencePieceModel model_;
  std::unordered_map<std::string_view, Token> ids_;  // of what text can become; views into model_.pieces
  std::vector<std::string_view> user_symbols_;       // longest first
  std::array<Token, 256> byte_ids_;
  std::array<bool, 256> begins_user_symbol_{};
  Token unknown_ = -1;
  // Of a folder: what is looked for in a text before its pieces are.
  AddedTokens added_;
  bool prefix_once_ = false;
  std::optional<TextFrame> frame_;
};

SentencePieceTokenizer::SentencePieceTokenizer(const std::string& path, const TokenizerFolder* folder)
    : model_(read_sentencepiece_model(path)) {
  byte_ids_.fill(-1);
  for (Token id = 0; id < static_cast<Token>(model_.pieces.size()); ++id) {
    const auto& [text, score, type] = model_.pieces[id];
    if (text.empty()) throw Error("{}: piece {} is empty", path, id);
    if (!std::isfinite(score))
      throw Error("{}: piece {}: expected a finite score, found {}", path, id, score);
    if (type == Type::unknown) unknown_ = id;
    if (type == Type::byte) {
      const auto byte = byte_spelt(text);
      if (!byte) throw Error("{}: byte piece {}: expected <0x00> to <0xFF>, found '{}'", path, id, text);
      byte_ids_[*byte] = id;
    }
    if (type == Type::user_defined) {
      user_symbols_.push_back(text);
      begins_user_symbol_[static_cast<unsigned char>(text[0])] = true;
    }
    if (type == Type::normal || type == Type::user_defined || type == Type::unused) ids_.emplace(text, id);
  }
  std::stable_sort(user_symbols_.begin(), user_symbols_.end(),
                   [](auto a, auto b) { return a.size() > b.size(); });
  if (unknown_ < 0) throw Error("{}: expected a piece of type UNKNOWN, found none", path);
  if (model_.byte_fallback && std::count(byte_ids_.begin(), byte_ids_.end(), -1) != 0) {
    throw Error("{}: trainer_spec.byte_fallback is set, but not all of <0x00> to <0xFF> are pieces", path);
  }
  if (folder) take(*folder);
}

// The model's own control tokens, and what the folder adds: its word on a token goes first.
void SentencePieceTokenizer::take(const TokenizerFolder& folder) {
  std::vector<AddedToken> tokens;
  for (Token id = 0; id < pieces(); ++id) {
    const SentencePiece& piece = model_.pieces[id];
    if (piece.type == Type::control || piece.type == Type::unknown)
      tokens.push_back({.id = id, .content = piece.text, .special = piece.type == Type::control});
  }
  tokens.insert(tokens.end(), folder.added.begin(), folder.added.end());
  added_ = AddedTokens(tokens, [](std::string text) { return text; });
  prefix_once_ = folder.prefix_once;
  frame_ = folder.frame({}, [&](const std::string& content) {
    const Token added = added_.id_of(content);
    return added >= 0 ? added : id_of(content);
  });
}

std::string_view SentencePieceTokenizer::control(Token id) const {
  if (const AddedToken* added = added_.find(id)) return added->special ? added->content : std::string_view();
  const bool known = id >= 0 && id < pieces() && model_.pieces[id].type == Type::control;
  return known ? std::string_view(model_.pieces[id].text) : std::string_view();
}

std::size_t SentencePieceTokenizer::user_symbol_at(std::string_view text) const {
  if (text.empty() || !begins_user_symbol_[static_cast<unsigned char>(text[0])]) return 0;
  for (const auto symbol : user_symbols_) {
    if (text.starts_with(symbol)) return symbol.size();
  }
  return 0;
}

std::string SentencePieceTokenizer::normalize(std::string_view text, bool prefix) const {
  std::string normal;
  const std::string_view space = model_.escape_spaces ? escaped_space : " ";
  if (model_.trim_spaces) text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.empty()) return normal;
  normal.reserve(text.size() * 5 / 4 + 8);
  if (model_.dummy_prefix && prefix) normal += space;
  bool after_space = model_.trim_spaces;
  while (!text.empty()) {
    const std::size_t known = std::max(user_symbol_at(text), first_character(text));
    const std::string_view piece = known ? text.substr(0, known) : replacement_character;
    for (const char c : piece) {
      if (c != ' ')
        normal += c;
      else if (!after_space)
        normal += space;
      after_space = model_.trim_spaces && c == ' ';
    }
    text.remove_prefix(known ? known : 1);
  }
  while (model_.trim_spaces && normal.ends_with(space)) normal.erase(normal.size() - space.size());
  return normal;
}

// A piece that only serves as a step towards others (UNUSED) is taken apart again.
void SentencePieceTokenizer::emit(std::string_view piece,
                                  const std::unordered_map<std::string_view, Parts>& parts,
                                  std::vector<Token>& ids) const {
  const Token id = id_of(piece);
  if (id >= 0 && model_.pieces[id].type == Type::unused) {
    if (const auto found = parts.find(piece); found != parts.end()) {
      emit(found->second.left, parts, ids);
      emit(found->second.right, parts, ids);
      return;
    }
  }
  if (id >= 0) {
    ids.push_back(id);
  } else if (model_.byte_fallback) {
    for (const char c : piece) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
  } else if (ids.empty() || ids.back() != unknown_) {  // neighbours that are unknown share one token
    ids.push_back(unknown_);
  }
}

std::vector<Token> SentencePieceTokenizer::encode(std::string_view text) const {
  std::vector<Token> ids;
  if (added_.largest_id() < 0) {
    encode(text, true, ids);
    return ids;
  }
  for (const Segment& segment : added_.cut(valid_utf8(text), [](std::string same) { return same; })) {
    if (segment.id >= 0)
      ids.push_back(segment.id);
    else
      encode(segment.text, segment.first || !prefix_once_, ids);
  }
  return ids;
}

void SentencePieceTokenizer::encode(std::string_view text, bool prefix, std::vector<Token>& ids) const {
  const std::string normal = normalize(text, prefix);
  const std::string_view all = normal;
  std::vector<Symbol> symbols;
  symbols.reserve(all.size());
  for (std::size_t at = 0; at < all.size();) {
    Symbol symbol;
    const std::size_t user = user_symbol_at(all.substr(at));
    symbol.begin = static_cast<std::uint32_t>(at);
    // A symbol of the user's that is no whole character leaves the rest of one behind it.
    symbol.size =
        static_cast<std::uint32_t>(user ? user : std::max<std::size_t>(1, first_character(all.substr(at))));
    symbol.frozen = user != 0;
    symbols.push_back(symbol);
    at += symbol.size;
  }
  std::unordered_map<std::string_view, Parts> parts;
  merge_symbols(symbols, [&](const Symbol& a, const Symbol& b) {
    const std::string_view both = all.substr(a.begin, a.size + b.size);
    const Token id = id_of(both);
    if (id < 0) return Merge{};
    if (model_.pieces[id].type == Type::unused)
      parts[both] = {all.substr(a.begin, a.size), all.substr(b.begin, b.size)};
    return Merge{id, -model_.pieces[id].score};
  });
  for (const Symbol& symbol : symbols) {
    if (symbol.size) emit(all.substr(symbol.begin, symbol.size), parts, ids);
  }
}

std::string SentencePieceTokenizer::decode(std::span<const Token> ids) const {
  std::string text, raw;
  bool at_start = true;  // where the dummy prefix is dropped again
  const auto flush = [&] {
    text += valid_utf8(raw);
    raw.clear();
  };
  for (const Token id : ids) {
    if (const AddedToken* added = added_.find(id);
        added && !(id < pieces() && added->content == model_.pieces[id].text)) {
      flush();
      if (!added->special) text += added->content, at_start = false;
      continue;
    }
    if (id < 0 || id >= pieces()) continue;
    const auto& [piece, score, type] = model_.pieces[id];
    if (type == Type::control) continue;
    if (type == Type::byte) {
      raw += static_cast<char>(std::find(byte_ids_.begin(), byte_ids_.end(), id) - byte_ids_.begin());
      at_start = false;
      continue;
    }
    flush();
    if (type == Type::unknown) {
      text += model_.unknown_surface;
    } else {
      std::string_view rest = piece;
      if (at_start && (model_.dummy_prefix || model_.trim_spaces) && rest.starts_with(escaped_space)) {
        rest.remove_prefix(escaped_space.size());
      }
      text += replace_all(rest, escaped_space, " ");
    }
    at_start = at_start && model_.trim_spaces && text.empty();
  }
  flush();
  return text;
}

}  // namespace

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path) {
  return std::make_unique<SentencePieceTokenizer>(path, nullptr);
}

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path,
                                                        const TokenizerFolder& folder) {
  return std::make_unique<SentencePieceTokenizer>(path, &folder);
}

}  // namespace splitwan::engine
