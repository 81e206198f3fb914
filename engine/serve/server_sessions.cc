// Sessions begin, lose their connections, are kept, and end; and what they may hold.
#include <algorithm>

#include "engine/base/error.hh"
#include "engine/serve/server_body.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

constexpr Nanos between_steps = std::chrono::seconds(1);  // a client that asks again by then does not rest

}  // namespace

Session& Server::Body::add(Visit& visit, std::string key) {
  const SessionId id = ++last_session;
  Session& session = sessions[id];
  session.id = id;
  session.exchange = Exchange(key.empty() ? 0 : terms.kept_replies);
  if (!key.empty()) keys[key] = id;
  session.key = std::move(key);
  attach(session, visit);
  return session;
}

void Server::Body::attach(Session& session, Visit& visit) {
  session.peer = visit.channel->peer();
  session.source = visit.source;
  session.last = clock.now();
  session.visit = &visit;
  visit.session = &session;
  ++attached;
}

// What it asked and nobody works on is dropped: if it comes back, it says so again.
void Server::Body::detach(Session& session) {
  if (!session.visit) return;
  session.visit->session = nullptr;
  session.visit = nullptr;
  --attached;
  session.unheard = false;
  session.last = clock.now();
  if (session.probe) return;
  const Computer::Dropped dropped = computer->drop_waiting(session.id);
  session.exchange.take_back(dropped.numbered);
  session.unanswered -= dropped.messages;
  session.queued -= dropped.bytes;
  queued -= dropped.bytes;
  if (session.unread) computer->hold(session.id, false);
  session.unread = false;
}

// Its client may come back, unless what is here is nothing: then to begin anew costs it nothing.
void Server::Body::keep(Session& session) {
  const bool empty = session.unanswered == 0 && session.held() == 0;
  if (session.key.empty() || draining || empty) end(session.id, Ending::lost);
}

void Server::Body::forget_key(Session& session) {
  if (const auto key = keys.find(session.key); key != keys.end() && key->second == session.id)
    keys.erase(key);
  session.key.clear();
}

void Server::Body::end(SessionId id, Ending why) {
  const auto found = sessions.find(id);
  if (found == sessions.end()) return;
  Session& session = found->second;
  watch.ended(name_of(why));
  tell(Level::info, "session {}: client {} is done ({})", id, session.peer, name_of(why));
  queued -= session.queued;
  caches -= session.cache;
  forget_key(session);
  if (computer) computer->forget(id);
  Visit* const visit = session.visit;
  if (visit) --attached;
  sessions.erase(found);
  if (visit) part(*visit);
  end_when_empty();
}

