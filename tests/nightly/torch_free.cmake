# The rooms that need no torch, as their own CMakeLists.txt state them, under the compiler and sanitizers of a project
# of its own: tests/fuzzing and tests/nightly/sanitized. Nothing is compiled that no target asks for.
set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
cmake_path(NORMAL_PATH root)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")  # asserts stay
set(SPLITWAN_NS3 OFF)
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers)
add_compile_definitions(_GLIBCXX_ASSERTIONS SPLITWAN_SOURCE_DIR="${root}")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)

if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  add_compile_options("SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/clang14.hh")
endif()

# As engine/room.cmake, without the rooms that compute.
function(splitwan_room name)
  cmake_parse_arguments(room "TORCH;GLUE" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  if(room_TORCH)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    list(REMOVE_ITEM room_SOURCES random_checkpoint.cc)  # half precision, for benchmarks: see clang14.hh
  endif()
  set(target splitwan_${name})
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${room_SOURCES})
  target_link_libraries(${target} PUBLIC ${room_LINK} PRIVATE ${room_PRIVATE})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  if(target STREQUAL splitwan_base)
    target_precompile_headers(${target} PRIVATE
      <nlohmann/json.hpp> <fmt/format.h> <algorithm> <functional> <map> <memory> <string> <vector>)
  else()
    target_precompile_headers(${target} REUSE_FROM splitwan_base)
  endif()
endfunction()

include_directories(${root} ${CMAKE_BINARY_DIR}/generated)
add_subdirectory(${root}/engine engine EXCLUDE_FROM_ALL)
add_subdirectory(${root}/netsim netsim EXCLUDE_FROM_ALL)
add_subdirectory(${root}/model model EXCLUDE_FROM_ALL)
add_subdirectory(${root}/analysis/summary analysis/summary EXCLUDE_FROM_ALL)
add_subdirectory(${root}/scenarios/imports scenarios/imports EXCLUDE_FROM_ALL)
add_subdirectory(${root}/scenarios/read scenarios/read EXCLUDE_FROM_ALL)
