#include "engine/text/unigram_model.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

constexpr double unknown_costs = 10;  // below the least likely piece

}  // namespace

UnigramModel::UnigramModel(const Json& model, std::vector<std::pair<std::string, double>> pieces,
                           const std::string& where)
    : pieces_(std::move(pieces)) {
  ObjectReader reader(model, where);
  reader.find("type");
  byte_fallback_ = reader.get("byte_fallback", false);
  if (const Json* id = reader.find("unk_id"); id && !id->is_null())
    unknown_ = reader.whole<Token>("unk_id", 0, std::max(size() - 1, 0));
  reader.done();
  if (pieces_.empty()) throw Error("{}.vocab: expected pieces, found none", where);
  double least = 0;
  for (Token id = 0; id < size(); ++id) {
    const auto& [text, score] = pieces_[static_cast<std::size_t>(id)];
    if (!std::isfinite(score))
      throw Error("{}.vocab[{}]: expected a finite score, found {}", where, id, score);
    least = id == 0 ? score : std::min(least, score);
    longest_ = std::max(longest_, text.size());
    ids_[text] = id;  // of equal ones the last, as upstream
  }
  unknown_score_ = least - unknown_costs;
  for (int byte = 0; byte < 256; ++byte)
    byte_ids_[static_cast<std::size_t>(byte)] = id_of(fmt::format("<0x{:02X}>", byte));
}

// Neighbours that are unknown share one token, or are bytes where every one of them has its piece.
void UnigramModel::add_unknown(std::string_view text, std::vector<Token>& out) const {
  const auto id_of_byte = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  if (byte_fallback_ && std::ranges::none_of(text, [&](char c) { return id_of_byte(c) < 0; })) {
    for (const char c : text) out.push_back(id_of_byte(c));
  } else if (unknown_ >= 0) {
    out.push_back(unknown_);
  } else {
    throw Error("a character that the vocabulary lacks, and it has no unk_id");
  }
}

void UnigramModel::encode(std::string_view word, std::vector<Token>& out) const {
  struct Best {
    double score = 0;
    std::size_t from = 0;
    Token id = -1;  // unknown_, or a piece; -1: nothing ends here
    bool reached = false;
  };
  std::vector<Best> ends(word.size() + 1);
  ends[0].reached = true;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t character = std::max<std::size_t>(1, first_character(word.substr(at)));
    const double before = ends[at].score;
    const auto offer = [&](std::size_t end, double score, Token id) {
      Best& best = ends[end];
      if (!best.reached || score > best.score) best = {score, at, id, true};
    };
    bool alone = false;
    const std::size_t most = std::min(longest_, word.size() - at);
    for (std::size_t size = character; size <= most;) {
      if (const Token id = id_of(word.substr(at, size)); id >= 0) {
        offer(at + size, before + pieces_[static_cast<std::size_t>(id)].second, id);
        alone |= size == character;
      }
      size += std::max<std::size_t>(1, first_character(word.substr(at + size)));
    }
    if (!alone) offer(at + character, before + unknown_score_, -1);
    at += character;
  }
  std::vector<std::pair<std::size_t, Token>> path;  // begin, id
  for (std::size_t end = word.size(); end > 0; end = ends[end].from)
    path.emplace_back(ends[end].from, ends[end].id);
  std::ranges::reverse(path);
  for (std::size_t i = 0; i < path.size();) {
    if (path[i].second >= 0 && path[i].second != unknown_) {
      out.push_back(path[i++].second);
      continue;
    }
    const std::size_t begin = path[i].first;
    while (i < path.size() && (path[i].second < 0 || path[i].second == unknown_)) ++i;
    add_unknown(word.substr(begin, (i < path.size() ? path[i].first : word.size()) - begin), out);
  }
}

const std::string* UnigramModel::text_of(Token id) const {
  return id >= 0 && id < size() ? &pieces_[static_cast<std::size_t>(id)].first : nullptr;
}

Token UnigramModel::id_of(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? -1 : found->second;
}

}  // namespace splitwan::engine
