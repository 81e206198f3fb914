// A whole text read position by position, over holes or from partial results.
#pragma once

#include "analysis/attacks/cascade/hole_search.hh"
#include "analysis/attacks/cascade/views.hh"
#include "analysis/attacks/exam/metrics.hh"

namespace splitwan::attacks {

struct Reading {
  std::vector<Token> tokens;    // as far as anything was seen, what everybody knows included
  std::vector<bool> searched;   // per token: looked for, not known beforehand
  int searches = 0, found = 0;  // holes, or partial results; those explained within the tolerance
  std::uint64_t passes = 0;     // token forwards
};

struct SearchLimits {
  int layer = 1;                // whose rows are compared
  double tolerance = 0;         // relative distance within which a candidate is taken at once
  std::uint64_t budget = 4096;  // token forwards of one search
  int sweeps = 0;               // then one token at a time, so often
};

// One search within the limits, into the tally -> the tokens found, or the nearest that were tried.
std::vector<Token> searched(HoleSearch&, std::span<const Step>, const Judge&, const SearchLimits&,
                            const Stop&, Reading& tally);

// What is attacked: a text and everything that all nodes are shown of it.
struct Shown {
  std::span<const Token> ids;
  const LayerRows& rows;  // at the layer of the limits
  int known = 1;          // first tokens that everybody knows
};

// What the party has of its own tokens beforehand: them (from rows of layer 0), the few whose table rows are
// nearest, or nothing.
enum class Own : std::uint8_t { known, looked_up, unknown };
std::string_view name_of(Own);
constexpr int looked_up_few = 4;
class RowTable;

// By who is shown rows of one kind at `visible` positions; own tokens that it does not know are found with
// the hole before. `table`: of the layer, for those that are looked up.
Reading read_over_holes(const Pieces&, const Shown&, RowKind, const Positions& visible, Own,
                        const SearchLimits&, const Stop&, const RowTable* table = nullptr);

// By CompNode `shard`, who has rows of its own shard, and partial results of its queries over the others:
// what is new in one partial result after the other is one cluster.
Reading read_partials_at_comp(const Pieces&, const Shown&, const engine::Sharding&, int shard, bool own_known,
                              const SearchLimits&, const Stop&);
// By the aggregator, who has no rows, and every partial result: token i is new in that of query i over its
// own shard.
Reading read_partials_at_merger(const Pieces&, const Shown&, const engine::Sharding&, const SearchLimits&,
                                const Stop&);

// The furthest that the truth is from what an attacker computes of it, times two: no candidate nearer is
// wrong by rounding alone. Over texts that the attacker chose.
double tolerance_of(const Pieces&, RowKind, int layer, std::span<const std::vector<Token>> texts);

// Marks the tokens of `which` that were searched for.
Figures marked(const std::vector<Reading>&, std::span<const std::vector<Token>> truth,
               const std::function<bool(int position)>& which, std::uint64_t seed);

}  // namespace splitwan::attacks
