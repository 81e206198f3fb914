#include "engine/serve/turns.hh"

#include <algorithm>
#include <cmath>
#include <utility>

namespace splitwan::engine {

double Turns::of(const Use& use, Nanos now) const {
  return use.seconds * std::exp2(-seconds(now - use.at) / seconds(terms_.memory));
}

void Turns::add(Use& use, Nanos cost, Nanos now) const {
  use.seconds = of(use, now) + seconds(cost);
  use.at = now;
}

std::vector<Turns::Pick> Turns::next(std::span<const Waiting> waiting, Nanos now) {
  struct Place {
    double had, rank;
    std::size_t which;
  };
  std::erase_if(sources_, [&](const auto& named) { return of(named.second, now) < 1e-4; });
  std::vector<Place> order;
  order.reserve(waiting.size());
  const auto is_small = [&](const Waiting& w) {
    return !w.queued && std::cmp_less_equal(w.rows, terms_.small_rows);
  };
  bool small_waits = false, long_waits = false;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const double so_far = had(waiting[i].id, *waiting[i].source, now);
    order.push_back(
        {so_far, so_far - terms_.aging * seconds(std::max(Nanos{}, now - std::min(waiting[i].since, now))),
         i});
    if (is_small(waiting[i])) {
      small_waits = true;
      if (waiting[i].rows > 0) saw_small(waiting[i], now);  // a greeting is no step
    } else {
      long_waits = true;
    }
  }
  std::ranges::stable_sort(order, {}, &Place::rank);
  // Somebody who takes small steps is between two of them, and must not find a long call under way.
  const bool alone = waiting.size() == 1 && waiting[0].id == last_small_id_;
  const bool small_expected = now - (alone ? other_small_ : last_small_) < terms_.watchful;
  const bool small_about = small_waits || small_expected;
  const double usual = had(last_small_id_, last_small_source_, now);
  const auto most_of = [&](const Waiting& w, double so_far) {
    if (!small_about) return terms_.batch_rows;
    const bool many = w.queued && std::cmp_less_equal(w.asked > 0 ? w.asked : w.rows, terms_.small_rows);
    const double more = many ? 1 : std::clamp((so_far - usual) / seconds(terms_.fade), 0.0, 1.0);
    return std::min(rows_within(terms_.slice * std::exp2(-more)), terms_.batch_rows);
  };
  const int slice = small_about ? rows_within(terms_.slice) : terms_.batch_rows;
  int long_rows = 0, small_left = std::max(1, terms_.batch_rows - (long_waits ? slice : 0));
  std::vector<Pick> picks;
  for (const Place& place : order) {
    const Waiting& w = waiting[place.which];
    const bool small = is_small(w);
    const int most = small ? small_left : most_of(w, place.had) - long_rows;
    const int rows = std::min(most, static_cast<int>(std::clamp<std::uint32_t>(w.rows, 1, 1u << 30)));
    if (rows < 1) continue;
    picks.push_back({place.which, rows});
    if (small)
      small_left -= rows;
    else
      long_rows += rows;
  }
  return picks;
}

void Turns::saw_small(const Waiting& w, Nanos now) {
  if (w.id != last_small_id_) other_small_ = last_small_;
  last_small_id_ = w.id;
  last_small_source_ = *w.source;
  last_small_ = now;
}

// Of time on the computing thread: by the session, and by its source.
double Turns::had(Id id, const std::string& source, Nanos now) const {
  const auto session = sessions_.find(id);
  const auto all = sources_.find(source);
  return (session == sessions_.end() ? 0 : of(session->second, now)) +
         (all == sources_.end() ? 0 : of(all->second, now));
}

// Of a call's: as many as lengthen it by so many small steps, as far as that is known.
int Turns::rows_within(double small_steps) const {
  if (call_s_ <= 0 || row_s_ <= 0)
    return std::max(1, static_cast<int>(small_steps / terms_.slice * terms_.slice_rows));
  return static_cast<int>(std::clamp<double>(small_steps * call_s_ / row_s_, 1, terms_.slice_rows));
}

// By more rows a row's cost is told better from a call's; below nothing, where noise takes it, it is not
// known.
void Turns::called(int rows, Nanos cost) {
  constexpr double weight = 0.1;  // of the newest
  const auto learn = [](double& known, double now, double by) {
    known = known != 0 ? known + by * (now - known) : now;
  };
  const int more = rows - 1;
  if (rows <= 4) learn(call_s_, seconds(cost) - more * std::max(0.0, row_s_), weight);
  if (more > 0 && call_s_ > 0)
    learn(row_s_, (seconds(cost) - call_s_) / more, weight * std::min(1.0, more / 8.0));
}

void Turns::took(Id id, const std::string& source, Nanos cost, Nanos now) {
  add(sessions_[id], cost, now);
  add(sources_[source], cost, now);
}

void Turns::forget(Id id) { sessions_.erase(id); }

}  // namespace splitwan::engine
