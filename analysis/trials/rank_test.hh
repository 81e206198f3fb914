// Are two samples from the same distribution? Mann and Whitney (1947), Ann. Math. Stat. 18, 50.
#pragma once

#include <span>
#include <vector>

namespace splitwan::analysis {

struct RankTest {
  double u = 0;        // pairs in which a's value is the larger one; ties count a half
  double p = 1;        // two-sided
  bool exact = false;  // all arrangements were counted; else a normal distribution stands for them
};

// Exact without ties and up to 25 values each; else normal, corrected for ties and continuity. Throws Error
// where one of them is empty.
RankTest mann_whitney(std::span<const double> a, std::span<const double> b);

// Of pairs (a_i, b_i) that were measured one after the other: the same U, among all ways to swap the two of a
// pair instead of all arrangements. What the two share (the machine's mood, which drifts) is the same in all
// of those, and so hides no difference. Exact up to 100 pairs, else normal. Throws Error where there are not
// as many.
RankTest paired_mann_whitney(std::span<const double> a, std::span<const double> b);

// The least p that so many pairs can give.
double least_p(std::size_t pairs);

// Holm (1979), Scand. J. Stat. 6, 65: below alpha for any of them with a probability of at most alpha where
// none differs, however they depend on each other.
std::vector<double> holm(std::span<const double> p);

}  // namespace splitwan::analysis
