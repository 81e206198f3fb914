// What a folder's chat template makes of a conversation: the prompt that the model was trained on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::engine {

// chat_template.jinja, or `chat_template` of tokenizer_config.json (of several the one named "default").
// `messages`: a list of {role, content, ..}. Throws Error naming file and key: where there is none, where the
// template does not know such a conversation.
std::string chat_prompt(const std::string& folder, const Json& messages, bool add_generation_prompt = true);

// A list of messages as users give it: each an object with a role. Throws Error naming `where`.
Json read_messages(const std::string& path);

}  // namespace splitwan::engine
