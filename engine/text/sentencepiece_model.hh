// A SentencePiece tokenizer.model: the protocol-buffer message ModelProto of sentencepiece_model.proto, as
// much of it as BPE tokenizing needs. Read here rather than by libsentencepiece, which carries a protobuf
// runtime of its own that cannot share a process with libtorch's.
#pragma once

#include <string>
#include <vector>

namespace splitwan::engine {

struct SentencePiece {
  enum class Type { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  std::string text;
  float score = 0;
  Type type = Type::normal;
};

struct SentencePieceModel {
  std::vector<SentencePiece> pieces;  // by id
  bool byte_fallback = false;
  bool dummy_prefix = true;                        // a space is put before the text
  bool trim_spaces = true;                         // runs of spaces become one, outer ones go
  bool escape_spaces = true;                       // a space becomes U+2581
  std::string unknown_surface = " \xE2\x81\x87 ";  // what an unknown piece decodes to
};

// Throws Error naming the file when it is no such message, and naming the field for whatever changes the ids
// and is not implemented (unigram models, character maps, suffix spaces).
SentencePieceModel read_sentencepiece_model(const std::string& path);

// A model of this kind as the file's bytes.
std::string serialize(const SentencePieceModel&);

}  // namespace splitwan::engine
