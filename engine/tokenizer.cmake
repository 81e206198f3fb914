# Text to token ids and back. No torch.
pkg_check_modules(Pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(Utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

add_library(splitwan_tokenizer STATIC
  ${CMAKE_CURRENT_LIST_DIR}/added_tokens.cc
  ${CMAKE_CURRENT_LIST_DIR}/bpe_model.cc
  ${CMAKE_CURRENT_LIST_DIR}/bpe_tokenizer.cc
  ${CMAKE_CURRENT_LIST_DIR}/gpt2_files.cc
  ${CMAKE_CURRENT_LIST_DIR}/normalizer.cc
  ${CMAKE_CURRENT_LIST_DIR}/pattern.cc
  ${CMAKE_CURRENT_LIST_DIR}/pre_tokenizer.cc
  ${CMAKE_CURRENT_LIST_DIR}/sentencepiece_model.cc
  ${CMAKE_CURRENT_LIST_DIR}/sentencepiece_tokenizer.cc
  ${CMAKE_CURRENT_LIST_DIR}/text_stream.cc
  ${CMAKE_CURRENT_LIST_DIR}/token_decoder.cc
  ${CMAKE_CURRENT_LIST_DIR}/tokenizer.cc
  ${CMAKE_CURRENT_LIST_DIR}/utf8.cc)
target_link_libraries(splitwan_tokenizer
  PUBLIC splitwan_core
  PRIVATE PkgConfig::Pcre2 PkgConfig::Utf8proc)
