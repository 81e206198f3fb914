// The text that a teacher is imitated on: written once, kept in OUTPUT/training/lessons, a part at a time so
// that an interruption costs little.
#pragma once

#include "engine/checkpoint/safetensors.hh"
#include "scenarios/train/teacher.hh"

namespace splitwan::scenarios {

class Lessons {
 public:
  // Throws Error when the folder's lessons came from another recipe.
  Lessons(const Recipe&, const DataMix&, const Teacher&, const std::string& output);

  // Writes the parts that are missing; false when `stop` ended it.
  bool prepare(const std::function<bool()>& stop);
  // As DataMix's: a function of the seed and the step.
  Windows sample(std::int64_t step) const;

 private:
  static constexpr int part_windows = 256;
  static constexpr int together = 64;  // passages at a time
  std::string path(int part) const;
  void write(int part, const std::function<bool()>& stop) const;
  std::vector<Opening> openings(int part) const;
  void open(int part);
  void append(Windows&, int window) const;

  const Recipe& recipe_;
  const DataMix& mix_;
  const Teacher& teacher_;
  std::string folder_;
  struct Part {
    engine::SafetensorsFile file;
    const engine::TensorView *ids, *features;  // [windows, context + 1], [windows, context, width]
  };
  std::vector<Part> parts_;
};

}  // namespace splitwan::scenarios
