// Tokenizer files are written for Oniguruma; PCRE2 reads most of its syntax and means something else by a
// part of it.
#pragma once

#include <string>

namespace splitwan::engine {

// The expression as PCRE2 has to read it: classes within classes and their intersections, \h (a hexadecimal
// digit), \s and \w and \b by Oniguruma's idea of spaces and words, ^ and $ at every line. Throws Error
// naming `where` and the construct that has no equal.
std::string pcre2_syntax(const std::string& oniguruma, const std::string& where);

}  // namespace splitwan::engine
