#include "scenarios/read/scenario_keys.hh"

#include "engine/base/error.hh"
#include "engine/privacy/del_weights.hh"
#include "scenarios/read/read_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using Reading = ScenarioReading;

auto file(std::string PrivacyChoice::*member) {
  return [member](Reading& t, ObjectReader& r, const std::string& key) {
    if (r.find(key)) t.scenario.privacy.*member = beside(t.folder, r.need<std::string>(key));
  };
}

// Reads a text; `use` throws on one that it does not know.
template <typename Use>
auto text(Use use) {
  return [use](Reading& t, ObjectReader& r, const std::string& key) {
    read_text(r, key, [&](const std::string& given) { use(t.scenario.privacy, given); });
  };
}

void set_soft_prompt(PrivacyChoice& p, const std::string& kind) {
  engine::soft_prompt_file({}, kind);
  p.soft_prompt = kind;
}

void set_generated(PrivacyChoice& p, const std::string& word) {
  if (word != "mechanism" && word != "exposed")
    throw Error("'{}': expected \"mechanism\" or \"exposed\"", word);
  p.generated = word == "mechanism";
}

}  // namespace

std::vector<ScenarioKey> privacy_keys() {
  return {
      {{"privacy.maps", "folder", "none",
        "of DEL's encoder and decoder: rows go through the binomial mechanism (demo-del)"},
       file(&PrivacyChoice::maps)},
      {{"privacy.mu", "number above 0", "1", "of the mechanism, for one row: less is more noise"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.scenario.privacy.mu = r.get(key, t.scenario.privacy.mu);
       },
       Form::number},
      {{"privacy.bits", "1 to 16", "4", "of a coordinate on the wire"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.scenario.privacy.bits = r.get(key, t.scenario.privacy.bits);
       },
       Form::number},
      {{"privacy.trust", "ours or \"as published\"", "ours",
        "who holds what: ours: the first layers, the last ones and the head stay here; as published: the "
        "server holds everything and sends text"},
       text([](PrivacyChoice& p, const std::string& name) { p.trust = engine::trust_named(name); })},
      {{"privacy.soft_prompt", "none, clean, noisy or noiseless", "none",
        "trained rows that the server puts before the prompt: how the continuation was in training, or no "
        "noise at all"},
       text(set_soft_prompt)},
      {{"privacy.generated", "mechanism or exposed", "mechanism",
        "generated tokens' rows: through the mechanism too, or as they are, which is counted as exposed"},
       text(set_generated)},
      {{"privacy.cap", "number, 0 or above", "0", "the longest latent as the server reads it; 0: any"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         if (r.find(key)) t.scenario.privacy.cap = r.number(key, 0, 1e9);
       },
       Form::number},
      {{"privacy.budget", "file", "none", "that rows are charged to before they are sent (splitwan privacy)"},
       file(&PrivacyChoice::budget)},
  };
}

void check_privacy(const Scenario& s, const std::string& where) {
  const PrivacyChoice &p = s.privacy, usual;
  if (!p.on()) {
    const bool asked = p.mu != usual.mu || p.bits != usual.bits || p.trust != usual.trust ||
                       p.cap != usual.cap || p.soft_prompt != usual.soft_prompt ||
                       p.generated != usual.generated || !p.budget.empty();
    if (asked) throw Error("{}: privacy: expected the key \"maps\" beside the others", where);
    return;
  }
  if (!row_of(s.network.kind).splits)
    throw Error("{}: privacy: nothing is sent on the network {}", where, name_of(s.network.kind));
  engine::check({.mu = p.mu, .bits = p.bits}, where + ": privacy");
  if (s.compute.starts_with("profile:"))
    throw Error(
        "{}: compute: a profile states the bytes of plain rows, not of a mechanism's: expected another",
        where);
  const bool sequential = s.decode == std::vector<std::string>{"sequential"};
  if (p.trust == engine::Trust::ours && !p.generated && !sequential)
    throw Error(
        "{}: privacy: generated: exposed: guesses are made of the prompt: expected decode \"sequential\", "
        "found \"{}\"",
        where, fmt::join(s.decode, ", "));
  if (p.trust != engine::Trust::published) return;
  if (!sequential)
    throw Error(
        "{}: privacy: trust: as published, the server generates: expected decode \"sequential\", found "
        "\"{}\"",
        where, fmt::join(s.decode, ", "));
  if (!s.defences.empty())
    throw Error("{}: privacy: trust: as published, rows have the mechanism alone: expected no {}", where,
                s.defences.to_json().begin().key());
}

}  // namespace splitwan::scenarios
