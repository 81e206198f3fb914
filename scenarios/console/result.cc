#include "scenarios/console/result.hh"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/base/output_file.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::scenarios {

void print_lines(const std::string& text) {
  const std::string lines = engine::whole_lines(text);
  std::fwrite(lines.data(), 1, lines.size(), stdout);
}

void show_result(const std::string& output, bool json, const engine::Json& result, const std::string& table) {
  const std::string text = result.dump(2) + "\n";
  if (!output.empty()) engine::write_file(output, text);
  if (output == "-") return;
  if (json)
    std::fwrite(text.data(), 1, text.size(), stdout);
  else
    print_lines(table);
}

}  // namespace splitwan::scenarios
