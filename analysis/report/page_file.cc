#include "analysis/report/page_file.hh"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

// Replaces each {{name}} once, left to right: what is put in is not searched again.
std::string fill(std::string_view page, const std::vector<Asset>& parts) {
  std::string out;
  while (true) {
    const auto begin = page.find("{{"), end = page.find("}}");
    if (begin == page.npos) return out.append(page);
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    out.append(page.substr(0, begin));
    for (const auto& [key, text] : parts) {
      if (key == name) out.append(text);
    }
    page.remove_prefix(end + 2);
  }
}

// Inside a script element only '<' could end it; JSON has it in strings alone.
std::string for_script(const Json& data) {
  std::string text;
  for (const char c : data.dump(-1, ' ', true)) c == '<' ? text += "\\u003c" : text += c;
  return text;
}

}  // namespace

std::string page_file(std::string_view name, std::vector<Asset> parts, const Json& data) {
  const std::string carried = for_script(data);
  parts.insert(parts.end(), report_assets.begin(), report_assets.end());
  parts.push_back({"data", carried});
  const auto page = std::ranges::find(parts, name, &Asset::name);
  if (page == parts.end()) throw engine::Error("no page is called {}", name);
  return fill(page->text, parts);
}

}  // namespace splitwan::analysis
