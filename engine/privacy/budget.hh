// How much of its privacy a client has spent, on disk: charged before anything is sent, and never less after
// a crash.
#pragma once

#include <cstdint>
#include <string>

#include "engine/privacy/binomial.hh"

namespace splitwan::engine {

// Rows of one mechanism, each of its u d rounds, as if all that a client ever sends may differ.
struct BudgetState {
  BinomialSpec mechanism;
  double delta = 1e-5, epsilon = 0;  // the limit
  std::uint64_t rows = 0;            // charged so far

  double spent() const;             // epsilon of them
  std::uint64_t most_rows() const;  // that the limit allows
};
Json to_json(const BudgetState&);
BudgetState read_budget(const std::string& path);                 // throws Error: absent, damaged
void create_budget(const std::string& path, const BudgetState&);  // throws Error where a file is already

class Budget {
 public:
  // Throws Error: absent, damaged, or of another mechanism, whose rounds do not add up with these.
  Budget(std::string path, const BinomialSpec&);
  // On disk before it returns. Throws Error when less is left, and then charges nothing. Processes that share
  // a file take turns.
  void charge(std::uint64_t rows);

 private:
  std::string path_;
  std::uint64_t most_rows_;
};

}  // namespace splitwan::engine
