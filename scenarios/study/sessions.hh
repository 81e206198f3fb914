// What only real sessions tell: when the first token comes over a link, and what text comes.
#pragma once

#include "scenarios/run/run_scenario.hh"
#include "scenarios/study/del_options.hh"

namespace splitwan::scenarios {

// A session of the study's model; `maps` empty: none of the mechanism.
struct SessionKind {
  std::string maps = {};
  engine::BinomialSpec spec = {};
  int depth = 0;
  std::string soft_prompt = "none";
  const engine::Codec* wire = &engine::lossless_codec();
};

// Seconds to the first token of `prompt`, inside ns-3, virtual time.
double first_token_s(const DelOptions&, Resources&, const SessionKind&, const std::string& link,
                     std::span<const engine::Token> prompt);
// What the session answers.
std::vector<engine::Token> continuation(const DelOptions&, Resources&, const SessionKind&,
                                        std::span<const engine::Token> prompt);

}  // namespace splitwan::scenarios
