#include "engine/text/tokenizer_folder.hh"

#include <algorithm>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {
namespace {

// A token in tokenizer_config.json is a text, or an object that has one.
std::string content_of(const Json& token, const std::string& where) {
  if (token.is_null()) return "";
  if (token.is_string()) return token;
  if (token.is_object() && token.contains("content") && token["content"].is_string()) return token["content"];
  throw Error("{}: expected a token's text, found {}", where, token.dump().substr(0, 80));
}

std::string known_value(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  return found == json.end() ? "" : content_of(*found, where + ": " + key);
}

std::optional<bool> flag(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return {};
  if (!found->is_boolean())
    throw Error("{}: {}: expected true or false, found {}", where, key, found->dump().substr(0, 80));
  return found->get<bool>();
}

Token id_in(const std::string& text, const std::string& where) {
  Token id = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9' || id >= most_tokens / 10) id = most_tokens;
    if (id < most_tokens) id = 10 * id + (digit - '0');
  }
  if (text.empty() || id >= most_tokens)
    throw Error("{}: expected an id of 0 to {}, found '{}'", where, most_tokens - 1, text);
  return id;
}

void read_added_tokens(const std::string& path, std::map<Token, AddedToken>& added) {
  const Json json = read_json_file(path);
  if (!json.is_object()) throw Error("{}: expected an object of token to id", path);
  for (const auto& [content, id] : json.items()) {
    if (!id.is_number_unsigned() || id >= most_tokens)
      throw Error("{}: '{}': expected an id of 0 to {}, found {}", path, content, most_tokens - 1, id.dump());
    added[id.get<Token>()] = {.id = id.get<Token>(), .content = content};
  }
}

// Classes whose fast form puts the first token before a text unless it is told not to, whatever the
// post-processor.
bool begins_by_itself(const std::string& tokenizer_class) {
  return tokenizer_class.starts_with("Llama") || tokenizer_class.starts_with("CodeLlama") ||
         tokenizer_class.starts_with("Gemma");
}

}  // namespace

TokenizerFolder::TokenizerFolder(const std::string& folder) {
  const auto in_folder = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  std::map<Token, AddedToken> by_id;
  if (const auto path = in_folder("added_tokens.json"); std::filesystem::exists(path))
    read_added_tokens(path, by_id);
  const std::string path = in_folder("tokenizer_config.json");
  if (std::filesystem::exists(path)) {
    stated = true;
    const Json json = read_json_file(path);
    if (!json.is_object()) throw Error("{}: expected an object", path);
    std::vector<std::string> control;
    for (const char* name :
         {"bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"})
      control.push_back(known_value(json, name, path));
    bos = control[0], eos = control[1];
    if (const auto more = json.find("additional_special_tokens"); more != json.end() && more->is_array())
      for (const Json& token : *more)
        control.push_back(content_of(token, path + ": additional_special_tokens"));
    if (const auto decoder = json.find("added_tokens_decoder");
        decoder != json.end() && !decoder->is_null()) {
      if (!decoder->is_object()) throw Error("{}: added_tokens_decoder: expected an object", path);
      for (const auto& [id, token] : decoder->items()) {
        const std::string where = path + ": added_tokens_decoder: " + id;
        Json whole = token;
        if (!whole.is_object()) throw Error("{}: expected an object, found {}", where, whole.type_name());
        whole["id"] = id_in(id, where);
        const AddedToken read = read_added_token(whole, where);
        by_id[read.id] = read;
      }
    }
    for (auto& [id, token] : by_id)
      token.special |= std::ranges::find(control, token.content) != control.end() && !token.content.empty();
    const std::string kind = known_value(json, "tokenizer_class", path);
    begins = flag(json, "add_bos_token", path);
    ends = flag(json, "add_eos_token", path);
    if (!begins && begins_by_itself(kind)) begins = true;
    if (begins && !ends) ends = false;
    prefix_once = !flag(json, "legacy", path).value_or(begins_by_itself(kind));
  } else {
    prefix_once = true;
  }
  for (auto& [id, token] : by_id) added.push_back(std::move(token));
}

std::optional<TextFrame> TokenizerFolder::frame(const std::optional<TextFrame>& post_processor,
                                                const std::function<Token(const std::string&)>& id_of) const {
  if (!begins && !ends) {
    if (post_processor || !stated) return post_processor;
    return TextFrame{};
  }
  TextFrame frame;
  const auto token = [&](const std::string& spelled) {
    return spelled.empty() ? std::vector<Token>{} : std::vector<Token>{id_of(spelled)};
  };
  if (begins.value_or(false)) frame.before = token(bos);
  if (ends.value_or(false)) frame.after = token(eos);
  if (!begins && post_processor) frame.before = post_processor->before;
  std::erase(frame.before, -1);
  std::erase(frame.after, -1);
  return frame;
}

std::optional<TextFrame> read_post_processor(const Json& description, const std::string& where) {
  if (description.is_null()) return {};
  ObjectReader reader(description, where);
  const auto type = reader.need<std::string>("type");
  if (type == "ByteLevel") return {};  // of reported offsets, not of ids
  TextFrame frame;
  if (type == "Sequence") {
    const Json& list = reader.list("processors");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto one = read_post_processor(list[i], fmt::format("{}.processors[{}]", where, i));
      if (!one) continue;
      frame.before.insert(frame.before.begin(), one->before.begin(), one->before.end());
      frame.after.insert(frame.after.end(), one->after.begin(), one->after.end());
    }
    return frame;
  }
  if (type != "TemplateProcessing") throw Error("{}: type '{}' is not implemented", where, type);
  const Json tokens = reader.get<Json>("special_tokens", Json::object());
  bool behind = false;
  for (const Json& item : reader.list("single")) {
    if (item.is_object() && item.contains("Sequence")) {
      if (std::exchange(behind, true)) throw Error("{}.single: a text twice is not implemented", where);
      continue;
    }
    const auto token = item.is_object() ? item.find("SpecialToken") : item.end();
    if (token == item.end() || !token->is_object() || !token->contains("id") || !(*token)["id"].is_string())
      throw Error("{}.single: expected a Sequence or a SpecialToken, found {}", where,
                  item.dump().substr(0, 80));
    ObjectReader known(tokens, where + ".special_tokens");
    ObjectReader entry = known.child((*token)["id"].get<std::string>());
    const auto ids = entry.need<std::vector<Token>>("ids");
    auto& part = behind ? frame.after : frame.before;
    part.insert(part.end(), ids.begin(), ids.end());
  }
  return frame;
}

}  // namespace splitwan::engine
