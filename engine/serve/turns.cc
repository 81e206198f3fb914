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
    return !w.more && std::cmp_less_equal(w.rows, terms_.small_rows);
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
  int long_left = small_about ? std::min(rows_within(terms_.slice, 8), terms_.batch_rows) : terms_.batch_rows;
  int modest_left = small_about ? std::min(rows_within(terms_.modest, 1), long_left) : long_left;
  int small_left = std::max(1, terms_.batch_rows - (long_waits ? long_left : 0));
  const double usual = had(last_small_id_, last_small_source_, now);
  std::vector<Pick> picks;
  for (const Place& place : order) {
    const Waiting& w = waiting[place.which];
    const bool is_long = !is_small(w);
    int most = is_long ? long_left : small_left;
    const bool queues = w.more && std::cmp_less_equal(w.rows, terms_.small_rows);  // waits for none of them
    if (is_long && (queues || place.had - usual > seconds(terms_.generous)))
      most = std::min(most, modest_left);
    const int rows = std::min(most, static_cast<int>(std::clamp<std::uint32_t>(w.rows, 1, 1u << 30)));
    if (rows < 1) continue;
    picks.push_back({place.which, rows});
    (is_long ? long_left : small_left) -= rows;
    if (is_long) modest_left -= rows;
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
int Turns::rows_within(double small_steps, int least) const {
  if (call_s_ <= 0 || row_s_ <= 0) return least > 1 ? terms_.slice_rows : std::min(terms_.slice_rows, 4);
  return std::clamp(static_cast<int>(small_steps * call_s_ / row_s_), std::min(least, terms_.slice_rows),
                    terms_.slice_rows);
}

void Turns::called(int rows, Nanos cost) {
  constexpr double weight = 0.1;  // of the newest
  const auto learn = [](double& known, double now) {
    known = known > 0 ? known + weight * (now - known) : now;
  };
  if (rows <= 4)
    learn(call_s_, seconds(cost));
  else if (rows >= 16 && call_s_ > 0)
    learn(row_s_, std::max(0.0, seconds(cost) - call_s_) / rows);
}

void Turns::took(Id id, const std::string& source, Nanos cost, Nanos now) {
  add(sessions_[id], cost, now);
  add(sources_[source], cost, now);
}

void Turns::forget(Id id) { sessions_.erase(id); }

}  // namespace splitwan::engine
