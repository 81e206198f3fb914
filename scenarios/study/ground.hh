// What the cells of one width share: maps, windows of text, what the undefended model makes of them, and soft
// prompts, which are trained where they are missing.
#pragma once

#include "engine/text/tokenizer.hh"
#include "scenarios/study/del_options.hh"
#include "scenarios/study/study_jobs.hh"
#include "scenarios/study/utility.hh"
#include "scenarios/train/del/soft_prompt.hh"

namespace splitwan::scenarios {

class Ground {
 public:
  // `maps`: one of the options' folders. With training, a copy of it in the training's folder is used.
  Ground(const DelOptions&, const std::string& maps, const engine::Tokenizer&);

  const engine::DelWeights& weights() const { return weights_; }
  engine::BinomialSpec spec(double mu, int bits) const;
  // Rows [P, b]; undefined for "none". Trained first where it is missing and the options say so: all of them,
  // noise or not, from one start, which saw none, and as long. `stop` leaves no file.
  at::Tensor soft_prompt(const engine::BinomialSpec&, const std::string& kind, const Stop&);

  // A text that perplexities are of.
  struct Text {
    std::string name;
    std::vector<Prompted> windows;
    Losses clean;  // of the undefended model
  };
  const std::vector<Text>& texts() const { return texts_; }  // the model's own first
  const std::vector<std::string>& absent() const { return absent_; }
  Judging judging(const Text& t) const { return {t.windows, &t.clean, options_.threads}; }
  NoisyModel model(const std::optional<engine::BinomialSpec>& noise) const;
  double maps_only_perplexity() const { return maps_only_; }  // of the first text, without noise
  const Frozen& frozen() const { return frozen_; }
  const NoisyModel& clean() const { return clean_; }

 private:
  std::string started(const Stop&);  // that start's file
  // Into `folder`, where it stands only when it is finished.
  void train(const engine::BinomialSpec&, const std::string& kind, const std::string& start,
             const std::string& folder, const Stop&);
  void add_text(const std::string& name, const WrittenText&);

  const DelOptions& options_;
  engine::DelWeights weights_;
  Frozen frozen_;
  NoisyModel clean_;
  std::vector<Text> texts_;
  std::vector<std::string> absent_;
  std::optional<PromptText> training_text_;
  double maps_only_ = 0;
};

}  // namespace splitwan::scenarios
