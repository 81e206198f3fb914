#include "engine/split/cascade/neighbours.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "engine/base/error.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine::cascade {

HeadShape head_shape(const ModelConfig& c) {
  return {c.heads, c.kv_heads, c.head_dim, 1 / std::sqrt(static_cast<double>(c.head_dim))};
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
  party_.send(to, hello(config_, terms_.nodes, *terms_.wire, {{"cascade", to_json(terms_)}}));
}

void Neighbours::check_greeting(const Message& m) const {
  const Json said = check_hello(m, config_, terms_.nodes);
  const Json theirs = said.value("cascade", Json()), ours = to_json(terms_);
  if (theirs != ours)
    throw Error("the shards differ: expected {}, found {}", ours.dump(), theirs.dump().substr(0, 200));
  if (said["wire"] != terms_.wire->name())
    throw Error("the wires differ: expected {}, found {}", terms_.wire->name(), said["wire"].dump());
}

void Neighbours::leave(std::span<const PartyId> to) {
  for (const PartyId id : to) party_.send(id, plain(Kind::bye));
}

Arrival Neighbours::checked(Arrival arrival) const {
  if (arrival.message.header.kind == Kind::error)
    throw Error("{}: {}", name(arrival.from), text_of(arrival.message));
  return arrival;
}

Arrival Neighbours::within(PartyId from, std::optional<Nanos> limit, PartyId owner,
                           std::string_view awaited) {
  if (!limit) return checked(party_.recv(from));
  auto arrival = party_.recv(from, *limit);
  if (!arrival)
    throw Error("{}: no {} within {} s", name(owner), awaited, static_cast<double>(limit->count()) / 1e9);
  return checked(std::move(*arrival));
}

Arrival Neighbours::next(PartyId from, std::string_view awaited) {
  const auto patience =
      options_.patience && party_.self() != 0 ? std::optional(*options_.patience / 2) : options_.patience;
  return within(from, patience, from, awaited);
}

Arrival Neighbours::next_owed(PartyId owner, std::string_view awaited) {
  return within(any_party, options_.patience ? std::optional(*options_.patience / 4) : std::nullopt, owner,
                awaited);
}

Arrival Neighbours::next_request(PartyId from) {
  if (!options_.idle) return checked(party_.recv(from));
  auto arrival = party_.recv(from, *options_.idle);
  if (!arrival) throw Error("session closed: nothing came for {} s", options_.idle->count() / 1e9);
  return checked(std::move(*arrival));
}

at::Tensor Neighbours::rows(const Arrival& arrival, int width) const {
  try {
    at::Tensor values = decode(arrival.message, *terms_.wire, width);
    const std::span<const float> all(values.data_ptr<float>(), static_cast<std::size_t>(values.numel()));
    if (const auto bad = std::ranges::find_if(all, [](float v) { return !std::isfinite(v); });
        bad != all.end())
      throw Error("row {} of step {} has {} in it: expected finite numbers", (bad - all.begin()) / width,
                  arrival.message.header.step, *bad);
    return values;
  } catch (const Error& e) {
    throw Error("{}: {}", name(arrival.from), e.what());
  }
}

}  // namespace splitwan::engine::cascade
