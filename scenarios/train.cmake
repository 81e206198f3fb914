# The trainer. The only part of the project that differentiates.
find_package(CLI11 REQUIRED)

add_library(splitwan_train STATIC
  ${CMAKE_CURRENT_LIST_DIR}/train.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_agreement.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_command.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_data.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_kernels.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_lessons.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_model.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_ops.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_progress.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_recipe.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_state.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_step.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_teacher.cc
  ${CMAKE_CURRENT_LIST_DIR}/train_vocabulary.cc)
# Sums may be reordered where a loop says so (omp simd); of the rest of -ffast-math only what vectorises max and exp.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/train_kernels.cc
  PROPERTIES COMPILE_OPTIONS "-O3;-fopenmp-simd;-fno-math-errno;-fno-trapping-math;-ffinite-math-only")
target_link_libraries(splitwan_train
  PUBLIC splitwan_console splitwan_tokenizer splitwan_kernels CLI11::CLI11 ${TORCH_LIBRARIES}
  PRIVATE ${CMAKE_DL_LIBS})
