#include "model/path/shard_paths.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/types.hh"
#include "model/path/connection.hh"

namespace splitwan::model {

using engine::PartyId;
using engine::seconds;
using engine::ShardBatch;
using engine::ShardRole;

namespace {

Nanos whole_nanos(double s) { return Nanos(std::llround(s * 1e9)); }

}  // namespace

void ShardTrail::add(const ShardTrail& t, double share) {
  client_s += share * t.client_s;
  comp_s += share * t.comp_s;
  attn_s += share * t.attn_s;
  merge_s += share * t.merge_s;
  network_s += share * t.network_s;
}

ShardPaths::ShardPaths(const engine::Sharding& sharding, const Condition& outer, const Condition& inner,
                       double initial_window, std::uint64_t seed)
    : sharding_(sharding), plain_(seed == 0) {
  const Setup setups[] = {setup_of(outer, initial_window), setup_of(inner, initial_window)};
  const auto parties = static_cast<std::size_t>(sharding.parties());
  path_index_.resize(parties * parties);
  nodes_.resize(parties);
  for (PartyId id = 0; id < parties; ++id) nodes_[id].role = sharding.party(id).role;
  for (const auto& [a, b] : sharding.pairs()) {
    path_index_[a * parties + b] = path_index_[b * parties + a] = paths_.size();
    paths_.emplace_back(setups[a == 0 ? 0 : 1], seed + paths_.size(), !plain_);
  }
  for (auto& ways : ways_) ways.resize(paths_.size());
  queued_.assign(paths_.size(), never);
}

std::size_t ShardPaths::path_of(PartyId a, PartyId b) const { return path_index_[a * nodes_.size() + b]; }

void ShardPaths::take(ShardBatch&& batch) {
  for (const engine::ShardMessage& m : batch.messages) {
    Message& message = messages_.emplace_back();
    message.from = m.from, message.to = m.to;
    bytes_.push_back(m.bytes());
    awaited_ += m.to == 0;
  }
  for (engine::ShardJob& job : batch.jobs) {
    const std::size_t number = jobs_.size();
    jobs_.push_back({std::move(job)});
    Job& j = jobs_.back();
    for (const std::size_t need : j.job.needs) {
      if (messages_[need].came == never) {
        ++j.missing;
        messages_[need].wanted.push_back(number);
      } else if (messages_[need].came >= j.ready) {
        j.ready = messages_[need].came, j.last = need;
      }
    }
    if (nodes_[j.job.party].role == ShardRole::comp) nodes_[j.job.party].due.push_back(number);
  }
}

void ShardPaths::post(std::size_t message, std::uint64_t bytes, Nanos at, const ShardTrail& trail) {
  Message& m = messages_[message];
  m.sent = at;
  m.trail = trail;
  const std::size_t path = path_of(m.from, m.to);
  const bool down = m.from > m.to;
  paths_[path].post(at, down, bytes);
  ways_[down ? 1 : 0][path].numbers.push_back(message);
  expect(path);
}

void ShardPaths::act(std::size_t number, const JobCost& cost) {
  Job& j = jobs_[number];
  Node& node = nodes_[j.job.party];
  // What it waited for last: a message, or its own work before.
  ShardTrail trail = node.free > j.ready ? node.trail : messages_[j.last].trail;
  const Nanos took = whole_nanos(cost(j.job));
  (node.role == ShardRole::comp   ? trail.comp_s
   : node.role == ShardRole::attn ? trail.attn_s
                                  : trail.merge_s) += seconds(took);
  node.free = std::max(node.free, j.ready) + took;
  node.trail = trail;
  for (const std::size_t m : j.job.sends) post(m, bytes_[m], node.free, trail);
}

void ShardPaths::arrive(std::size_t number, Nanos at, const JobCost& cost) {
  Message& m = messages_[number];
  m.came = at;
  m.trail.network_s += seconds(at - m.sent);
  awaited_ -= m.to == 0;
  for (const std::size_t wanted : m.wanted) {
    Job& j = jobs_[wanted];
    j.ready = std::max(j.ready, at);
    j.last = number;
    if (--j.missing == 0 && nodes_[j.job.party].role != ShardRole::comp) act(wanted, cost);
  }
  auto& due = nodes_[m.to].due;
  while (!due.empty() && jobs_[due.front()].missing == 0) {
    const std::size_t next = due.front();
    due.pop_front();
    act(next, cost);
  }
}

void ShardPaths::expect(std::size_t path) {
  const Nanos due = paths_[path].due();
  if (due >= queued_[path]) return;
  queued_[path] = due;
  due_.emplace(due, path);
}

bool ShardPaths::step(const JobCost& cost) {
  if (due_.empty()) return false;
  const auto [at, path] = due_.top();
  due_.pop();
  if (at != queued_[path]) return true;  // something came before it
  queued_[path] = never;
  Packets& packets = paths_[path];
  while (const auto delivered = packets.next(at)) {
    auto& numbers = ways_[delivered->down ? 1 : 0][path].numbers;
    const std::size_t number = numbers.front();
    numbers.pop_front();
    arrive(number, packets.now(), cost);
  }
  expect(path);
  return true;
}

void ShardPaths::greet(const ShardBatch& batch) {
  const std::size_t first = messages_.size();
  take(ShardBatch(batch));
  for (std::size_t m = first; m < messages_.size(); ++m) post(m, bytes_[m], now_, {});
}

ShardTrail ShardPaths::follow(std::vector<ShardTrip> trips, const JobCost& cost) {
  const Nanos begin = now_;
  ShardTrail lead;
  std::vector<std::pair<std::size_t, std::size_t>> messages;  // of each trip
  for (ShardTrip& trip : trips) {
    lead.client_s += trip.lead_s;
    now_ += whole_nanos(trip.lead_s);
    const std::size_t first = messages_.size();
    take(std::move(trip.batch));
    messages.emplace_back(first, messages_.size());
    for (std::size_t m = first; m < messages_.size(); ++m)
      if (messages_[m].from == 0) post(m, bytes_[m], now_, lead);
  }
  while (awaited_ > 0) {
    if (!step(cost)) throw engine::Error("the paths came to rest with messages under way");
  }
  ShardTrail all = lead;
  for (std::size_t i = 0; i < trips.size(); ++i) {
    for (std::size_t m = messages[i].first; m < messages[i].second; ++m) {
      if (messages_[m].to != 0 || messages_[m].came < now_) continue;
      now_ = messages_[m].came;
      all = messages_[m].trail;
    }
    now_ += whole_nanos(trips[i].tail_s);
    all.client_s += trips[i].tail_s;
  }
  // Keys of a step before may be what was waited for: that way began before this one.
  all.network_s += seconds(now_ - begin) - all.total_s();
  return all;
}

void ShardPaths::rest(double s) { now_ += whole_nanos(s); }

}  // namespace splitwan::model
