#include "engine/text/sentencepiece_model.hh"

#include <bit>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string_view>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {
namespace {

// The protocol-buffer wire format (protobuf.dev/programming-guides/encoding).
enum Wire : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  unsigned number = 0;
  std::uint64_t value = 0;  // varint, fixed32, fixed64
  std::string_view body;    // bytes
};

class Reader {
 public:
  Reader(std::string_view rest, const std::string& path) : rest_(rest), path_(path) {}

  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = number();
    field = {static_cast<unsigned>(key >> 3), 0, {}};
    switch (key & 7) {
      case varint:
        field.value = number();
        break;
      case fixed64:
        field.value = little_endian(8);
        break;
      case fixed32:
        field.value = little_endian(4);
        break;
      case bytes:
        field.body = take(number());
        break;
      default:
        fail();
    }
    return true;
  }

 private:
  [[noreturn]] void fail() const { throw Error("{}: not a SentencePiece model (or a truncated one)", path_); }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) fail();
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }
  std::uint64_t little_endian(unsigned size) {
    std::uint64_t value = 0;
    const auto raw = take(size);
    for (unsigned i = 0; i < size; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << 8 * i;
    return value;
  }
  std::string_view rest_;
  const std::string& path_;
};

// Field numbers below: sentencepiece_model.proto.

SentencePiece read_piece(std::string_view body, const std::string& path) {
  SentencePiece piece;
  Reader reader(body, path);
  for (Field f; reader.next(f);) {
    if (f.number == 1) piece.text = f.body;
    if (f.number == 2) piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(f.value));
    if (f.number == 3) piece.type = static_cast<SentencePiece::Type>(f.value);
  }
  return piece;
}

void read_trainer_spec(std::string_view body, const std::string& path, SentencePieceModel& model) {
  constexpr std::uint64_t bpe = 2;
  std::uint64_t type = 1;  // unigram, the message's default
  Reader reader(body, path);
  for (Field f; reader.next(f);) {
    if (f.number == 3) type = f.value;
    if (f.number == 35) model.byte_fallback = f.value;
    if (f.number == 44) model.unknown_surface = f.body;
    if (f.number == 24 && f.value)
      throw Error("{}: trainer_spec.treat_whitespace_as_suffix is not implemented", path);
  }
  if (type != bpe) throw Error("{}: trainer_spec.model_type: expected 2 (BPE), found {}", path, type);
}

void read_normalizer_spec(std::string_view body, const std::string& path, SentencePieceModel& model) {
  Reader reader(body, path);
  for (Field f; reader.next(f);) {
    if (f.number == 2 && !f.body.empty()) {
      throw Error("{}: normalizer_spec.precompiled_charsmap: only the identity is implemented", path);
    }
    if (f.number == 3) model.dummy_prefix = f.value;
    if (f.number == 4) model.trim_spaces = f.value;
    if (f.number == 5) model.escape_spaces = f.value;
  }
}

void put_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void put(std::string& out, unsigned field, std::uint64_t value) {
  put_number(out, field << 3 | varint);
  put_number(out, value);
}
void put(std::string& out, unsigned field, std::string_view body) {
  put_number(out, field << 3 | bytes);
  put_number(out, body.size());
  out += body;
}
void put(std::string& out, unsigned field, float value) {
  put_number(out, field << 3 | fixed32);
  const auto raw = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(raw >> shift);
}

}  // namespace

namespace {

// tiktoken's, as Meta's Llama 3 folders have it under the same name: "AQ== 1", a token's bytes in base64 and
// its id.
bool is_tiktoken(std::string_view file) {
  const std::string_view line = file.substr(0, std::min<std::size_t>(file.find('\n'), 200));
  const auto space = line.find(' ');
  return space != std::string_view::npos && space % 4 == 0 && space > 0 &&
         line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
             space &&
         line.find_first_not_of("0123456789\r", space + 1) == std::string_view::npos;
}

}  // namespace

SentencePieceModel read_sentencepiece_model(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("{}: cannot be opened", path);
  std::stringstream whole;
  whole << in.rdbuf();
  const std::string text = std::move(whole).str();
  refuse_lfs_pointer(path, text);
  if (is_tiktoken(text))
    throw Error("{}: a tiktoken file: expected SentencePiece's, or tokenizer.json beside it", path);
  SentencePieceModel model;
  bool has_trainer_spec = false;
  Reader reader(text, path);
  for (Field f; reader.next(f);) {
    if (f.number == 1) model.pieces.push_back(read_piece(f.body, path));
    if (f.number == 2) read_trainer_spec(f.body, path, model);
    if (f.number == 3) read_normalizer_spec(f.body, path, model);
    has_trainer_spec |= f.number == 2;
  }
  if (model.pieces.empty() || !has_trainer_spec) {
    throw Error("{}: not a SentencePiece model: expected pieces and a trainer_spec", path);
  }
  return model;
}

std::string serialize(const SentencePieceModel& model) {
  std::string out;
  for (const SentencePiece& piece : model.pieces) {
    std::string body;
    put(body, 1, piece.text);
    put(body, 2, piece.score);
    if (piece.type != SentencePiece::Type::normal) put(body, 3, static_cast<std::uint64_t>(piece.type));
    put(out, 1, body);
  }
  std::string trainer;
  put(trainer, 3, std::uint64_t{2});  // BPE
  put(trainer, 4, std::uint64_t{model.pieces.size()});
  put(trainer, 35, std::uint64_t{model.byte_fallback});
  put(trainer, 44, model.unknown_surface);
  put(out, 2, trainer);
  std::string normalizer;
  put(normalizer, 1, "identity");
  put(normalizer, 3, std::uint64_t{model.dummy_prefix});
  put(normalizer, 4, std::uint64_t{model.trim_spaces});
  put(normalizer, 5, std::uint64_t{model.escape_spaces});
  put(out, 3, normalizer);
  return out;
}

}  // namespace splitwan::engine
