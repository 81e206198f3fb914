// The attacks of this room on real texts, as figures: what holes cost, and what leaks with each remedy and
// without.
#pragma once

#include "analysis/attacks/cascade/picture.hh"
#include "analysis/attacks/cascade/reading.hh"
#include "analysis/attacks/exam/jobs.hh"

namespace splitwan::attacks {

struct CascadeExam {
  CascadeCase what;
  std::vector<std::vector<Token>> texts = {};  // held out, the first token known to everybody
  std::vector<int> gaps = {1, 2, 3, 4};
  int layer = 1;                // whose rows are attacked; 1 or more
  std::uint64_t budget = 4096;  // token forwards of one search
  std::uint64_t seed = 1;
};

// What the attacker brings: the model, and what he measured on texts that the model wrote for him.
struct CascadeKnowledge {
  CascadeKnowledge(const Pieces&, int layer, std::uint64_t seed);
  const Pieces& pieces;
  int layer;
  std::vector<std::vector<Token>> texts;
  Token commonest = 0;                // in them, the first of each apart
  std::array<double, 4> tolerance{};  // by kind of row, at the layer
  SearchLimits limits(RowKind kind, std::uint64_t budget) const {
    return {layer, tolerance[static_cast<std::size_t>(kind)], budget};
  }
};

// Holes of every gap, for every kind of row, with own tokens known and not: rows of the table.
Json measured_holes(const CascadeExam&, const CascadeKnowledge&, Workers&);
// {leak, party, remedy, ..} each.
Json measured_leaks(const CascadeExam&, const CascadeKnowledge&, Workers&);
// How many jobs both are.
double jobs_of(const CascadeExam&);

// "share", "share_ci90" and "tokens" of what was asked; share null where nothing was.
void add_share(Json& row, const std::string& prefix, const Figures&);
// Figures of answers, by text.
struct Asked {
  std::vector<Token> truth, answer;
  void add(Token right, Token said) { truth.push_back(right), answer.push_back(said); }
};
Figures figures_of(const std::vector<Asked>&, std::uint64_t seed);

std::string measured_text(const Json&);

}  // namespace splitwan::attacks
