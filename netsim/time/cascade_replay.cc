#include "netsim/time/cascade_replay.hh"

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/party/roles.hh"
#include "engine/wire/wire.hh"

namespace splitwan::netsim {
namespace {

using engine::Arrival;
using engine::Message;
using engine::Party;
using engine::Phase;
using engine::ShardBatch;
using engine::ShardMessage;
using engine::ShardWidths;
using engine::Work;
using Session = CascadeSession;

constexpr std::uint64_t greeting_bytes = engine::prefix_size + 300;  // as a split's

Work work_of(const engine::ShardJob& job, const ShardWidths& w, double weight_bytes) {
  return {job.phase, job.rows, 0, 2 * job.rows * job.weights + 4 * static_cast<double>(w.queries) * job.pairs,
          weight_bytes * job.weights + 8 * static_cast<double>(w.kv) * job.keys};
}

// Of one row through so many of the client's layers, and so many other weights.
Work outer_work(Phase phase, const ShardWidths& w, int layers, double more, double weight_bytes) {
  const double layer = static_cast<double>(w.model * (2 * w.queries + 2 * w.kv + w.ffn_matrices * w.ffn));
  const double weights = layer * layers + more;
  return {phase, 1, 0, 2 * weights, weight_bytes * weights};
}

void take(Session& s, ShardBatch batch, const ShardWidths& w, double weight_bytes, Session::Trip& trip) {
  trip.step = batch.step;
  trip.context = batch.context;
  trip.rows = batch.rows;
  for (const ShardMessage& m : batch.messages) {
    if (m.from == 0) trip.sends.push_back(s.messages.size());
    if (m.to == 0) trip.receives.push_back(s.messages.size());
    s.messages.push_back(m);
  }
  std::ranges::sort(trip.receives, {}, [&](std::size_t m) { return s.messages[m].from; });
  for (engine::ShardJob& job : batch.jobs) {
    const Work work = work_of(job, w, weight_bytes);
    auto& jobs = s.jobs[job.party];
    jobs.push_back({std::move(job), work, batch.step, batch.context});
  }
}

std::vector<std::uint32_t> depths_of(const Batches& b, std::uint32_t rows) {
  auto depths = engine::chain_depths(rows);
  if (b.wide_depth > 0 && b.rows.empty())
    for (std::uint32_t& depth : depths) depth %= b.wide_depth;
  return depths;
}

// What a party of a session sends: a message of its length, nobody's content.
void send(Party& party, const ShardMessage& m, std::uint64_t step, std::uint32_t context,
          engine::Nanos held) {
  Message message;
  message.header.kind = m.rows == 0 ? engine::Kind::hello
                        : m.answers ? engine::Kind::reply
                                    : engine::Kind::request;
  message.header.step = step;
  message.header.rows = m.rows;
  message.header.context = context;
  message.header.held = held;
  message.payload.resize(m.bytes() - engine::prefix_size);
  party.send(m.to, std::move(message));
}

void greet(const Session& s, Party& party) {
  for (std::size_t m = 0; m < s.greetings; ++m)
    if (s.messages[m].from == party.self()) send(party, s.messages[m], 0, 0, {});
}

// A node: comes to each message's number by the order in which its sender sends.
class Node {
 public:
  Node(const Session& session, Party& party) : session_(session), party_(party) {
    for (std::size_t m = 0; m < session.messages.size(); ++m)
      if (session.messages[m].to == party.self()) coming_[session.messages[m].from].push_back(m), ++left_;
  }

  // CompNode: one job after the other.
  void in_order(const std::vector<Session::Job>& jobs) {
    for (const Session::Job& job : jobs) {
      for (const std::size_t need : job.job.needs)
        while (!came_.count(need)) receive(session_.messages[need].from);
      act(job);
    }
  }

  // AttnNode, aggregator: whatever can be done, as messages come.
  void as_they_come(const std::vector<Session::Job>& jobs) {
    std::map<std::size_t, std::vector<std::size_t>> wanted;  // message: jobs
    std::vector<std::size_t> missing(jobs.size());
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      missing[j] = jobs[j].job.needs.size();
      for (const std::size_t need : jobs[j].job.needs) wanted[need].push_back(j);
    }
    while (left_ > 0)
      for (const std::size_t j : wanted[receive(engine::any_party)])
        if (--missing[j] == 0) act(jobs[j]);
  }

 private:
  std::size_t receive(PartyId from) {
    const Arrival arrival = party_.recv(from);
    auto& queue = coming_.at(arrival.from);
    const std::size_t number = queue.front();
    queue.pop_front();
    --left_;
    came_[number] = party_.spans().back().arrived;
    return number;
  }

  void act(const Session::Job& j) {
    party_.begin_step(j.step, j.context);
    party_.work(j.work, [] { return 0; });
    for (const std::size_t m : j.job.sends) {
      const ShardMessage& message = session_.messages[m];
      const engine::Nanos held =
          message.answers ? party_.now() - came_.at(*message.answers) : engine::Nanos{};
      send(party_, message, j.step, j.context, held);
    }
  }

