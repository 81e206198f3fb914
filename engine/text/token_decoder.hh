// The "decoder" of a Hugging Face tokenizer.json: the tokens' texts to the text.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::engine {

using TokenDecoder = std::function<std::string(std::vector<std::string> tokens)>;  // gives valid UTF-8

// `where` is the file and key, for errors. `bytes`: the texts are bytes already, not GPT-2's alphabet. Throws
// Error for a kind that is not implemented.
TokenDecoder make_token_decoder(const Json& description, const std::string& where, bool bytes);

// The texts are bytes already (byte-level vocabularies): joined as they are.
std::string join_bytes(const std::vector<std::string>& tokens);

}  // namespace splitwan::engine
