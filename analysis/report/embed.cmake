# cmake -DOUT=FILE -DROOM=NAME -DROOT=DIR "-DASSETS=name=path;..." -P embed.cmake
# Writes a C++ file with the assets' names and texts.
set(text "// Generated from analysis/${ROOM}/page and analysis/vendor by embed.cmake.\n#include \"analysis/${ROOM}/${ROOM}_assets.hh\"\n\n")
string(APPEND text "namespace splitwan::analysis {\nnamespace {\nconst Asset all[] = {\n")
foreach(asset IN LISTS ASSETS)
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${asset}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${ROOT}/${CMAKE_MATCH_2}" content)
  string(APPEND text "{\"${name}\", R\"__asset__(${content})__asset__\"},\n")
endforeach()
string(APPEND text "};\n}  // namespace\nconst std::span<const Asset> ${ROOM}_assets = all;\n}  // namespace splitwan::analysis\n")
file(WRITE "${OUT}" "${text}")
