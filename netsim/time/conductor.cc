#include "netsim/time/conductor.hh"

#include <algorithm>
#include <utility>

#include "engine/base/error.hh"
#include "netsim/time/actor.hh"

namespace splitwan::netsim {

using engine::Arrival;
using engine::Error;
using engine::Message;
using Doing = Actor::Doing;

namespace {

// Longest that a message may fly: TCP gives up long before.
constexpr Nanos patience = std::chrono::hours(1);

Nanos timed(const std::function<void()>& job) {
  const auto begin = std::chrono::steady_clock::now();
  job();
  return std::chrono::steady_clock::now() - begin;
}

}  // namespace

struct Conductor::State {
  struct Flying {
    PartyId from = 0, to = 0;
    Message message;
  };

  std::shared_ptr<LinkSimulator> simulator;
  std::vector<Edge> edges;
  CostSource cost;
  MessageSize size;
  Jobs jobs = Jobs::compute;
  Nanos now{};
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, Flying> flying;
  std::map<PartyId, Actor> actors;

  void send(PartyId from, PartyId to, Message message) {
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const bool forward = edges[i].a == from && edges[i].b == to;
      if (!forward && !(edges[i].b == from && edges[i].a == to)) continue;
      const std::uint64_t id = next_id++;
      simulator->send(now, static_cast<std::uint32_t>(i), forward, id, size(message));
      flying.emplace(id, Flying{from, to, std::move(message)});
      return;
    }
    throw Error("party {} has no link to party {}", from, to);
  }

  Nanos charged(const Actor& actor) {
    const Nanos charge = cost(actor.id, *actor.work, timed(*actor.run_job));
    if (charge < Nanos(0)) throw Error("party {}: a job cost {} ns", actor.id, charge.count());
    return charge;
  }

  // Nothing happens up to then but that this party works. One that has not begun yet would begin late.
  bool only_works(const Actor& self, Nanos until) const {
    return flying.empty() && std::ranges::all_of(actors, [&](const auto& a) {
             const Actor& other = a.second;
             return &other == &self || other.doing == Doing::done ||
                    ((other.doing == Doing::waiting || other.doing == Doing::working) && other.until > until);
           });
  }

  // Lets a party run until it waits, works or ends; runs the jobs it asks for.
  void go_on(Actor& actor) {
    actor.resume();
    while (actor.doing == Doing::job) {
      try {
        actor.until = now + charged(actor);
        actor.doing = Doing::working;
      } catch (...) {
        actor.error = std::current_exception();
        actor.resume();  // rethrown on the party's own stack
      }
    }
    if (actor.doing == Doing::done && actor.error) std::rethrow_exception(actor.error);
  }

  void deliver(const Delivery& delivery) {
    const auto it = flying.find(delivery.id);
    if (it == flying.end())
      throw Error("the simulator delivered message {}, which was not sent", delivery.id);
    Flying flight = std::move(it->second);
    flying.erase(it);
    now = delivery.at;
    if (is_done(flight.to)) return;
    Actor& to = actors.at(flight.to);
    to.inbox.push_back(
        {flight.from, now, std::move(flight.message), delivery.flights, delivery.cwnd, delivery.retransmits});
    if (to.doing == Doing::waiting && to.wants(flight.from)) go_on(to);
  }

  bool is_done(PartyId id) const {
    const auto it = actors.find(id);
    return it == actors.end() || it->second.doing == Doing::done;
  }

  // Nobody works, nothing flies: whoever waits for a party that has left learns so; otherwise it is a stall.
  void resolve_stall() {
    std::string waits;
    for (auto& [id, actor] : actors) {
      if (actor.doing != Doing::waiting) continue;
      const bool gone =
          actor.waiting_for == engine::any_party
              ? std::all_of(actors.begin(), actors.end(),
                            [&, self = id](auto& a) { return a.first == self || is_done(a.first); })
              : is_done(actor.waiting_for);
      if (gone) {
        actor.peer_gone = true;
        return go_on(actor);
      }
      const std::string whom =
          actor.waiting_for == engine::any_party ? "anyone" : fmt::format("party {}", actor.waiting_for);
      waits += fmt::format("{}party {} waits for {}", waits.empty() ? "" : ", ", id, whom);
    }
    throw Error("stall at {} ns: nothing is in flight, {}", now.count(), waits);
  }