  const Session& session_;
  Party& party_;
  std::map<PartyId, std::deque<std::size_t>> coming_;
  std::map<std::size_t, engine::Nanos> came_;  // and when
  std::size_t left_ = 0;
};

class Client {
 public:
  Client(const Session& session, Party& party) : s_(session), party_(party) {}

  void run() {
    greet(s_, party_);
    auto step = s_.steps.begin();
    begin(*step);
    for (const Session::Trip& trip : s_.prompt) ask(trip);
    for (const Session::Trip& trip : s_.prompt) finish(trip);
    end(*step, 1);
    for (const Session::Trip& trip : s_.decode) {
      if (const auto rest = s_.rests.find((++step)->step); rest != s_.rests.end())
        party_.recv(s_.terms.sharding.comp(0), rest->second);  // nobody sends: time passes
      begin(*step);
      work({Phase::draft, 0});
      ask(trip);
      finish(trip);
      end(*step, step->accepted);
    }
  }

 private:
  void begin(const engine::Step& step) {
    begun_ = party_.now();
    party_.begin_step(step.step, step.context);
  }
  void end(engine::Step step, std::uint32_t tokens) {
    for (std::uint32_t i = 0; i < tokens; ++i) work({Phase::verify, 1});
    step.begin = begun_;
    step.end = party_.now();
    party_.step_done(step);
  }
  void work(const Work& w) {
    party_.work(w, [] { return 0; });
  }
  static Work times(Work one, std::uint32_t rows) {
    one.rows = rows;
    one.flops *= rows;
    return one;
  }
  void ask(const Session::Trip& trip) {
    work(times(s_.head, trip.rows));
    work({Phase::codec, trip.rows});
    for (const std::size_t m : trip.sends) send(party_, s_.messages[m], trip.step, trip.context, {});
  }
  void finish(const Session::Trip& trip) {
    for (const std::size_t m : trip.receives) party_.recv(s_.messages[m].from);
    work({Phase::codec, trip.rows});
    work(times(s_.tail, trip.rows));
  }

  const Session& s_;
  Party& party_;
  engine::Nanos begun_{};
};

}  // namespace

CascadeSession cascade_session(const engine::ShardTerms& terms, const Batches& batches, const Profile& p) {
  const engine::LayerRange nodes{p.head_layers, p.geometry.value("layers", 0) - p.tail_layers};
  const ShardWidths w = engine::shard_widths_of(p.geometry, nodes, p.path + ": geometry");
  Session s;
  s.terms = terms;
  s.head = outer_work(Phase::head, w, p.head_layers, 0, p.weight_bytes);
  s.tail =
      outer_work(Phase::tail, w, p.tail_layers, static_cast<double>(w.vocabulary * w.model), p.weight_bytes);
  engine::ShardSession plan(terms, w, p.wire);
  s.messages = plan.greet(greeting_bytes).messages;
  s.greetings = s.messages.size();
  for (PartyId node = 1; std::cmp_less(node, terms.sharding.parties()); ++node)
    s.jobs[node];  // all take part
  for (std::uint32_t left = batches.prompt; left > 0;) {
    const std::uint32_t rows = std::min<std::uint32_t>(left, engine::prefill_rows);
    take(s, plan.add(1, engine::chain_depths(rows), true), w, p.weight_bytes, s.prompt.emplace_back());
    plan.commit(rows);
    left -= rows;
  }
  s.steps.push_back({.step = 1, .prefill = true, .rows = batches.prompt, .accepted = 1});
  std::uint32_t i = 0;
  for (const auto& [rows, gained] : decoded_steps(batches)) {
    const auto depths = depths_of(batches, rows);
    const bool chain = depths == engine::chain_depths(rows);
    s.steps.push_back(
        {.step = ++i + 1, .rows = rows, .context = plan.context(), .drafted = rows - 1, .accepted = gained});
    if (batches.pause_every > 0 && i % batches.pause_every == 0) s.rests[i + 1] = batches.pause;
    take(s, plan.add(i + 1, depths, chain), w, p.weight_bytes, s.decode.emplace_back());
    plan.commit(gained);
  }
  return s;
}

std::map<PartyId, engine::PartyMain> play(const CascadeSession& s,
                                          std::map<PartyId, engine::MemoryRecorder>& recorders) {
  std::map<PartyId, engine::PartyMain> parties;
  const engine::Sharding& sharding = s.terms.sharding;
  parties[engine::roles::client] = [&s, &recorder = recorders[engine::roles::client]](auto& transport,
                                                                                      auto& clock) {
    Party party(engine::roles::client, transport, clock, recorder);
    Client(s, party).run();
  };
  for (const auto& node_jobs : s.jobs) {
    const PartyId id = node_jobs.first;
    const auto& jobs = node_jobs.second;
    const bool comp = sharding.party(id).role == engine::ShardRole::comp;
    parties[id] = [&s, &jobs, id, comp, &recorder = recorders[id]](auto& transport, auto& clock) {
      Party party(id, transport, clock, recorder);
      Node node(s, party);
      greet(s, party);
      comp ? node.in_order(jobs) : node.as_they_come(jobs);
    };
  }
  return parties;
}

}  // namespace splitwan::netsim
