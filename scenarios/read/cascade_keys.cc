#include "engine/base/error.hh"
#include "scenarios/read/scenario_keys.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using Reading = ScenarioReading;

template <typename Use>
auto cascade_key(Use use) {
  return [use](Reading& t, ObjectReader& r, const std::string& key) {
    if (!r.find(key)) return;
    use(t.scenario.cascade, r, key);
  };
}

int whole_number(ObjectReader& r, const std::string& key, int least, int most) {
  const int value = r.need<int>(key);
  if (value < least || value > most)
    throw Error("{}: expected {} to {}, found {}", r.path(key), least, most, value);
  return value;
}

}  // namespace

std::vector<ScenarioKey> cascade_keys() {
  return {
      {{"cascade.alpha", "2 to 16", "none",
        "shards of tokens: so many CompNodes and its square of AttnNodes compute the layers between the "
        "client's "
        "(then split.head and split.tail are 0 unless said)"},
       // Read wherever the object is: it must be there.
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.scenario.cascade.on = true;
         t.scenario.head_layers = t.scenario.tail_layers = 0;  // unless "split" says so
         t.scenario.cascade.terms.sharding.alpha = whole_number(r, key, 2, 16);
       },
       Form::number},
      {{"cascade.cluster", "1 to 64", "1", "tokens of a shard that stay together (c)"},
       cascade_key([](CascadeChoice& c, ObjectReader& r, const std::string& key) {
         c.terms.sharding.cluster = whole_number(r, key, 1, 64);
       }),
       Form::number},
      {{"cascade.form", "meu or o_lse", "meu",
        "what a partial result says of each head: (m, e, u) or (o, lse)"},
       cascade_key([](CascadeChoice& c, ObjectReader& r, const std::string& key) {
         c.terms.form = engine::partial_form_named(r.need<std::string>(key), r.path(key));
       })},
      {{"cascade.merge", "compnode or aggregator", "compnode",
        "who merges partial results: the CompNodes, or a party more that sees them all"},
       cascade_key([](CascadeChoice& c, ObjectReader& r, const std::string& key) {
         const auto word = r.need<std::string>(key);
         if (word != "compnode" && word != "aggregator")
           throw Error("{}: expected compnode or aggregator, found '{}'", r.path(key), word);
         c.terms.sharding.aggregator = word == "aggregator";
       })},
      {{"cascade.public_prefix", "0 to 64", "0",
        "times alpha * cluster tokens of a public text before each prompt, so that no partial result is over "
        "few "
        "secret keys"},
       cascade_key([](CascadeChoice& c, ObjectReader& r, const std::string& key) {
         c.public_prefix = whole_number(r, key, 0, 64);
       }),
       Form::number},
  };
}

void check_cascade(const Scenario& s, const std::string& where) {
  if (!s.cascade.on) return;
  const auto refuse = [&](const std::string& key, const std::string& why) {
    throw Error("{}: {}: {} where tokens are sharded (cascade)", where, key, why);
  };
  if (!row_of(s.network.kind).splits)
    refuse("network: kind", "nothing is sent on " + std::string(name_of(s.network.kind)));
  if (!s.network.addresses.empty() && !row_of(s.network.kind).takes_server)
    throw Error("{}: network: addresses: nodes that are there already need kind \"{}\", found \"{}\"", where,
                network_kinds_text(&NetworkRow::takes_server), name_of(s.network.kind));
  if (!s.network.server.empty()) refuse("network: server", "expected \"addresses\" of all nodes");
  if (s.wire->name() != "f32" && s.wire->name() != "f16")
    refuse("wire", fmt::format("expected f32 or f16, found {}", s.wire->name()));
  if (s.wire->name() == "f16" && s.cascade.terms.form == engine::PartialForm::meu)
    throw Error("{}: cascade: form: in f16 the sums of (m, e, u) overflow: expected o_lse beside it", where);
  if (!s.defences.empty())
    refuse(s.defences.to_json().begin().key(), "rows cross as they are: expected no such key");
  if (s.privacy.on()) refuse("privacy", "expected no mechanism");
  if (s.place.is_aten()) refuse("device", fmt::format("expected cpu, found {}", s.place.device.str()));
  if (s.compute.starts_with("profile:"))
    refuse("compute", "a profile states the rows of two parties: expected another");
}

}  // namespace splitwan::scenarios
