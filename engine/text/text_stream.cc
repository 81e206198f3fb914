#include "engine/text/text_stream.hh"

#include <algorithm>

#include "engine/text/utf8.hh"

namespace splitwan::engine {

TextStream::TextStream(const Tokenizer& tokenizer, std::vector<std::string> stops, Emit emit)
    : tokenizer_(tokenizer), stops_(std::move(stops)), emit_(std::move(emit)) {
  std::erase(stops_, "");
}

// A token's text depends on its neighbours (a character in several byte tokens, a space that only the first
// token drops), so a window is decoded with and without the new token; it moves on when the text ends in a
// character.
std::string TextStream::newly_decoded(Token token) {
  ids_.push_back(token);
  const std::span<const Token> window = std::span(ids_).subspan(anchor_);
  const std::string before = tokenizer_.decode(window.first(settled_ - anchor_));
  const std::string now = tokenizer_.decode(window);
  if (now.size() <= before.size() || now.ends_with(replacement_character)) return {};
  anchor_ = settled_;
  settled_ = ids_.size();
  return now.substr(before.size());
}

std::size_t TextStream::possible_stop() const {
  std::size_t first = text_.size();
  for (const std::string& stop : stops_) {
    for (std::size_t length = std::min(stop.size() - 1, text_.size()); length > 0; --length) {
      if (!text_.ends_with(std::string_view(stop).substr(0, length))) continue;
      first = std::min(first, text_.size() - length);
      break;
    }
  }
  return first;
}

void TextStream::emit_to(std::size_t end) {
  if (end <= emitted_) return;
  const std::string more = shown(emitted_, end);
  if (emit_ && !more.empty()) emit_(more);
  emitted_ = end;
}

std::string TextStream::shown(std::size_t begin, std::size_t end) const {
  std::string text;
  for (const Extent& control : controls_) {
    if (control.end <= begin) continue;
    if (control.begin >= end) break;
    text.append(text_, begin, std::max(begin, control.begin) - begin);
    begin = std::min(control.end, end);
  }
  return text.append(text_, begin, end - begin);
}

std::string TextStream::text() const { return shown(0, text_.size()); }

bool TextStream::cut_at_stop(std::size_t searched) {
  std::size_t end = std::string::npos;
  for (const std::string& stop : stops_)
    end = std::min(end, text_.find(stop, searched - std::min(searched, stop.size() - 1)));
  if (end == std::string::npos) return false;
  text_.resize(end);
  return true;
}

bool TextStream::push(Token token) {
  if (stopped_) return true;
  const std::size_t searched = text_.size();
  text_ += newly_decoded(token);
  if (const std::string_view control = tokenizer_.control(token); !control.empty()) {
    controls_.push_back({text_.size(), text_.size() + control.size()});
    text_ += control;
  }
  stopped_ = cut_at_stop(searched);
  emit_to(stopped_ ? text_.size() : possible_stop());
  return stopped_;
}

void TextStream::finish() {
  if (!stopped_) {
    const std::span<const Token> window = std::span(ids_).subspan(anchor_);
    const std::string before = tokenizer_.decode(window.first(settled_ - anchor_));
    const std::string now = tokenizer_.decode(window);
    const std::size_t searched = text_.size();
    if (now.size() > before.size()) text_ += now.substr(before.size());
    cut_at_stop(searched);  // a token may hold a stop string and the first bytes of a character
    anchor_ = settled_ = ids_.size();
  }
  emit_to(text_.size());
  stopped_ = true;
}

}  // namespace splitwan::engine
