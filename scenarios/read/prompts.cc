#include "scenarios/read/prompts.hh"

#include <filesystem>
#include <map>
#include <sstream>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "scenarios/read/read_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;

// A prompt set: {"class": "code", "prompts": ["...", ...]}.
void read_prompt_file(const std::string& path, int limit, std::vector<Prompt>& into) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  r.find("note");
  const auto kind = r.need<std::string>("class");
  const auto texts = r.need<std::vector<std::string>>("prompts");
  r.done();
  for (std::size_t i = 0; i < texts.size() && (limit == 0 || static_cast<int>(i) < limit); ++i) {
    into.push_back({fmt::format("{}-{}", kind, i + 1), kind, texts[i], {}});
  }
}

// Questions as MT-Bench and Spec-Bench have them, JSON lines of {question_id, category, turns: [...]}: the
// first turn, at most `limit` of each category.
void read_question_file(const std::string& path, int limit, std::vector<Prompt>& into) {
  std::map<std::string, int> taken;
  std::istringstream lines(engine::read_text_file(path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    const std::string where = fmt::format("{}: line {}", path, number);
    const Json json = engine::nests_too_deeply(line) ? Json() : Json::parse(line, nullptr, false);
    if (!json.is_object())
      throw Error("{}: expected a question as a JSON object, found {}", where, line.substr(0, 60));
    ObjectReader r(json, where);
    const auto kind = r.need<std::string>("category");
    const Json& turns = r.list("turns");
    if (turns.empty() || !turns[0].is_string())
      throw Error("{}: expected texts, found {}", r.path("turns"), turns.dump().substr(0, 60));
    if (limit > 0 && taken[kind] >= limit) continue;
    into.push_back({fmt::format("{}-{}", kind, ++taken[kind]), kind, turns[0].get<std::string>(), {}});
  }
}

}  // namespace

std::vector<Prompt> read_prompts(const Json& list, int limit, const std::string& file) {
  std::vector<Prompt> prompts;
  const std::string folder = std::filesystem::path(file).parent_path().string();
  if (!list.is_array()) throw Error("{}: prompts: expected a list of prompt files or texts", file);
  for (const Json& item : list) {
    const std::string name = fmt::format("prompt-{}", prompts.size() + 1);
    if (item.is_string() && item.get<std::string>().ends_with(".json")) {
      read_prompt_file(beside(folder, item), limit, prompts);
    } else if (item.is_string() && item.get<std::string>().ends_with(".jsonl")) {
      read_question_file(beside(folder, item), limit, prompts);
    } else if (item.is_object()) {
      ObjectReader r(item, file + ": prompts");
      Prompt p{r.get("name", name), r.get<std::string>("class", "other"), r.get<std::string>("text", ""),
               r.get("ids", std::vector<engine::Token>{})};
      r.done();
      prompts.push_back(std::move(p));
    } else if (item.is_string()) {
      prompts.push_back({name, "other", item, {}});
    } else {
      throw Error(
          "{}: prompts: expected a file name ending in .json or .jsonl, a text or an object, found {}", file,
          item.dump());
    }
  }
  if (prompts.empty()) throw Error("{}: prompts: the list is empty", file);
  // Recordings and summaries find a prompt by its name; two files may hold the same class.
  std::map<std::string, int> named;
  for (Prompt& p : prompts) {
    if (const int before = named[p.name]++; before > 0) p.name += fmt::format(" ({})", before + 1);
  }
  return prompts;
}

}  // namespace splitwan::scenarios
