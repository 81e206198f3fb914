#include "scenarios/console/result.hh"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/base/output_file.hh"

namespace splitwan::scenarios {

void show_result(const std::string& output, bool json, const engine::Json& result, const std::string& table) {
  const std::string text = result.dump(2) + "\n";
  if (!output.empty()) engine::write_file(output, text);
  if (output == "-") return;
  const std::string& shown = json ? text : table;
  std::fwrite(shown.data(), 1, shown.size(), stdout);
}

}  // namespace splitwan::scenarios
