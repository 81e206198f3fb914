// Steps a drafter against a model that is a function of the text so far: no tensors, no network.
#pragma once

#include "engine/drafters/drafter.hh"
#include "tests/forward_fixture.hh"

namespace splitwan::tests {

struct TextModel {
  std::function<engine::Token(std::span<const engine::Token>)> next;
  std::vector<engine::Token> context;
  std::function<void(engine::Party&, int rows)> forward = [](auto&, int) {};  // what a step costs

  // One step of the decoding loop: the tree that was proposed.
  engine::TokenBatch step(engine::Drafter& drafter, int room = 100) {
    engine::TokenBatch batch;
    alone([&](engine::Party& party) { batch = step(party, drafter, room); });
    return batch;
  }

  engine::TokenBatch step(engine::Party& party, engine::Drafter& drafter, int room) {
    party.begin_step(party.step() + 1, static_cast<std::uint32_t>(context.size()));
    const engine::TokenBatch batch = drafter.propose(party, context, room);
    forward(party, batch.rows());
    const std::vector<engine::Token> before = context;
    const std::function<engine::Token(std::int32_t)> choice = [&](std::int32_t row) {
      std::vector<engine::Token> path = before;
      for (const std::int32_t r : engine::path_to(batch.parent, row)) {
        if (r > 0) path.push_back(batch.ids[r]);
      }
      return next(path);
    };
    std::vector<std::int32_t> accepted;
    for (std::int32_t row = 0; row >= 0;) {
      accepted.push_back(row);
      context.push_back(choice(row));
      row = engine::child_holding(batch, row, context.back());
    }
    engine::Step done{.step = party.step(),
                      .rows = static_cast<std::uint32_t>(batch.rows()),
                      .accepted = static_cast<std::uint32_t>(accepted.size())};
    drafter.verified(party, {batch, accepted, context, done, party.spans(), choice});
    return batch;
  }
};

}  // namespace splitwan::tests
