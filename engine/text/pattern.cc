#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/text/pattern.hh"

#include <pcre2.h>

#include "engine/base/error.hh"
#include "engine/text/pattern_syntax.hh"

namespace splitwan::engine {
namespace {

std::string message_of(int code) {
  PCRE2_UCHAR buffer[200] = {};
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

}  // namespace

struct Pattern::Code {
  pcre2_code* compiled = nullptr;
  ~Code() { pcre2_code_free(compiled); }
};

Pattern::Pattern(const std::string& expression, std::string where, unsigned options)
    : code_(std::make_unique<Code>()), where_(std::move(where)) {
  int error = 0;
  PCRE2_SIZE at = 0;
  code_->compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                                  PCRE2_UTF | options, &error, &at, nullptr);
  if (!code_->compiled)
    throw Error("{}: '{}' is not understood at byte {}: {}", where_, expression, at, message_of(error));
  pcre2_jit_compile(code_->compiled, PCRE2_JIT_COMPLETE);  // without it (not on every machine) only slower
}

Pattern::Pattern(const std::string& expression, std::string where)
    : Pattern(pcre2_syntax(expression, where), where, PCRE2_UCP) {}
Pattern Pattern::literal(const std::string& text, std::string where) {
  return {text, std::move(where), PCRE2_LITERAL};
}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

std::optional<Extent> Pattern::find(std::string_view text, std::size_t from) const {
  // Per thread: a tokenizer is shared, match data must not be.
  thread_local const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
  while (from <= text.size()) {
    const int found = pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                  from, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) throw Error("{}: matching at byte {} fails: {}", where_, from, message_of(found));
    const PCRE2_SIZE* extent = pcre2_get_ovector_pointer(match.get());
    if (extent[1] > extent[0]) return Extent{extent[0], extent[1]};
    from = extent[1] + 1;
    while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80)
      ++from;  // inside a character
  }
  return std::nullopt;
}

}  // namespace splitwan::engine
