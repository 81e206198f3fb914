// The model of sharded tokens as a file, read strictly.
#include <cmath>
#include <limits>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "model/fit/cascade_model.hh"

namespace splitwan::model {

using engine::Error;
using engine::ObjectReader;

std::string name_of(NodeWork kind) {
  constexpr const char* names[] = {"first", "inner", "last", "attend", "merge"};
  return names[static_cast<std::size_t>(kind)];
}

namespace {

Json table_json(const WorkTable& table) {
  Json rows = Json::array(), seconds = Json::array();
  for (const auto& [at, s] : table.by_rows) rows.push_back(at), seconds.push_back(s);
  return {{"rows", rows}, {"seconds", seconds}, {"per_key_s", table.per_key_s}};
}

WorkTable table_of(ObjectReader r) {
  WorkTable table;
  const auto rows = r.need<std::vector<double>>("rows"), seconds = r.need<std::vector<double>>("seconds");
  if (rows.size() != seconds.size())
    throw Error("{}: expected as many seconds as rows, found {} and {}", r.where(), seconds.size(),
                rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(rows[i] >= 0 && seconds[i] >= 0)) throw Error("{}: expected 0 or more", r.where());
    table.by_rows[rows[i]] = seconds[i];
  }
  table.per_key_s = r.number("per_key_s", 0, 1);
  r.done();
  return table;
}

Json range_json(const Range& r) {
  const auto number = [](double v) { return std::isinf(v) ? Json() : Json(v); };
  return {{"low", number(r.low)}, {"high", number(r.high)}};
}

Range range_of(ObjectReader r) {
  const auto number = [&](const char* key) {
    return r.at(key).is_null() ? std::numeric_limits<double>::infinity() : r.need<double>(key);
  };
  const Range range{number("low"), number("high")};
  r.done();
  return range;
}

ShardShape shape_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  ShardShape s{r.need<std::string>("drafter"), r.whole<std::uint32_t>("rows", 1, 4096),
               r.whole<std::uint32_t>("levels", 1, 4096), r.number("tokens_per_step", 1, 4096),
               r.need<std::size_t>("steps")};
  r.done();
  return s;
}

}  // namespace

Json to_json(const CascadeModel& m) {
  Json nodes = Json::object(), spread = Json::object(), shapes = Json::array();
  for (std::size_t kind = 0; kind < node_works; ++kind) {
    if (m.node[kind].by_rows.empty()) continue;
    const std::string name = name_of(static_cast<NodeWork>(kind));
    nodes[name] = table_json(m.node[kind]);
    if (!m.spread[kind].empty()) spread[name] = m.spread[kind];
  }
  for (const ShardShape& s : m.shapes)
    shapes.push_back({{"drafter", s.drafter},
                      {"rows", s.rows},
                      {"levels", s.levels},
                      {"tokens_per_step", s.tokens_per_step},
                      {"steps", s.steps}});
  Json j = {{"schema_version", cascade_model_schema_version},
            {"kind", cascade_model_kind},
            {"fitted_on", m.source},
            {"runs", m.runs},
            {"steps", m.steps},
            {"alphas", m.alphas},
            {"clusters", m.clusters},
            {"ranges",
             {{"rtt_s", range_json(m.rtt_s)},
              {"up_bps", range_json(m.up_bps)},
              {"down_bps", range_json(m.down_bps)},
              {"rows", range_json(m.rows)}}},
            {"usual_link", to_json(m.usual)},
            {"prompt_rows", m.prompt_rows},
            {"initial_window_segments", m.initial_window},
            {"shapes", shapes},
            {"nodes", nodes},
            {"nodes_recorded", !m.inferred},
            {"spread", spread},
            {"client",
             {{"lead", table_json(m.lead)}, {"tail", table_json(m.tail)}, {"draft", table_json(m.draft)}}}};
  for (const auto& [key, value] : m.validation.items()) j[key] = value;
  return j;
}

bool is_cascade_model(const Json& json) {
  return json.is_object() && json.value("kind", Json()) == cascade_model_kind;
}

CascadeModel cascade_model_of(const Json& json, const std::string& name) {
  ObjectReader r(json, name);
  if (const int version = r.need<int>("schema_version"); version != cascade_model_schema_version)
    throw Error("{}: schema version {}, this build reads {}", name, version, cascade_model_schema_version);
  r.find("kind");
  CascadeModel m;
  m.source = r.need<Json>("fitted_on");
  m.runs = r.need<std::size_t>("runs");
  m.steps = r.need<std::size_t>("steps");
  for (const auto& [key, into] : {std::pair{"alphas", &m.alphas}, {"clusters", &m.clusters}})
    for (const int value : r.need<std::vector<int>>(key)) into->insert(value);
  ObjectReader ranges = r.child("ranges");
  for (const auto& [key, into] :
       {std::pair{"rtt_s", &m.rtt_s}, {"up_bps", &m.up_bps}, {"down_bps", &m.down_bps}, {"rows", &m.rows}})
    *into = range_of(ranges.child(key));
  ranges.done();
  m.usual = condition_of(r.at("usual_link"), r.path("usual_link"));
  m.prompt_rows = r.whole<std::uint32_t>("prompt_rows", 1, 1 << 20);
  m.initial_window = r.number("initial_window_segments", 1, 1e4);
  for (const Json& shape : r.list("shapes")) m.shapes.push_back(shape_of(shape, r.path("shapes")));
  ObjectReader nodes = r.child("nodes"), spread = r.child("spread"), client = r.child("client");
  for (std::size_t kind = 0; kind < node_works; ++kind) {
    const std::string key = name_of(static_cast<NodeWork>(kind));
    if (nodes.find(key)) m.node[kind] = table_of(nodes.child(key));
    m.spread[kind] = spread.get(key, std::vector<double>());
  }
  nodes.done(), spread.done();
  m.inferred = !r.need<bool>("nodes_recorded");
  for (const auto& [key, into] : {std::pair{"lead", &m.lead}, {"tail", &m.tail}, {"draft", &m.draft}})
    *into = table_of(client.child(key));
  client.done();
  for (const char* said : {"folds", "cross_validation"})
    if (const Json* value = r.find(said)) m.validation[said] = *value;
  r.done();
  if (m.shapes.empty()) throw Error("{}: shapes: expected one or more, found none", name);
  return m;
}

}  // namespace splitwan::model
