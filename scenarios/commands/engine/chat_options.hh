// A conversation as the prompt of `generate`: --chat with --system and --user, or --messages.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/text/tokenizer.hh"

namespace splitwan::scenarios {

struct ChatOptions {
  bool on = false;
  std::string system, messages;
  std::vector<std::string> user;
};

// `others`: options that give a prompt otherwise.
void add_chat_options(CLI::App&, ChatOptions&, const std::vector<CLI::Option*>& others);

// What the folder's template makes of it, with the beginning of the answer. Throws Error.
std::string chat_text(const ChatOptions&, const std::string& folder);
// Its tokens: the template spells the first one itself.
std::vector<engine::Token> chat_ids(const std::string& text, const engine::Tokenizer&,
                                    const std::string& folder);

}  // namespace splitwan::scenarios
