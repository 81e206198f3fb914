#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/split/forward.hh"
#include "engine/split/row_lists.hh"

namespace splitwan::engine {
namespace {

class LocalForward : public Forward {
 public:
  LocalForward(Party& party, const ModelEnds& ends, int length)
      : party_(party), ends_(ends), cache_(ends.head().new_cache(length)) {
    if (ends.head().range().size() != ends.config().layers) throw Error("local decoding needs all layers");
  }

  at::Tensor prefill(std::span<const Token> prompt) override {
    at::Tensor logits;
    for (std::size_t at = 0; at < prompt.size(); at += chunk) {
      const auto rows = std::min(chunk, prompt.size() - at);
      logits = step(TokenBatch::chain(prompt.subspan(at, rows)), at + rows == prompt.size() ? 1 : 0);
      commit(first_rows(rows));
    }
    return logits;
  }

  at::Tensor run(const TokenBatch& batch) override { return step(batch, batch.rows()); }
  void commit(std::span<const std::int32_t> rows) override { cache_.commit(rows); }
  int committed() const override { return cache_.committed(); }
  std::uint64_t round_trips() const override { return 0; }

 private:
  static constexpr std::size_t chunk = prefill_rows;

  // Logits of the last `wanted` rows.
  at::Tensor step(const TokenBatch& batch, int wanted) {
    const auto rows = static_cast<std::uint32_t>(batch.rows()),
               context = static_cast<std::uint32_t>(committed());
    const Work work = ends_.logits_work(ends_.head().work(Phase::head, rows, context), wanted);
    return party_.work(work, [&] {
      cache_.begin(batch.parent);
      const at::Tensor hidden = ends_.head()(ends_.embed(batch.ids), cache_, wanted);
      return wanted > 0 ? ends_.logits(hidden) : at::Tensor();
    });
  }

  Party& party_;
  const ModelEnds& ends_;
  KvCache cache_;
};

}  // namespace

std::unique_ptr<Forward> make_local(Party& party, const ModelEnds& ends, int length) {
  return std::make_unique<LocalForward>(party, ends, length);
}

}  // namespace splitwan::engine
