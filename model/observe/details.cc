#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/link_json.hh"
#include "model/observe/condition.hh"

namespace splitwan::model {
namespace {

using engine::LinkSpec;
using engine::TcpSpec;
using Plain = nlohmann::json;

// What differs from `usual`, key by key.
Plain less(const Plain& all, const Plain& usual) {
  Plain rest = Plain::object();
  for (const auto& [key, value] : all.items()) {
    if (!usual.contains(key) || usual[key] != value) rest[key] = value;
  }
  return rest;
}

Plain usual_link() { return engine::to_json(LinkSpec()); }

}  // namespace

struct Details::All {
  LinkSpec up, down;
  std::optional<TcpSpec> tcp;
  std::string text;
};

Details::Details(const LinkSpec& up, const LinkSpec& down, std::optional<TcpSpec> tcp) {
  Plain text = Plain::object();
  const Plain ways[] = {less(engine::to_json(up), usual_link()), less(engine::to_json(down), usual_link())};
  if (!ways[0].empty()) text["up"] = ways[0];
  if (!ways[1].empty()) text["down"] = ways[1];
  if (tcp) text["tcp"] = less(engine::to_json(*tcp), engine::to_json(TcpSpec()));
  if (!text.empty()) all_ = std::make_shared<const All>(All{up, down, std::move(tcp), text.dump()});
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

const std::string& Details::text() const {
  static const std::string nothing;
  return all_ ? all_->text : nothing;
}

Details Details::of(const Json& object, const std::string& where) try {
  engine::ObjectReader r(object, where);
  const auto whole = [&](const char* key, Plain usual) {
    if (const Json* found = r.find(key)) usual.update(Plain::parse(found->dump()));
    return usual;
  };
  const auto link = [&](const char* key) {
    return engine::parse_link(whole(key, usual_link()), where + "." + key, /*may_be_unlimited=*/true);
  };
  const LinkSpec up = link("up"), down = link("down");
  std::optional<TcpSpec> tcp;
  if (r.find("tcp")) tcp = engine::parse_tcp(whole("tcp", engine::to_json(TcpSpec())), where + ".tcp");
  r.done();
  return {up, down, std::move(tcp)};
} catch (const engine::Error&) {
  throw;
} catch (const std::runtime_error& e) {
  throw engine::Error("{}", e.what());
}

}  // namespace splitwan::model
