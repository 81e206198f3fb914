// Every way to guess, by the name that users and traces call it.
#pragma once

#include <memory>
#include <string>

#include "engine/drafters/drafter.hh"
#include "engine/drafters/sampler.hh"

namespace splitwan::engine {

class ModelEnds;

// What drafters may use. The sampler is the one that the target's tokens are drawn with.
struct DrafterTools {
  const Sampler* sampler = nullptr;
  const ModelEnds* draft_model = nullptr;  // all its layers; none = no draft model is there
  int length = 0;                          // positions that the session is planned to reach
  int vocabulary = 0;                      // the target's
};

// By a name such as "ngram-5" or "lookahead-15-5-15"; the message on an unknown one lists them all. Throws
// Error on that, and where the tools lack what the drafter needs.
std::unique_ptr<Drafter> make_drafter(const std::string& name, const DrafterTools&);

// Throws Error on a name that make_drafter does not know.
void check_drafter(const std::string& name);
bool needs_draft_model(const std::string& name);
bool uses_draft_model(const std::string& name);  // where one is there
// One name of every kind, for checks over all of them.
std::vector<std::string> every_drafter(bool with_draft_model);
// Those whose guesses follow from the text alone: what they would gain on a text that is there needs no
// model, so a run with one drafter tells of all of them. Chains of 1 to 16, trees to 64 rows.
std::vector<std::string> text_drafters(bool with_draft_model);
// Those that ask the model about its own guesses.
std::vector<std::string> asking_drafters();

std::unique_ptr<Drafter> make_sequential();

}  // namespace splitwan::engine
