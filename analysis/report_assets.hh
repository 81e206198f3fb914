// The report page's files, compiled in by embed.cmake.
#pragma once

#include <string_view>

namespace splitwan::analysis::assets {

extern const std::string_view page_html, style_css, closed_form_js, page_js, blocks_js, charts_js,
    guessing_js, projection_js, uplot_js, uplot_css, uplot_license;

}  // namespace splitwan::analysis::assets
