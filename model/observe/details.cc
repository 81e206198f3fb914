#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/link_json.hh"
#include "model/observe/condition.hh"

namespace splitwan::model {
namespace {

using engine::LinkSpec;
using engine::TcpSpec;

// What differs from `usual`, key by key.
nlohmann::json less(const nlohmann::json& all, const nlohmann::json& usual) {
  nlohmann::json rest = nlohmann::json::object();
  for (const auto& [key, value] : all.items()) {
    if (!usual.contains(key) || usual[key] != value) rest[key] = value;
  }
  return rest;
}

nlohmann::json usual_link() { return engine::to_json(LinkSpec()); }

}  // namespace

struct Details::All {
  LinkSpec up, down;
  std::optional<TcpSpec> tcp;
  engine::OtherSessions sessions;
  std::string text;
};

Details::Details(const LinkSpec& up, const LinkSpec& down, std::optional<TcpSpec> tcp,
                 const engine::OtherSessions& sessions) {
  nlohmann::json text = nlohmann::json::object();
  const nlohmann::json ways[] = {less(engine::to_json(up), usual_link()),
                                 less(engine::to_json(down), usual_link())};
  if (!ways[0].empty()) text["up"] = ways[0];
  if (!ways[1].empty()) text["down"] = ways[1];
  if (tcp) text["tcp"] = less(engine::to_json(*tcp), engine::to_json(TcpSpec()));
  if (sessions.count > 0) text["sessions"] = engine::to_json(sessions);
  if (!text.empty()) all_ = std::make_shared<const All>(All{up, down, std::move(tcp), sessions, text.dump()});
}

const LinkSpec& Details::up() const {
  static const LinkSpec usual;
  return all_ ? all_->up : usual;
}

const LinkSpec& Details::down() const {
  static const LinkSpec usual;
  return all_ ? all_->down : usual;
}

const TcpSpec* Details::tcp() const { return all_ && all_->tcp ? &*all_->tcp : nullptr; }

const engine::OtherSessions& Details::sessions() const {
  static const engine::OtherSessions none;
  return all_ ? all_->sessions : none;
}

const std::string& Details::text() const {
  static const std::string nothing;
  return all_ ? all_->text : nothing;
}

Details Details::of(const Json& object, const std::string& where) {
  engine::ObjectReader r(object, where);
  const auto whole = [&](const char* key, const nlohmann::json& usual) {
    Json all = Json::parse(usual.dump());
    if (const Json* found = r.find(key)) all.update(*found);
    return all;
  };
  const auto link = [&](const char* key) {
    const Json all = whole(key, usual_link());
    engine::ObjectReader in(all, r.path(key));
    LinkSpec spec = engine::parse_link_keys(in, /*may_be_unlimited=*/true);
    in.done();
    return spec;
  };
  const LinkSpec up = link("up"), down = link("down");
  std::optional<TcpSpec> tcp;
  if (r.find("tcp")) {
    const Json all = whole("tcp", engine::to_json(TcpSpec()));
    tcp = engine::parse_tcp(engine::ObjectReader(all, r.path("tcp")));
  }
  engine::OtherSessions sessions;
  if (r.find("sessions")) sessions = engine::parse_sessions(r.child("sessions"));
  r.done();
  return {up, down, std::move(tcp), sessions};
}

}  // namespace splitwan::model
