#include "analysis/report/page_file.hh"
#include "analysis/sides/sides.hh"
#include "analysis/sides/sides_assets.hh"

namespace splitwan::analysis {

std::string render_sides_html(const Json& data) {
  std::vector<Asset> parts(sides_assets.begin(), sides_assets.end());
  return page_file("sides_html", std::move(parts), data);
}

}  // namespace splitwan::analysis
