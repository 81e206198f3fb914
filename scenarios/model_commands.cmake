find_package(CLI11 REQUIRED)
add_library(splitwan_model_commands STATIC
  ${CMAKE_CURRENT_LIST_DIR}/model_commands.cc ${CMAKE_CURRENT_LIST_DIR}/model_tables.cc)
target_link_libraries(splitwan_model_commands PUBLIC splitwan_analysis CLI11::CLI11)
