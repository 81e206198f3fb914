#include "scenarios/read/scenario_options.hh"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "engine/base/units.hh"
#include "scenarios/read/scenario_keys.hh"

namespace splitwan::scenarios {
namespace {

// What is no number stays a text, which the key's reader then refuses.
Json number_of(const std::string& text) {
  const char *begin = text.data(), *end = begin + text.size();
  std::uint64_t whole = 0;
  if (const auto [stop, status] = std::from_chars(begin, end, whole); status == std::errc{} && stop == end)
    return whole;
  char* stop = nullptr;
  const double value = std::strtod(text.c_str(), &stop);
  return stop == end ? Json(value) : Json(text);
}

Json value_of(const std::string& text, Form form) {
  if (form == Form::number) return number_of(text);
  if (form == Form::texts) return engine::split_list(text);
  if (form != Form::numbers) return text;
  Json list = Json::array();
  for (const std::string& item : engine::split_list(text)) list.push_back(number_of(item));
  return list;
}

}  // namespace

CLI::Option* ScenarioOptions::add(CLI::App& command, const std::string& path, const std::string& otherwise) {
  const SchemaKey& key = schema_key(path);
  std::string name = path.substr(path.rfind('.') + 1);  // all of it where there is no dot
  std::replace(name.begin(), name.end(), '_', '-');
  std::string& text = texts_[path] = otherwise;
  // An empty one is a script's unset variable, and would silently mean another run.
  const CLI::Validator not_empty(
      [](const std::string& given) { return given.empty() ? "an empty text" : std::string(); }, "");
  CLI::Option* option =
      command.add_option("--" + name, text, fmt::format("{}: {}", key.help, key.type))->check(not_empty);
  const std::string& usual = otherwise.empty() ? key.otherwise : otherwise;
  if (!usual.empty() && usual != "none") option->default_str(usual);
  return option;
}

void ScenarioOptions::read(Scenario& s, const std::string& where) const {
  Json json = Json::object();
  for (const ScenarioKey& row : scenario_keys()) {
    const auto text = texts_.find(row.about.path);
    if (text == texts_.end() || text->second.empty()) continue;
    const auto dot = row.about.path.find('.');
    Json& object = dot == std::string::npos ? json : json[row.about.path.substr(0, dot)];
    object[dot == std::string::npos ? row.about.path : row.about.path.substr(dot + 1)] =
        value_of(text->second, row.form);
  }
  read_keys(s, json, where);
}

}  // namespace splitwan::scenarios
