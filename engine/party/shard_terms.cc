#include "engine/party/shard_terms.hh"

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {

std::string name_of(PartialForm form) { return form == PartialForm::meu ? "meu" : "o_lse"; }

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
  if (form != "meu" && form != "o_lse")
    throw Error("{}: expected meu or o_lse, found '{}'", r.path("form"), form);
  if (merge != "compnode" && merge != "aggregator")
    throw Error("{}: expected compnode or aggregator, found '{}'", r.path("merge"), merge);
  if (form == "o_lse") t.form = PartialForm::o_lse;
  t.sharding.aggregator = merge == "aggregator";
  return t;
}

}  // namespace splitwan::engine