  void advance() {
    Nanos limit = Nanos::max();
    for (auto& [id, actor] : actors) {
      if (actor.doing == Doing::working || actor.doing == Doing::waiting)
        limit = std::min(limit, actor.until);
    }
    const bool open_ended = limit == Nanos::max();
    if (open_ended && flying.empty()) return resolve_stall();
    if (open_ended) limit = now + patience;
    if (const auto delivery = simulator->advance(limit)) return deliver(*delivery);
    if (open_ended)
      throw Error("a message was not delivered within {} s of virtual time", patience.count() / 1000000000);
    now = limit;
    for (auto& [id, actor] : actors) {
      if ((actor.doing == Doing::working || actor.doing == Doing::waiting) && actor.until <= now)
        go_on(actor);
    }
  }

  void cancel() {
    for (auto& [id, actor] : actors) {
      actor.cancelled = true;
      while (actor.doing != Doing::done) actor.resume();
      actor.join();
    }
    actors.clear();
    for (auto& [id, flight] : flying)
      flight.to = engine::any_party;  // nobody: the next run's parties are others
  }
};

namespace {

// What a party sees of the conductor.
class PartyEnd : public engine::Transport, public engine::Clock {
 public:
  PartyEnd(Conductor::State& state, Actor& actor) : state_(state), actor_(actor) {}

  std::uint64_t wire_bytes(const Message& m) const override { return state_.size(m); }
  void send(PartyId to, Message message) override { state_.send(actor_.id, to, std::move(message)); }

  std::optional<Arrival> recv(PartyId from, Nanos deadline) override {
    actor_.waiting_for = from;
    while (true) {
      const auto it = std::find_if(actor_.inbox.begin(), actor_.inbox.end(),
                                   [&](const Arrival& a) { return actor_.wants(a.from); });
      if (it != actor_.inbox.end()) {
        Arrival arrival = std::move(*it);
        actor_.inbox.erase(it);
        return arrival;
      }
      if (state_.now >= deadline) return std::nullopt;
      actor_.until = deadline;
      actor_.park(Doing::waiting);
      if (std::exchange(actor_.peer_gone, false)) {
        const std::string whom = from == engine::any_party ? "everyone" : fmt::format("party {}", from);
        throw Error("{} has left while party {} waited", whom, actor_.id);
      }
    }
  }

  Nanos now() const override { return state_.now; }

  void work(const engine::Work& work, const std::function<void()>& job) override {
    actor_.work = &work;
    actor_.run_job = &job;
    if (state_.jobs == Jobs::nothing) {
      actor_.until = state_.now + state_.charged(actor_);
      if (!state_.only_works(actor_, actor_.until)) return actor_.park(Doing::working);
      if (state_.simulator->advance(actor_.until)) throw Error("the simulator delivered what was not sent");
      state_.now = actor_.until;
      return;
    }
    actor_.park(Doing::job);
    if (actor_.error) std::rethrow_exception(std::exchange(actor_.error, nullptr));
  }

 private:
  Conductor::State& state_;
  Actor& actor_;
};

}  // namespace

Conductor::Conductor(std::shared_ptr<LinkSimulator> simulator, std::vector<Edge> edges, CostSource cost,
                     MessageSize size, Jobs jobs)
    : state_(std::make_unique<State>()) {
  state_->simulator = std::move(simulator);
  state_->edges = std::move(edges);
  state_->cost = std::move(cost);
  state_->size = std::move(size);
  state_->jobs = jobs;
}

Conductor::~Conductor() = default;

void Conductor::run(const std::map<PartyId, engine::PartyMain>& parties) {
  State& state = *state_;
  for (const auto& [id, main] : parties) {
    Actor& actor = state.actors.try_emplace(id, id).first->second;
    actor.start([&state, &actor, &main = main] {
      PartyEnd end(state, actor);
      main(end, end);
    });
  }
  try {
    for (auto& [id, actor] : state.actors) state.go_on(actor);
    const auto running = [&] {
      return std::any_of(state.actors.begin(), state.actors.end(),
                         [](auto& a) { return a.second.doing != Doing::done; });
    };
    while (running()) state.advance();
  } catch (...) {
    state.cancel();
    throw;
  }
  state.cancel();  // all are done: joins their threads
}

}  // namespace splitwan::netsim
