#include "engine/chat/chat.hh"

#include <filesystem>

#include "engine/base/json_file.hh"
#include "engine/chat/template.hh"

namespace splitwan::engine {
namespace {

struct Source {
  std::string text, where;
};

Source source_of(const std::string& folder, const Json& config, const std::string& config_path) {
  const std::string file = folder + "/chat_template.jinja";
  if (std::filesystem::exists(file)) return {read_text_file(file), file};
  const std::string where = config_path + ": chat_template";
  const auto stated = config.find("chat_template");
  if (stated == config.end() || stated->is_null())
    throw Error(
        "{}: no chat template: expected chat_template.jinja, or chat_template in tokenizer_config.json",
        folder);
  if (stated->is_string()) return {*stated, where};
  if (stated->is_array())
    for (const Json& one : *stated)
      if (one.is_object() && one.value("name", Json()) == "default" &&
          one.value("template", Json()).is_string())
        return {one["template"], where};
  throw Error("{}: expected a text, or a list with one that is named \"default\"", where);
}

// Special tokens as templates spell them.
void add_tokens(const Json& config, Json& given) {
  for (const char* name : {"bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token"}) {
    const auto token = config.find(name);
    if (token == config.end() || token->is_null()) continue;
    if (token->is_string()) given[name] = *token;
    if (token->is_object() && token->contains("content")) given[name] = (*token)["content"];
  }
}

}  // namespace

std::string chat_prompt(const std::string& folder, const Json& messages, bool add_generation_prompt) {
  const std::string path = folder + "/tokenizer_config.json";
  const Json config = std::filesystem::exists(path) ? read_json_file(path) : Json::object();
  if (!config.is_object()) throw Error("{}: expected an object", path);
  const Source source = source_of(folder, config, path);
  Json given = {{"messages", messages}, {"add_generation_prompt", add_generation_prompt}};
  add_tokens(config, given);
  return chat::Template(source.text, source.where).render(given);
}

Json read_messages(const std::string& path) {
  Json messages = read_json_file(path);
  if (messages.is_object() && messages.contains("messages")) messages = Json(messages["messages"]);
  if (!messages.is_array() || messages.empty())
    throw Error("{}: expected a list of messages, {{\"role\": .., \"content\": ..}} each", path);
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (!messages[i].is_object() || !messages[i].contains("role") || !messages[i]["role"].is_string())
      throw Error("{}: [{}]: expected an object with a role", path, i);
  return messages;
}

}  // namespace splitwan::engine
