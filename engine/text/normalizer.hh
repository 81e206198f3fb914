// The "normalizer" of a Hugging Face tokenizer.json: text to text, before anything else looks at it.
#pragma once

#include <functional>
#include <string>

#include "engine/base/json.hh"

namespace splitwan::engine {

using TextMap = std::function<std::string(std::string)>;  // of valid UTF-8

// `where` is the file and key, for errors. Throws Error for a kind that is not implemented.
TextMap make_normalizer(const Json& description, const std::string& where);

// Its building block, which decoders and Metaspace share: {"String": ...} or {"Regex": ...}.
class Pattern;
Pattern make_pattern(const Json& description, const std::string& where);

}  // namespace splitwan::engine
