# cmake -DOUT=FILE -DROOT=DIR "-DASSETS=name=path;..." -P embed.cmake
# Writes a C++ file that defines each asset as a std::string_view.
set(text "// Generated from analysis/report/page and analysis/vendor by embed.cmake.\n#include \"analysis/report/report_assets.hh\"\n\n")
string(APPEND text "namespace splitwan::analysis::assets {\n")
foreach(asset IN LISTS ASSETS)
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${asset}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${ROOT}/${CMAKE_MATCH_2}" content)
  string(APPEND text "const std::string_view ${name} = R\"__asset__(${content})__asset__\";\n")
endforeach()
string(APPEND text "}  // namespace splitwan::analysis::assets\n")
file(WRITE "${OUT}" "${text}")
