// The report page's files, compiled in by embed.cmake.
#pragma once

#include <string_view>

namespace splitwan::analysis::assets {

extern const std::string_view page_html, style_css, connection_js, closed_form_js, blocks_js, charts_js,
    guessing_js, sliders_js, projection_js, validation_js, privacy_chart_js, privacy_js, defences_js, page_js,
    uplot_js, uplot_css, uplot_license;

}  // namespace splitwan::analysis::assets
