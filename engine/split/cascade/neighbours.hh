// A node's messages to and from those beside it: hello, checks, and what becomes of an error.
#pragma once

#include <set>

#include "engine/split/cascade/batch_rows.hh"
#include "engine/split/cascade/cascade.hh"
#include "engine/split/cascade/partial.hh"

namespace splitwan::engine::cascade {

HeadShape head_shape(const ModelConfig&);

// Who owes what, where somebody waits for it.
using Owed = std::optional<std::pair<PartyId, std::string>>;

class Neighbours {
 public:
  Neighbours(Party& party, const CascadeTerms& terms, const ModelConfig& config, CascadeOptions options)
      : party_(party), terms_(terms), config_(config), options_(options) {}

  // Runs `session`; what it throws is told to everybody beside this party first.
  void run(const std::function<void()>& session);
  void greet(PartyId to);  // once, before anything else
  // Throws Error where it is of another model, other terms or, but for the first, another session.
  void check_greeting(const Message&);
  int length() const { return options_.length; }  // that the client said
  void leave(std::span<const PartyId> to);        // bye
  // Takes greetings, and hands on what else comes, until so many have said goodbye. `awaited` says who owes
  // what; `begun` is called behind the first greeting.
  void serve(std::size_t askers, const std::function<Owed()>& awaited,
             const std::function<void(const Arrival&)>& take, const std::function<void()>& begun);

  // Of one of them, or of anybody. Throws Error that begins with the sender's name where it sent an error,
  // and names who did not answer what.
  Arrival next(PartyId from, std::string_view awaited);
  Arrival next_request(PartyId from);  // waits as long as a session may rest

  // Rows of `width` values, all finite. Throws Error naming the sender.
  at::Tensor rows(const Arrival&, int width) const;
  // That an answer lists nothing and was not held for longer than since it was asked for. Throws Error naming
  // the sender.
  void check_claims(const Arrival&, Nanos asked_at) const;
  std::string name(PartyId) const;
  std::vector<PartyId> all() const;  // everybody beside this party

 private:
  Arrival checked(Arrival) const;
  std::optional<Arrival> received(PartyId from, std::optional<Nanos> limit);
  Arrival within(PartyId from, std::optional<Nanos> limit, PartyId owner, std::string_view awaited);
  Party& party_;
  const CascadeTerms& terms_;
  const ModelConfig& config_;
  CascadeOptions options_;
  std::string session_;     // that the client drew: nodes of one never serve another's
  std::set<PartyId> left_;  // who said goodbye
};

}  // namespace splitwan::engine::cascade
