# Writes splitwan_build.hh, touching it only when something changed. Run at every build.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#pragma once
constexpr auto build_version = "@VERSION@";
constexpr auto build_commit = "@commit@";
constexpr auto build_type = "@BUILD_TYPE@";
]])
