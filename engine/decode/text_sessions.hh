// A whole model that writes for many clients at one time.
#pragma once

#include "engine/layers/model_ends.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/serve/served.hh"

namespace splitwan::engine {

class TextSessions : public Served {
 public:
  // `whole` holds all layers in its head. What is given must outlive it.
  TextSessions(const ModelEnds& whole, const DelWeights& del) : whole_(whole), del_(del) {}

  Limits limits() const override;
  std::unique_ptr<ServedSession> open(const Message& hello, Json& welcome) const override;
  // One token a call, of each that writes: nobody waits for another's text. The last one is followed by a
  // goodbye that says why it was.
  ServedPhases answer(std::span<Asked>) const override;

 private:
  const ModelEnds& whole_;
  const DelWeights& del_;
};

}  // namespace splitwan::engine
