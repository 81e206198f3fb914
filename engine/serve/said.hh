// Messages that are words.
#pragma once

#include <string>

#include "engine/wire/wire.hh"

namespace splitwan::engine {

inline Message said(Kind kind, std::string_view words = {}) {
  Message m;
  m.header.kind = kind;
  const auto bytes = std::as_bytes(std::span(words));
  m.payload.assign(bytes.begin(), bytes.end());
  return m;
}

// A peer's words, fit for a log: short, and nothing that moves a terminal.
inline std::string printable(std::string_view words) {
  std::string text(words.substr(0, 300));
  for (char& c : text) c = c < 32 || c > 126 ? ' ' : c;
  return text;
}

inline std::string words_of(const Message& m) {
  return printable({reinterpret_cast<const char*>(m.payload.data()), m.payload.size()});
}

}  // namespace splitwan::engine
