#include "scenarios/commands/engine/chat_options.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/chat/chat.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;

void add_chat_options(CLI::App& command, ChatOptions& o, const std::vector<CLI::Option*>& others) {
  auto* chat =
      command.add_flag("--chat", o.on, "answer once, to what the folder's chat template makes of --user");
  for (CLI::Option* other : others) chat->excludes(other);
  command.add_option("--system", o.system, "with --chat: what the model is told to be")->needs(chat);
  auto* user =
      command.add_option("--user", o.user, "with --chat: what is said to it; may be given several times")
          ->take_all()
          ->allow_extra_args(false)
          ->needs(chat);
  command
      .add_option("--messages", o.messages,
                  "with --chat: a JSON file of messages, {\"role\": .., \"content\": ..} each")
      ->needs(chat)
      ->excludes(user);
}

std::string chat_text(const ChatOptions& o, const std::string& folder) {
  if (o.user.empty() && o.messages.empty())
    throw Error("--chat: expected --user TEXT, or --messages FILE, found neither");
  Json messages = o.messages.empty() ? Json::array() : engine::read_messages(o.messages);
  if (!o.system.empty()) {
    Json all = Json::array({{{"role", "system"}, {"content", o.system}}});
    for (const Json& message : messages) all.push_back(message);
    messages = all;
  }
  for (const std::string& said : o.user) messages.push_back({{"role", "user"}, {"content", said}});
  return engine::chat_prompt(folder, messages);
}

std::vector<engine::Token> chat_ids(const std::string& text, const engine::Tokenizer& tokenizer,
                                    const std::string& folder) {
  std::vector<engine::Token> ids = tokenizer.encode(text);
  if (ids.empty()) throw Error("{}: the chat template makes nothing of these messages", folder);
  return ids;
}

}  // namespace splitwan::scenarios
