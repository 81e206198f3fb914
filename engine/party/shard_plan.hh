// Who does what, and says what to whom, in each batch of a session with sharded tokens (shards.hh): the order
// of work and messages without a number computed. Replays play it, the latency model follows it.
//
// A batch is a chunk of a prompt or a decode step's tree. The client deals each CompNode its rows. Before
// each layer a CompNode sends its rows' queries, keys and values to AttnNodes (a, k), then keys and values to
// (q, a); after it, it merges what came back. Keys and values are stored as they come: no job of their own.
#pragma once

#include <optional>
#include <vector>

#include "engine/party/phase.hh"
#include "engine/party/shard_bytes.hh"

namespace splitwan::engine {

struct ShardMessage {
  PartyId from = 0, to = 0;
  std::uint32_t rows = 0, layer = 0, lists = 0;  // lists: entries of keep and parent
  std::uint64_t payload = 0;                     // bytes
  std::optional<std::size_t> answers = {};       // the message since whose arrival it says that it was held
  std::uint64_t bytes() const;                   // on the wire
};

struct ShardJob {
  PartyId party = 0;
  Phase phase = Phase::middle;
  std::uint32_t rows = 0, layer = 0;
  double weights = 0;          // numbers of the layers' matrices that it reads
  double pairs = 0, keys = 0;  // rows times the keys each sees; keys that any sees
  std::vector<std::size_t> needs = {},
                           sends = {};  // messages by number, in the order in which they are taken and sent
};

// Its messages are numbered from first_message on, those of the session before it below. A CompNode does its
// jobs in this order; an AttnNode and the aggregator each when all it needs has come.
struct ShardBatch {
  std::uint64_t step = 0;
  std::uint32_t context = 0, rows = 0;
  std::size_t first_message = 0;
  std::vector<ShardMessage> messages;
  std::vector<ShardJob> jobs;
  const ShardMessage& message(std::size_t number) const { return messages[number - first_message]; }
};

class ShardSession {
 public:
  ShardSession(const ShardTerms&, const ShardWidths&, std::string wire);

  const ShardTerms& terms() const { return terms_; }
  const ShardWidths& widths() const { return widths_; }
  std::uint32_t context() const { return context_; }

  // The greeting, messages alone: each party's first, to those behind it (the client's to the CompNodes,
  // theirs to the AttnNodes, all to the aggregator). Nobody waits for one to send his own.
  ShardBatch greet(std::uint64_t hello_bytes);
  // Row i at position context + depths[i]; `chain`: each row follows the one before it.
  ShardBatch add(std::uint64_t step, const std::vector<std::uint32_t>& depths, bool chain);
  // Of the last batch so many rows are kept. From the first that is not, messages name the rows.
  void commit(std::uint32_t rows);

 private:
  struct Rows;
  std::size_t put(ShardBatch&, ShardMessage) const;
  std::uint32_t listed(PartyId from, PartyId to, int shard, std::uint32_t parents);
  std::vector<std::size_t> ask(ShardBatch&, const Rows&, int shard, std::uint32_t layer);
  std::vector<std::size_t> answer(ShardBatch&, const Rows&, int shard, std::uint32_t layer);
  double weights(std::uint32_t layer) const;  // of the job before this layer
  std::size_t& asked(int queries, int keys) {
    return asked_[static_cast<std::size_t>(queries) * static_cast<std::size_t>(alpha_) +
                  static_cast<std::size_t>(keys)];
  }
  // The last message with keys, of this batch and of those before it.
  struct Stored {
    std::optional<std::size_t> here, before;
  };
  Stored& stored(int queries, int keys, std::uint32_t layer);
  void store(Stored&, std::size_t message, const ShardBatch&) const;

  ShardTerms terms_;
  ShardWidths widths_;
  std::string wire_;
  int alpha_;
  std::uint32_t context_ = 0, sent_ = 0;  // committed rows; rows of the last batch
  bool dropped_ = false;
  std::size_t next_message_ = 0;
  std::vector<std::uint32_t> told_;  // by sender and receiver: committed rows that it knows of
  std::vector<std::size_t> asked_;   // by AttnNode: the last query
  std::vector<Stored> stored_;       // by AttnNode and layer
};

// A chain's depths.
std::vector<std::uint32_t> chain_depths(std::uint32_t rows);

}  // namespace splitwan::engine
