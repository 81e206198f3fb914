// The scenario that a design varies: its cells, and by what each one's result is known again.
#pragma once

#include "scenarios/sweep/design.hh"

namespace splitwan::scenarios {

class SweptScenario {
 public:
  // Throws Error where it is neither a replay nor one that runs a model.
  explicit SweptScenario(const Design&);

  const std::string& file() const { return file_; }
  const std::string& folder() const { return folder_; }
  bool runs_a_model() const { return runs_a_model_; }
  // Keys of its own sweep that the design does not set: they keep their one value.
  const std::vector<std::string>& left_out() const { return left_out_; }

  // The whole scenario of a cell {key: value, ..}.
  Json of(const Json& cell) const;

  // Of it: its keys whatever their order, but for name and note; the contents of the files and folders that
  // it names; this program's version and commit (of a changed working tree, the programs themselves); of a
  // model also the instruction set. Not of where it lies.
  std::string hash_of(const Json& scenario) const;

  // For the command line of `splitwan run`: --set KEY=VALUE ..
  std::vector<std::string> overrides(const Json& cell) const;

 private:
  std::string file_, folder_;
  Json base_, set_;
  bool runs_a_model_ = false;
  std::vector<std::string> left_out_;
  nlohmann::json program_;  // what made the result
};

// Its runs would disturb each other, or be disturbed: real time, or work that is timed.
bool runs_alone(const Json& scenario);

}  // namespace splitwan::scenarios
