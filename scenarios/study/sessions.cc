#include "scenarios/study/sessions.hh"

#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {
namespace {

Scenario session(const DelOptions& o, const SessionKind& kind) {
  Scenario s;
  s.name = o.name;
  s.model = o.model;
  s.wire = kind.wire;
  s.head_layers = kind.maps.empty() ? 2 : kind.depth;
  s.tail_layers = kind.maps.empty() ? 2 : o.tail;
  if (!kind.maps.empty()) {
    s.privacy.maps = kind.maps;
    s.privacy.mu = kind.spec.mu, s.privacy.bits = kind.spec.bits;
    s.privacy.trust = o.trust;
    s.privacy.soft_prompt = kind.soft_prompt;
    s.privacy.cap = o.cap;
  }
  s.stop_at_eos = s.rehearse = false;
  s.seed = o.seed;
  return s;
}

Outcome answer(const Scenario& s, Resources& resources, std::span<const engine::Token> prompt) {
  const Prompt named{"prompt", "other", "", {prompt.begin(), prompt.end()}};
  return run_prompt(s, resources, "sequential", named, prompt);
}

}  // namespace

double first_token_s(const DelOptions& o, Resources& resources, const SessionKind& kind,
                     const std::string& link, std::span<const engine::Token> prompt) {
  Scenario s = session(o, kind);
  s.network = parse_link(link);
  s.max_new_tokens = 1;
  return engine::seconds(answer(s, resources, prompt).generation.prefill);
}

std::vector<engine::Token> continuation(const DelOptions& o, Resources& resources, const SessionKind& kind,
                                        std::span<const engine::Token> prompt) {
  Scenario s = session(o, kind);
  s.network.kind = network_kind_for(Unnamed::split_here);
  s.max_new_tokens = o.continuation_tokens;
  return answer(s, resources, prompt).generation.output;
}

}  // namespace splitwan::scenarios
