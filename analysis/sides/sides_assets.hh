// What this room's page has beside the report's own files, compiled in by embed.cmake.
#pragma once

#include "analysis/report/report_assets.hh"

namespace splitwan::analysis {

extern const std::span<const Asset> sides_assets;

}  // namespace splitwan::analysis
