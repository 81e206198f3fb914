// What work costs in virtual time, as a scenario says it: its files are read once. No torch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netsim/time/profile.hh"

namespace splitwan::scenarios {

class ComputeSource {
 public:
  // reference, measured, recorded:TRACE or profile:FILE. Throws Error on anything else, and on its file's
  // account.
  explicit ComputeSource(const std::string& text);

  // For one run. Throws Error when a recording holds no such run.
  netsim::CostSource cost(const std::string& drafter, const std::string& prompt,
                          const engine::Sampling& sampling) const;
  // Charges work of the draft model that no run has done: a recording cannot, a profile if it says so.
  bool charges_any_draft() const;
  netsim::MessageSize message_size() const;

 private:
  std::string kind_, path_;
  std::vector<engine::Run> recorded_;
  std::optional<netsim::Profile> profile_;
};

}  // namespace splitwan::scenarios
