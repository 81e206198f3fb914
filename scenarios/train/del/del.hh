// DEL's encoder and decoder, trained without noise by the frozen model's own next-token loss (arXiv
// 2602.11513), from the best start there is: the principal directions of its rows.
#pragma once

#include <functional>

#include "engine/base/json.hh"
#include "scenarios/train/del/del_recipe.hh"

namespace splitwan::scenarios {

// Writes OUTPUT/projection.safetensors and OUTPUT/training.json: perplexities on held-out text with the clean
// rows, the principal directions alone, and the trained maps; how many latents are clamped. Returns the
// latter. `stop` ends it early; what was learned by then is written.
engine::Json train_del(const DelRecipe&, const std::string& output, const std::function<bool()>& stop);

}  // namespace splitwan::scenarios
