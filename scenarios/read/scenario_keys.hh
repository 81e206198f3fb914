// The table of a scenario's own keys; its network's are network_schema()'s.
#pragma once

#include "scenarios/read/scenario.hh"

namespace splitwan::scenarios {

struct ScenarioReading {
  Scenario& scenario;
  std::string where, folder;  // what errors begin with; where files are sought
  int prompt_limit = 0;       // of each class; 0 = all
};

// What the text of an option means.
enum class Form { text, number, numbers, texts };

struct ScenarioKey {  // "sampling.top_k" is read inside "sampling"
  SchemaKey about;
  std::function<void(ScenarioReading&, engine::ObjectReader&, const std::string& key)> read;
  Form form = Form::text;
};
const std::vector<ScenarioKey>& scenario_keys();
std::vector<ScenarioKey> privacy_keys();  // some of them
std::vector<ScenarioKey> cascade_keys();
std::vector<ScenarioKey> check_keys();
void check_privacy(const Scenario&, const std::string& where);
void check_cascade(const Scenario&, const std::string& where);
void check_checks(const Scenario&, const std::string& where);

}  // namespace splitwan::scenarios
