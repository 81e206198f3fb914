// Connections come, speak and go.
#include "engine/base/error.hh"
#include "engine/base/plain_text.hh"
#include "engine/serve/server_body.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {

void Server::Body::called(OpenSocket socket) {
  const Admission::Id id = ++last_visit;
  try {
    const std::string source = source_of(socket.source());
    const auto verdict = admission.connects(id, source, clock.now());
    if (verdict.drop) {
      visits.at(*verdict.drop)->parting = true;
      visits.at(*verdict.drop)->channel->cut();
    }
    if (verdict.refusal ||
        verdict.drop)  // a flood gets no explanation: who is refused here just finds it closed
      refusals.tell(Refusal::strangers, socket.peer(), {}, clock.now());
    if (verdict.refusal) return;
    auto visit = std::make_unique<Visit>(id, admission);
    visit->source = source;
    visit->since = clock.now();
    visit->channel = std::make_shared<Channel>(0, make(io.get_executor(), std::move(socket), Side::called),
                                               terms.channel, clock);
    const auto channel = visit->channel;
    visits.emplace(id, std::move(visit));
    channel->start({.opened = {},
                    .message =
                        [this, id](Arrival arrival) {
                          guarded(id, [&] {
                            if (const auto found = visits.find(id); found != visits.end())
                              heard(*found->second, std::move(arrival));
                          });
                        },
                    .gone = [this, id](const std::string& why) { guarded(id, [&] { gone(id, why); }); }});
  } catch (const std::exception& e) {
    visits.erase(id);
    admission.leaves(id);
    watch.log(Level::error, e.what());
  }
  publish();
}

void Server::Body::heard(Visit& visit, Arrival arrival) {
  if (visit.parting) return;
  watch.moved(wire_size(arrival.message), 0);
  if (!visit.session) return greet(visit, std::move(arrival.message), arrival.at);
  Session& session = *visit.session;
  switch (arrival.message.header.kind) {
    case Kind::bye:
      return end(session.id, Ending::bye);
    case Kind::error:
      tell(Level::warning, "session {}: client {}: {}", session.id, session.peer,
           one_line(text_in(arrival.message), most_words));
      return end(session.id, Ending::lost);
    case Kind::measure:
      return measure(session, arrival);
    case Kind::request:
    case Kind::feed:
    case Kind::check:
    case Kind::draw:
      return asked(session, std::move(arrival));
    default:
      return refuse(
          visit, Refusal::request,
          fmt::format("'{}' came where a request was expected", name_of(arrival.message.header.kind)));
  }
}

void Server::Body::gone(Admission::Id id, const std::string& why) {
  const auto found = visits.find(id);
  if (found == visits.end()) return;
  const std::unique_ptr<Visit> visit = std::move(found->second);
  visits.erase(found);
  if (Session* session = visit->session) {
    detach(*session);
    tell(Level::info, "session {}: client {}: connection lost: {}", session->id, session->peer,
         one_line(why, most_words));
    keep(*session);
  } else if (!visit->parting && !why.starts_with("closed")) {  // who comes and goes is nothing to tell
    refusals.tell(Refusal::hello, visit->channel->peer(), one_line(why, most_words), clock.now());
  }
  end_when_empty();
}

void Server::Body::refuse(Visit& visit, Refusal reason, std::string_view words) {
  if (words.empty()) words = words_of(reason);
  refusals.tell(reason, visit.channel->peer(), one_line(words, most_words), clock.now());
  visit.channel->send(text_message(Kind::error, words));
  if (visit.session)
    end(visit.session->id, Ending::refused);
  else
    part(visit);
}

void Server::Body::part(Visit& visit) {
  visit.parting = true;
  visit.since = clock.now();
  visit.session = nullptr;
  admission.parts(visit.id);
  visit.channel->close();
}

}  // namespace splitwan::engine
