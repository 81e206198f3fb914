#include "engine/privacy/mechanism_terms.hh"

#include "engine/base/json_file.hh"

namespace splitwan::engine {

Json to_json(const MechanismTerms& t) {
  Json json = to_json(t.spec);
  json["cap"] = t.cap;
  json["soft_prompt"] = t.soft_prompt;
  return json;
}

MechanismTerms mechanism_terms_of(ObjectReader r) {
  MechanismTerms t;
  t.cap = r.number("cap", 0, 1e9);
  t.soft_prompt = r.need<std::string>("soft_prompt");
  t.spec = binomial_spec_of(std::move(r));
  return t;
}

std::string_view name_of(Trust trust) { return trust == Trust::ours ? "ours" : "as published"; }

Trust trust_named(const std::string& name) {
  for (const Trust trust : {Trust::ours, Trust::published})
    if (name == name_of(trust)) return trust;
  throw Error("'{}': expected \"ours\" or \"as published\"", name);
}

}  // namespace splitwan::engine
