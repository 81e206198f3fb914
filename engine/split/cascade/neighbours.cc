#include "engine/split/cascade/neighbours.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "engine/base/error.hh"
#include "engine/split/answers.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine::cascade {

HeadShape head_shape(const ModelConfig& c) {
  const double scale =
      c.attention_scale > 0 ? c.attention_scale : 1 / std::sqrt(static_cast<double>(c.head_dim));
  return {c.heads, c.kv_heads, c.head_dim, scale, c.score_cap};
}

std::vector<PartyId> Neighbours::all() const {
  std::vector<PartyId> ids;
  for (const auto& [a, b] : terms_.sharding.pairs())
    if (a == party_.self() || b == party_.self()) ids.push_back(a == party_.self() ? b : a);
  return ids;
}

std::string Neighbours::name(PartyId id) const { return engine::name_of(terms_.sharding.party(id)); }

void Neighbours::run(const std::function<void()>& session) {
  try {
    session();
  } catch (const std::exception& e) {
    for (const PartyId id : all()) {
      try {
        party_.send(id, error_message(e.what()));
      } catch (const Error&) {  // gone itself; the first error says more
      }
    }
    throw;
  }
}

void Neighbours::greet(PartyId to) {
  if (session_.empty()) session_ = options_.session;
  Json more = {{"cascade", to_json(terms_)}, {"session", session_}};
  say_length(more, config_, options_.length);
  party_.send(to, hello(config_, terms_.nodes, *terms_.wire, more));
}

void Neighbours::check_greeting(const Message& m) {
  const Json said = check_hello(m, config_, terms_.nodes);
  const Json theirs = said.value("cascade", Json()), ours = to_json(terms_);
  if (theirs != ours)
    throw Error("the shards differ: expected {}, found {}", ours.dump(), theirs.dump().substr(0, 200));
  if (said["wire"] != terms_.wire->name())
    throw Error("the wires differ: expected {}, found {}", terms_.wire->name(), said["wire"].dump());
  const Json session = said.value("session", Json());
  if (!session.is_string() || session.get<std::string>().empty() || session.get<std::string>().size() > 64)
    throw Error("malformed hello: expected a session");
  if (session_.empty()) session_ = session.get<std::string>();
  const int length = length_said(said, config_);
  if (options_.length == 0) options_.length = length;
  if (options_.length != length)
    throw Error("the session's length is {} here, {} there", options_.length, length);
  if (session_ != session.get<std::string>()) throw Error("another client's session: this one is not over");
}

void Neighbours::leave(std::span<const PartyId> to) {
  for (const PartyId id : to) party_.send(id, plain(Kind::bye));
}

Arrival Neighbours::checked(Arrival arrival) const {
  if (arrival.message.header.kind == Kind::error)
    throw Error("{}: {}", name(arrival.from), text_of(arrival.message));
  return arrival;
}

// Who has said goodbye may go.
std::optional<Arrival> Neighbours::received(PartyId from, std::optional<Nanos> limit) {
  while (true) {
    auto arrival = limit ? party_.recv(from, *limit) : std::optional(party_.recv(from));
    const bool gone = arrival && arrival->message.header.kind == Kind::error && left_.contains(arrival->from);
    if (!gone) return arrival;
  }
}

Arrival Neighbours::within(PartyId from, std::optional<Nanos> limit, PartyId owner,
                           std::string_view awaited) {
  auto arrival = received(from, limit);
  if (!arrival)
    throw Error("{}: no {} within {} s", name(owner), awaited, static_cast<double>(limit->count()) / 1e9);
  return checked(std::move(*arrival));
}

Arrival Neighbours::next(PartyId from, std::string_view awaited) {
  const auto patience =
      options_.patience && party_.self() != 0 ? std::optional(*options_.patience / 2) : options_.patience;
  return within(from, patience, from, awaited);
}

void Neighbours::serve(std::size_t askers, const std::function<Owed()>& awaited,
                       const std::function<void(const Arrival&)>& take, const std::function<void()>& begun) {
  const auto patience = options_.patience ? std::optional(*options_.patience / 4) : std::nullopt;
  std::set<PartyId> greeted;
  while (left_.size() < askers) {
    const Owed owed = awaited();
    const Arrival arrival =
        owed ? within(any_party, patience, owed->first, owed->second) : next_request(any_party);
    if (greeted.insert(arrival.from).second) {
      check_greeting(arrival.message);
      if (greeted.size() == 1) begun();
    } else if (arrival.message.header.kind == Kind::bye) {
      left_.insert(arrival.from);
    } else {
      take(arrival);
    }
  }
}

Arrival Neighbours::next_request(PartyId from) {
  auto arrival = received(from, options_.idle);
  if (!arrival)
    throw Error("session closed: nothing came for {} s", static_cast<double>(options_.idle->count()) / 1e9);
  return checked(std::move(*arrival));
}

void Neighbours::check_claims(const Arrival& arrival, Nanos asked_at) const {
  engine::check_claims(party_, arrival, asked_at, 0, name(arrival.from));
}

at::Tensor Neighbours::rows(const Arrival& arrival, int width) const {
  try {
    return decode(arrival.message, *terms_.wire, width);
  } catch (const Error& e) {
    throw Error("{}: {}", name(arrival.from), e.what());
  }
}

}  // namespace splitwan::engine::cascade
