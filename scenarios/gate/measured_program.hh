// The two programs that are compared, and what they are asked to run.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;

// The `splitwan` that PATH is, or that lies in it or in its `build`. Throws Error naming it and what was
// looked for.
std::string program_at(const std::string& path);

// Beside a `splitwan`: what runs models. Throws Error when it is not there.
std::string engine_beside(const std::string& program);

// KEY=VALUE, to be set: one cell of the scenario, its first drafter and prompt, so many tokens, an ideal
// link.
std::vector<std::string> sample_of(const Json& scenario, std::size_t tokens);

// In words: "ngram, 16 tokens".
std::string sample_text(const Json& scenario, std::size_t tokens);

}  // namespace splitwan::scenarios
