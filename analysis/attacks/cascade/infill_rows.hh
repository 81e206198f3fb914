// What one node of a token-sharded run (Cascade, arXiv 2507.05228) sees of texts at one layer, laid out for a
// network that must name every token: its rows at their true positions, and a mark where it has none.
#pragma once

#include "analysis/attacks/exam/documents.hh"
#include "engine/party/shards.hh"

namespace splitwan::attacks {

struct InfillView {
  engine::Sharding sharding;
  engine::ShardParty node;  // comp: the hidden rows of its shard; attn: queries of one, keys and values of
                            // another
  int layer = 1;            // hidden rows as this layer takes them; queries, keys and values of it

  std::string label() const;  // "comp:3 of alpha 4, cluster 1, layer 6"
};

// Those that see most: the CompNode of the last shard, whose rows have the most tokens before them, and the
// AttnNode of that and of the shard half a stride away, which leaves the smallest holes; of layer 1 and of
// the middle of a model of so many layers.
std::vector<InfillView> infill_views(const engine::Sharding&, int layers);

// Rows of one kind, and who sees which.
struct InfillPart {
  at::Tensor rows;     // [texts x positions, width]
  at::Tensor visible;  // [positions], 0 or 1
};

// Which positions of the first `tokens` a node has rows of, each kind apart: one mask for comp, two (queries;
// keys and values) for attn. 0 or 1, float.
std::vector<at::Tensor> visible_positions(const engine::Sharding&, const engine::ShardParty&, int tokens);

// hidden: [rows, width] as `layer` takes them -> the rows that nodes of this role are sent, a tensor a kind.
// Queries and keys are given before they are turned by their position (RoPE): positions are public, so that
// whoever has the turned ones turns them back.
std::vector<at::Tensor> rows_of_role(const Pieces&, engine::ShardRole, int layer, const at::Tensor& hidden);

// Rows that are seen, standardised by their channels' mean and deviation, and 0; rows that are not, 0 and 1:
// a linear map of that is a learned map of the rows and a learned vector for those that are missing.
class InfillLayout {
 public:
  // The training texts' rows, all of the same number of positions.
  explicit InfillLayout(const std::vector<InfillPart>& training);
  // Of texts no longer than those: [rows, width()]. Rows that are not visible change nothing.
  at::Tensor operator()(const std::vector<at::Tensor>& rows, int positions) const;
  int width() const;

 private:
  struct Scale {
    at::Tensor visible, mean, deviation;
  };
  std::vector<Scale> scales_;
};

}  // namespace splitwan::attacks
