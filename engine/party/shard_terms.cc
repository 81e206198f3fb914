#include "engine/party/shard_terms.hh"

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {

std::string name_of(PartialForm form) { return form == PartialForm::meu ? "meu" : "o_lse"; }

PartialForm partial_form_named(const std::string& name, const std::string& where) {
  for (const auto form : {PartialForm::meu, PartialForm::o_lse})
    if (name == name_of(form)) return form;
  throw Error("{}: expected meu or o_lse, found '{}'", where, name);
}

Json to_json(const ShardTerms& t) {
  return {{"alpha", t.sharding.alpha},
          {"cluster", t.sharding.cluster},
          {"form", name_of(t.form)},
          {"merge", t.sharding.aggregator ? "aggregator" : "compnode"}};
}

ShardTerms shard_terms_of(const Json& json, const std::string& where) {
  constexpr int most_shards = 16, longest_cluster = 4096;
  ObjectReader r(json, where);
  ShardTerms t;
  t.sharding.alpha = r.whole("alpha", 1, most_shards);
  if (r.find("cluster")) t.sharding.cluster = r.whole("cluster", 1, longest_cluster);
  const auto form = r.get<std::string>("form", "meu"), merge = r.get<std::string>("merge", "compnode");
  r.done();
  t.form = partial_form_named(form, r.path("form"));
  if (merge != "compnode" && merge != "aggregator")
    throw Error("{}: expected compnode or aggregator, found '{}'", r.path("merge"), merge);
  t.sharding.aggregator = merge == "aggregator";
  return t;
}

}  // namespace splitwan::engine
