// Hellos: who is taken, and with what.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "engine/base/plain_text.hh"
#include "engine/serve/server_body.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

constexpr auto unhurried = std::chrono::seconds(10);  // a session at rest so long may lose its connection

}  // namespace

void Server::Body::greet(Visit& visit, Message hello, Nanos at) {
  Greeting g;
  try {
    g = read_greeting(std::move(hello));
  } catch (const Error& e) {
    return refuse(visit, Refusal::hello, e.what());
  }
  if (draining) return refuse(visit, Refusal::draining);
  if (terms.admits && !terms.admits(g.token)) return refuse(visit, Refusal::token);
  if (g.resumes && resume_warm(visit, g)) return;
  if (const auto old = keys.find(g.key); !g.key.empty() && old != keys.end())
    end(old->second, Ending::replaced);
  // A probe keeps its stranger's seat: it may measure the way to a server that is full.
  if (const auto reason = g.probe ? std::nullopt : seat(visit)) return refuse(visit, *reason);
  begin(visit, std::move(g), at);
}

std::optional<Refusal> Server::Body::seat(Visit& visit) {
  auto reason = admission.begins(visit.id);
  if (reason == Refusal::sessions && make_room(visit.source)) reason = admission.begins(visit.id);
  return reason;
}

// A client at rest of the source that has most loses its connection: what it has here is kept, if it can come
// back.
bool Server::Body::make_room(const std::string& source) {
  const auto crowd = admission.crowding(source);
  if (!crowd) return false;
  Session* longest = nullptr;
  for (auto& [id, session] : sessions) {
    if (!session.visit || session.source != *crowd || session.unanswered > 0) continue;
    if (clock.now() - session.last > unhurried && (!longest || session.last < longest->last))
      longest = &session;
  }
  if (!longest) return false;
  Visit& visit = *longest->visit;
  if (longest->key.empty()) {
    refuse(visit, Refusal::sessions);
  } else {
    detach(*longest);
    part(visit);
    keep(*longest);
  }
  return true;
}

// The session is here, with all that its client has not had yet: it goes on over this connection, whatever
// became of the one before.
bool Server::Body::resume_warm(Visit& visit, const Greeting& g) {
  const auto known = keys.find(g.key);
  if (known == keys.end()) return false;
  Session& session = sessions.at(known->second);
  if (session.visit) {
    Visit& before = *session.visit;
    detach(session);
    before.parting = true;
    before.channel->cut();
    admission.parts(before.id);
  }
  if (!session.opened || session.evicted || !session.exchange.continues(g.received, g.first)) return false;
  if (const auto reason = seat(visit)) {
    refuse(visit, *reason);
    return true;
  }
  attach(session, visit);
  session.exchange.acknowledged(g.received);
  session.exchange.is_back(g.received);
  watch.resumed(true);
  tell(Level::info, "session {}: client {} is back", session.id, session.peer);
  reply(session, text_message(Kind::welcome, R"({"session":{"resumed":"warm"}})"));
  return true;
}

void Server::Body::begin(Visit& visit, Greeting g, Nanos at) {
  Session& session = add(visit, std::move(g.key));
  session.probe = g.probe;
  tell(Level::info, "session {}: client {} {} ({})", session.id, session.peer,
       g.probe     ? "measures the path"
       : g.resumes ? "begins anew"
                   : "connected",
       one_line(visit.channel->protection(), most_words));
  if (g.probe) return reply(session, text_message(Kind::welcome, R"({"probe":1})"));
  session.resumed_cold = g.resumes;
  if (g.resumes) session.exchange.begins_anew(g.in_flight);
  computer->begin(session.id, session.source);
  ++session.unanswered;
  session.queued += wire_size(g.hello);
  queued += wire_size(g.hello);
  computer->ask(session.id, {std::move(g.hello), at});
}

// What is served knows the model, and has opened a cache.
void Server::Body::welcome(Session& session, const Done& done) {
  session.opened = true;
  Json body = done.welcome.empty() ? Json::object() : Json::parse(done.welcome);
  if (session.resumed_cold)
    body["session"]["resumed"] = "cold";
  else if (!session.key.empty())
    body["session"]["resumable"] = true;
  if (session.resumed_cold) watch.resumed(false);
  reply(session, text_message(Kind::welcome, body.empty() ? "" : body.dump()));
}

}  // namespace splitwan::engine
