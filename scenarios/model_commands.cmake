find_package(CLI11 REQUIRED)
add_library(splitwan_model_commands STATIC
  ${CMAKE_CURRENT_LIST_DIR}/model_commands.cc ${CMAKE_CURRENT_LIST_DIR}/fit_command.cc
  ${CMAKE_CURRENT_LIST_DIR}/traffic_command.cc
  ${CMAKE_CURRENT_LIST_DIR}/project_command.cc ${CMAKE_CURRENT_LIST_DIR}/model_question.cc
  ${CMAKE_CURRENT_LIST_DIR}/model_tables.cc ${CMAKE_CURRENT_LIST_DIR}/projection_tables.cc)
target_link_libraries(splitwan_model_commands PUBLIC splitwan_analysis splitwan_console CLI11::CLI11)
