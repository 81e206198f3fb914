// The report page's files, compiled in by embed.cmake: "page_html" has {{name}} where another's text goes.
#pragma once

#include <span>
#include <string_view>

namespace splitwan::analysis {

struct Asset {
  std::string_view name, text;
};
extern const std::span<const Asset> report_assets;

}  // namespace splitwan::analysis
