#include "engine/base/link_law.hh"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/tcp_constants.hh"

namespace splitwan::engine {
namespace {

constexpr std::uint32_t most_options = 28;  // bytes that a packet without data has beyond the usual header

constexpr LinkTime never = LinkTime::max();

LinkTime from_ns(double ns) { return LinkTime(std::llround(ns)); }

}  // namespace

LinkModel::LinkModel(LinkSpec spec, std::uint64_t seed, std::uint64_t stream)
    : spec_(std::move(spec)), seed_{seed, stream}, state_(spec_) {}

void LinkModel::start(LinkTime now, bool with_chance) {
  origin_ = now;
  started_ = true;
  state_ = spec_;
  turn_ = change_ = 0;
  opportunity_ = 0;
  opportunity_left_ = opportunity_bytes;
  begin_chance(with_chance);
  carried_ = loss_ = 0;
  const LinkTime turn = spec_.cross.on + spec_.cross.off;
  if (spec_.cross.bits_per_second > 0)
    others_turn_ = other_ = now - from_ns(uniform() * static_cast<double>(turn.count()));
  counts_ = {};
}

void LinkModel::rehearse(bool with_chance) { begin_chance(with_chance); }

void LinkModel::begin_chance(bool with_chance) {
  std::seed_seq seeds{seed_[0] & 0xffffffff, seed_[0] >> 32, seed_[1] & 0xffffffff, seed_[1] >> 32};
  random_.seed(seeds);
  with_chance_ = with_chance;
  bad_ = false;
  walk_ = normal();  // the jitter begins in its steady state
}

LinkModel::Passage LinkModel::pass(LinkTime now, std::uint32_t bytes) {
  const bool waits = !spec_.opportunities.empty() || free_ > now;
  if (waits && state_.queue_bytes != 0 && queued(now) + bytes > state_.queue_bytes) return {true, {}};
  const LinkTime starts = std::max(now, free_);
  const LinkTime sent =
      spec_.opportunities.empty() ? sent_at_rate(starts, bytes) : sent_at_opportunity(now, bytes);
  const LinkTime leaves_queue = spec_.opportunities.empty() ? starts : sent;
  if (leaves_queue > now) {
    queue_.push_back({leaves_queue, bytes});
    queued_ += bytes;
    counts_.most_queued = std::max(counts_.most_queued, queued_);
  }
  free_ = sent;
  if (sent != never) counts_.busy += sent - leaves_queue;
  return {false, sent};
}

// Of cross traffic, before a packet of ours is looked at: what came until now.
void LinkModel::pass_others(LinkTime now) {
  const CrossTraffic& cross = spec_.cross;
  if (!started_ || !with_chance_ || cross.bits_per_second == 0) return;
  const LinkTime gap = from_ns(8e9 * cross.packet / cross.bits_per_second);
  while (other_ <= now) {
    if (cross.off > LinkTime{} && other_ - others_turn_ >= cross.on) {
      other_ = others_turn_ += cross.on + cross.off;
      continue;
    }
    if (other_ >= origin_) pass(other_, cross.packet + ppp_bytes);
    other_ += gap;
  }
}

LinkModel::Fate LinkModel::offer(LinkTime now, std::uint32_t bytes) {
  pass_others(now);
  const auto [full, sent] = pass(now, bytes);
  if (full) {
    ++counts_.queue_drops;
    return {Fate::queue_full, {}};
  }
  ++counts_.packets;
  counts_.bytes += bytes;
  if (sent == never) return {Fate::lost, {}};  // down for good

  const bool recorded = lost_as_recorded(bytes);
  const bool lost = (with_chance_ && lost_by_chance()) || recorded;
  const LinkTime late = with_chance_ ? jitter() : LinkTime{};
  if (lost) {
    ++counts_.lost;
    return {Fate::lost, {}};
  }
  LinkTime arrival = sent + std::max(LinkTime{}, state_.delay + late);
  if (!state_.jitter.reorder) arrival = std::max(arrival, last_arrival_);
  last_arrival_ = std::max(last_arrival_, arrival);
  return {Fate::delivered, arrival};
}

std::uint64_t LinkModel::queued(LinkTime now) {
  while (!queue_.empty() && queue_.front().starts <= now) {
    queued_ -= queue_.front().bytes;
    queue_.pop_front();
  }
  return queued_;
}

LinkTime LinkModel::next_change() const {
  if (!started_ || spec_.schedule.empty()) return never;
  const LinkTime turn = origin_ + static_cast<std::int64_t>(turn_) * spec_.period;
  if (change_ < spec_.schedule.size()) return turn + spec_.schedule[change_].at;
  return spec_.period > LinkTime{} ? turn + spec_.period : never;
}

void LinkModel::follow_schedule(LinkTime t) {
  while (next_change() <= t) {
    if (change_ < spec_.schedule.size()) {
      state_ = spec_.schedule[change_++].link;
    } else {
      state_ = spec_;
      change_ = 0;
      ++turn_;
    }
  }
}

LinkTime LinkModel::sent_at_rate(LinkTime t, std::uint32_t bytes) {
  if (t == never) return never;
  for (double bits = 8.0 * bytes;;) {
    follow_schedule(t);
    const LinkTime change = next_change();
    if (!state_.down || !started_) {  // before time 0 connections are made
      if (state_.bits_per_second == 0) return t;
      const LinkTime takes = from_ns(bits / state_.bits_per_second * 1e9);
      if (change == never || t + takes <= change) return t + takes;
      bits -= state_.bits_per_second * 1e-9 * static_cast<double>((change - t).count());
    }
    if (change == never) return never;
    t = change;
  }
}

LinkTime LinkModel::opportunity_at(std::uint64_t index) const {
  const std::uint64_t count = spec_.opportunities.size();
  return origin_ + static_cast<std::int64_t>(index / count) * spec_.opportunities.back() +
         spec_.opportunities[index % count];
}

LinkTime LinkModel::sent_at_opportunity(LinkTime now, std::uint32_t bytes) {
  follow_schedule(now);
  if (opportunity_at(opportunity_) < now) {  // those that passed unused are gone
    const auto& moments = spec_.opportunities;
    const std::int64_t turn = (now - origin_) / moments.back();
    const LinkTime within = now - origin_ - turn * moments.back();
    const auto next = std::lower_bound(moments.begin(), moments.end(), within) - moments.begin();
    opportunity_ = static_cast<std::uint64_t>(turn) * moments.size() + static_cast<std::uint64_t>(next);
    // The last moment of one turn is the zero of the next.
    if (opportunity_ > 0 && opportunity_at(opportunity_ - 1) >= now) --opportunity_;
    opportunity_left_ = opportunity_bytes;
  }
  while (bytes > opportunity_left_) {
    bytes -= opportunity_left_;
    ++opportunity_;
    opportunity_left_ = opportunity_bytes;
  }
  opportunity_left_ -= bytes;
  return opportunity_at(opportunity_);
}

bool LinkModel::lost_as_recorded(std::uint32_t bytes) {
  constexpr std::uint32_t around = engine::tcp::header_bytes + ppp_bytes;
  if (!started_ || bytes <= around + most_options) return false;
  carried_ += bytes - around;
  if (!with_chance_ || loss_ == spec_.losses.size() || spec_.losses[loss_] >= carried_) return false;
  ++loss_;
  return true;
}

bool LinkModel::lost_by_chance() {
  const Bursts& bursts = state_.bursts;
  if (bursts.to_bad > 0) bad_ = bad_ ? uniform() >= bursts.to_good : uniform() < bursts.to_bad;
  const double probability = bad_ ? bursts.loss : state_.loss;
  return probability > 0 && uniform() < probability;
}

// A Gaussian walk with the wanted correlation, carried to the law by its quantiles: the law stays exact.
LinkTime LinkModel::jitter() {
  const Jitter& j = state_.jitter;
  if (j.law == JitterLaw::none) return {};
  walk_ = j.correlation * walk_ + std::sqrt(1 - j.correlation * j.correlation) * normal();
  const double scale = static_cast<double>(j.scale.count());
  const double above = std::max(0.5 * std::erfc(walk_ / std::sqrt(2.0)), 1e-300);  // P(more than walk_)
  switch (j.law) {
    case JitterLaw::uniform:
      return from_ns(scale * (1 - 2 * above));
    case JitterLaw::normal:
      return from_ns(scale * walk_);
    case JitterLaw::exponential:
      return from_ns(-scale * std::log(above));
    case JitterLaw::pareto:
      return from_ns(scale * (std::pow(above, -1.0 / 3) - 1.5) / std::sqrt(0.75));
    case JitterLaw::none:
      break;
  }
  return {};
}

// The standard's distributions differ between libraries; these do not.
double LinkModel::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

double LinkModel::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * uniform());
}

}  // namespace splitwan::engine
