// Whose rows go through the layers next, and how many of them. Whoever has had least of late goes first;
// small steps go together; long ones advance by slices while anybody takes small steps. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

struct TurnTerms {
  int batch_rows = 256;  // of one call
  int slice_rows = 32;   // of it for long requests, as long as others take small steps: at most,
  double slice = 0.5;    // and as many as lengthen it by so many small steps
  int small_rows = 16;   // a small step has at most so many, and its client waits for it
  // Half of that for who has had so much more of late than they (less, where that is less), and for who asks
  // for small ones in a row. What one source's clients have had together tells none of them apart from
  // another.
  Nanos fade = std::chrono::milliseconds(250);
  Nanos memory = std::chrono::seconds(2);  // half-life of what somebody has had
  double aging = 0.25;  // of the time that a request has waited counts as if its client had had less:
                        // newcomers, who have had nothing, must not starve it
  Nanos watchful = std::chrono::milliseconds(500);  // small steps so long ago are expected to go on
};

class Turns {
 public:
  using Id = std::uint64_t;
  struct Waiting {
    Id id;
    const std::string* source;
    std::uint32_t rows;          // of its next request, or what is left of it
    bool queued = false;         // its client waits for no answer before it asks for the next
    Nanos since = Nanos::max();  // when the first of them came
    std::uint32_t asked = 0;     // rows of its next request as it came, where some are done
  };
  struct Pick {
    std::size_t which;  // of those waiting
    int rows;
  };

  explicit Turns(const TurnTerms& terms) : terms_(terms) {}

  // At least one, where any waits.
  std::vector<Pick> next(std::span<const Waiting>, Nanos now);
  void took(Id, const std::string& source, Nanos cost, Nanos now);
  void called(int rows, Nanos cost);  // a call through the layers, of all who were in it
  void forget(Id);

 private:
  // Of time on the computing thread, fading.
  struct Use {
    double seconds = 0;
    Nanos at{};
  };
  double of(const Use&, Nanos now) const;
  void add(Use&, Nanos cost, Nanos now) const;

  int rows_within(double small_steps) const;

  const TurnTerms terms_;
  double call_s_ = 0, row_s_ = 0;  // of late: a call of a few rows, and each row more; 0 = not known
  std::map<Id, Use> sessions_;
  std::map<std::string, Use> sources_;
  void saw_small(const Waiting&, Nanos now);
  double had(Id, const std::string& source, Nanos now) const;
  // When the latest small step was seen, whose it was, and when the latest of anybody else was.
  Nanos last_small_ = Nanos::min() / 2, other_small_ = last_small_;
  Id last_small_id_ = 0;
  std::string last_small_source_;
};

}  // namespace splitwan::engine
