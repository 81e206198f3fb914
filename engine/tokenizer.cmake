# Text to token ids and back. No torch.
pkg_check_modules(SentencePiece REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(Pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(Utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

add_library(splitwan_tokenizer STATIC
  ${CMAKE_CURRENT_LIST_DIR}/sentencepiece_tokenizer.cc)
target_link_libraries(splitwan_tokenizer
  PUBLIC splitwan_core
  PRIVATE PkgConfig::SentencePiece PkgConfig::Pcre2 PkgConfig::Utf8proc)