void Server::Body::keep_house(Nanos now) {
  std::vector<SessionId> over;
  for (auto& [id, session] : sessions) {
    if (session.unread && session.unsent() <= terms.unread / 4) {
      session.unread = false;
      computer->hold(id, false);
    }
    hear_again(session);
    const Nanos still = now - session.last;
    if (session.visit ? session.unanswered == 0 && still > terms.idle : still > terms.keep)
      over.push_back(id);
  }
  for (const SessionId id : over) {
    Session& session = sessions.at(id);
    if (!session.visit) {
      end(id, Ending::expired);
    } else if (session.key.empty()) {
      session.visit->channel->send(text_message(
          Kind::error,
          fmt::format("session closed: nothing came for {} s", terms.idle.count() / 1'000'000'000)));
      end(id, Ending::idle);
    } else {  // it may come back
      Visit& visit = *session.visit;
      tell(Level::info, "session {}: client {} rests", id, session.peer);
      detach(session);
      part(visit);
      keep(session);
    }
  }
  // Its own deadlines have let this one go long ago, unless memory was short when they were to be set.
  const Nanos overdue = 2 * (terms.channel.greeting + terms.channel.patience);
  for (const auto& [id, visit] : visits)
    if (!visit->session && now - visit->since > overdue) visit->channel->cut();
  keep_few();
  keep_queues();
  keep_memory();
  end_when_empty();
}

// Of sessions without a connection there are no more than may have one: whose clients are away longest go.
void Server::Body::keep_few() {
  std::vector<const Session*> kept;
  for (const auto& [id, session] : sessions)
    if (!session.visit) kept.push_back(&session);
  std::ranges::sort(kept, std::greater{}, &Session::last);
  std::map<std::string_view, int> of_source;
  int all = 0;
  std::vector<SessionId> over;
  for (const Session* session : kept)
    if (++of_source[session->source] > terms.seats.per_source || ++all > terms.seats.sessions)
      over.push_back(session->id);
  for (const SessionId id : over) end(id, Ending::expired);
}

// The newest session of the source that has most of something, among those that have any.
Session* Server::Body::newest_of_fullest(std::uint64_t (Session::*bytes)() const) {
  std::map<std::string_view, std::uint64_t> of_source;
  for (const auto& [id, session] : sessions) of_source[session.source] += (session.*bytes)();
  if (of_source.empty()) return nullptr;
  const auto fullest =
      std::ranges::max_element(of_source, {}, [](const auto& named) { return named.second; });
  Session* newest = nullptr;
  for (auto& [id, session] : sessions)
    if (session.source == fullest->first && (session.*bytes)() > 0) newest = &session;
  return newest;
}

// The least recently used cache of those nobody works with makes room: but a client that takes steps, and is
// between two of them, keeps its own as long as others have requests in a row.
void Server::Body::keep_memory() {
  const Nanos now = clock.now();
  std::uint64_t held = 0, parting = 0;
  for (const auto& [id, session] : sessions) held += session.held();
  for (const auto& [id, visit] : visits)
    if (!visit->session) parting += visit->channel->queued();
  if (parting > 0 && held + parting > terms.memory)
    for (const auto& [id, visit] : visits)
      if (!visit->session && visit->channel->queued() > 0) visit->channel->cut();
  while (held > terms.memory) {
    Session *idlest = nullptr, *must_go = nullptr, *many = nullptr;
    for (auto& [id, session] : sessions) {
      if (session.held() > terms.memory) must_go = &session;
      if (session.unanswered == 0 && session.cache > 0 && (!idlest || session.last < idlest->last))
        idlest = &session;
      if (session.unanswered > 1 && session.held() > 0 && (!many || session.held() >= many->held()))
        many = &session;
    }
    if (!must_go && many && idlest && idlest->visit && now - idlest->last < between_steps) must_go = many;
    if (idlest && !must_go && computer->evict(idlest->id)) {
      tell(Level::info, "session {}: client {}: its cache makes room for others", idlest->id, idlest->peer);
      held -= idlest->held();
      caches -= std::exchange(idlest->cache, 0);
      idlest->evicted = true;
      if (idlest->visit)
        held += idlest->held();
      else
        end(idlest->id, Ending::memory);
      continue;
    }
    Session* newest = must_go ? must_go : newest_of_fullest(&Session::held);
    if (!newest) return;
    held -= newest->held();
    if (newest->visit)
      refuse(*newest->visit, Refusal::memory);
    else
      end(newest->id, Ending::memory);
  }
}

void Server::Body::keep_queues() {
  std::uint64_t asked = 0, others = 0;
  for (const auto& [id, session] : sessions) asked += session.asked();
  for (const auto& [id, visit] : visits)
    if (!visit->session) others += visit->channel->coming();
  if (others > 0 && asked + others > terms.queued_bytes)
    for (const auto& [id, visit] : visits)
      if (visit->parting && visit->channel->coming() > 0) visit->channel->cut();
  while (asked > terms.queued_bytes) {
    Session* newest = newest_of_fullest(&Session::asked);
    if (!newest) return;
    asked -= newest->asked();
    if (newest->visit)
      refuse(*newest->visit, Refusal::bytes);
    else
      end(newest->id, Ending::refused);
  }
}

}  // namespace splitwan::engine
