#include "engine/decode/rehearse.hh"

#include <algorithm>

namespace splitwan::engine {
namespace {

// Rows of the batch that lie on the text's path, the root included.
std::size_t rows_kept(const TokenBatch& batch, std::span<const Token> coming) {
  std::size_t kept = 0;
  for (std::int32_t row = 0; row >= 0 && kept < coming.size(); ++kept)
    row = child_holding(batch, row, coming[kept]);
  return kept;
}

}  // namespace

Rehearsal rehearse(Party& party, Drafter& drafter, std::span<const Token> prompt,
                   std::span<const Token> output, int limit, int context) {
  Rehearsal done;
  std::vector<Token> text(prompt.begin(), prompt.end());
  text.insert(text.end(), output.begin(), output.end());
  const std::span<const Token> all(text);
  for (std::size_t known = 1; known < output.size();) {  // the prompt's own step brought the first token
    const auto committed = static_cast<std::uint32_t>(prompt.size() + known - 1);
    party.begin_step(done.rows.size() + 2, committed);
    const int tokens_left = limit - static_cast<int>(known),
              space_left = context - static_cast<int>(committed);
    const int room = std::min(tokens_left, space_left) - 1;
    const Nanos begin = party.now();
    const TokenBatch batch = drafter.propose(party, all.first(committed + 1), room);
    done.draft += party.now() - begin;
    const std::size_t gained = rows_kept(batch, output.subspan(known));
    done.rows.push_back(static_cast<std::uint32_t>(batch.rows()));
    done.accepted.push_back(static_cast<std::uint32_t>(gained));
    if (!is_chain(batch.parent)) done.listed += static_cast<std::uint64_t>(batch.rows());
    known += gained;
  }
  return done;
}

Rehearsal rehearsal_of(const Run& run) {
  Rehearsal done;
  for (const Step& step : run.steps) {
    if (step.prefill) continue;
    done.rows.push_back(step.rows);
    done.accepted.push_back(step.accepted);
    if (step.rows > 1) done.listed += step.rows;  // a window's columns and the candidates branch
    std::uint32_t chosen = 0;  // the first choices are the tokens', those of the guesses follow
    for (const Span& span : run.spans) {
      if (span.step != step.step || span.op != Op::work) continue;
      const bool guess =
          span.phase == Phase::draft || (span.phase == Phase::verify && ++chosen > step.accepted);
      if (guess) done.draft += span.end - span.begin;
    }
  }
  return done;
}

}  // namespace splitwan::engine
