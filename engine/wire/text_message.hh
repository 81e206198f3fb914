// Messages that are words: greetings and refusals.
#pragma once

#include <string_view>

#include "engine/wire/wire.hh"

namespace splitwan::engine {

inline void set_text(Message& m, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  m.payload.assign(bytes.begin(), bytes.end());
}

inline Message text_message(Kind kind, std::string_view text = {}) {
  Message m;
  m.header.kind = kind;
  set_text(m, text);
  return m;
}

// As it came: one_line() (base/plain_text.hh) makes it fit to be printed. Lives as long as the message.
inline std::string_view text_in(const Message& m) {
  return {reinterpret_cast<const char*>(m.payload.data()), m.payload.size()};
}

}  // namespace splitwan::engine
