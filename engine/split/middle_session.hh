// One client of the middle layers: its cache, how its rows are read, and its messages step by step, so that
// who calls may time the steps and let those of several sessions go together.
#pragma once

#include "engine/checkpoint/model_config.hh"
#include "engine/serve/served.hh"
#include "engine/split/boundary_rows.hh"
#include "engine/split/codec.hh"
#include "engine/split/mechanism.hh"
#include "engine/split/passage.hh"

namespace splitwan::engine {

class MiddleSession : public ServedSession {
 public:
  // `said`: the client's hello. `weights`: for rows that come through the binomial mechanism, or null. What
  // is given must outlive the session. Throws Error.
  MiddleSession(const ModelConfig&, const LayerStack& middle, const Json& said, const DelWeights* weights);
  std::uint64_t bytes() const override { return passage_.bytes() + (boundaries_ ? boundaries_->bytes() : 0); }
  // What a welcome says to such a client.
  void greet(Json& welcome) const;

  // A check or a draw: the answer is there at once.
  static bool is_check(Kind kind) { return kind == Kind::check || kind == Kind::draw; }
  Message check(const Message&);

  // A request or a feed: what the client keeps of the step before is committed, its tree is checked. Throws
  // Error, as all below, when there is something wrong with it.
  void take(const Message&);
  at::Tensor decode(const Message&) const;  // what was taken -> its rows
  void open(at::Tensor rows);               // they are on their way
  Passage& passage() { return passage_; }
  // When they are through. A feed is committed and not answered.
  std::optional<Message> finish();

  Work decoding() const { return counts_ ? mechanism_->work(header_.rows) : coding(); }
  Work coding() const { return codec_work(*codec_, header_.rows, config_.width); }
  Work layers() const;

 private:
  void commit();
  void check_tree();

  const ModelConfig& config_;
  const LayerStack& middle_;
  std::optional<BoundaryRows> boundaries_;  // of a client that checks
  Passage passage_;
  std::optional<MechanismReader> mechanism_;
  const Codec* back_ = nullptr;          // of replies to counts
  std::size_t lead_ = 0;                 // rows of the soft prompt, as long as it is not committed
  std::uint32_t tokens_ = 0, sent_ = 0;  // committed ones of the client's; rows of the step in flight
  // Of the message under way.
  Header header_;
  const Codec* codec_ = nullptr;  // of its reply
  bool counts_ = false;
};

}  // namespace splitwan::engine
