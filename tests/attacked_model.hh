// A small model to attack: random weights, and text that it continues.
#pragma once

#include "analysis/attacks/corpus.hh"
#include "tests/fixtures.hh"

namespace splitwan::tests {

struct AttackedModel {
  explicit AttackedModel(const engine::Json& config = engine::Json::object()) {
    write_random_model(folder.string(), config);
    pieces.emplace(folder.string());
  }
  TemporaryFolder folder;
  std::optional<attacks::Pieces> pieces;
};

inline attacks::Prompted prompt_of(std::vector<engine::Token> ids) {
  std::vector<bool> names(ids.size());
  return {std::move(ids), std::move(names)};
}

inline const std::vector<engine::Token> some_prompt = {1, 17, 33, 80, 17, 5, 64, 17, 33, 9};

}  // namespace splitwan::tests
