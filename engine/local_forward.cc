#include <ATen/ATen.h>

#include <numeric>

#include "engine/error.hh"
#include "engine/forward.hh"

namespace splitwan::engine {
namespace {

class LocalForward : public Forward {
 public:
  LocalForward(Party& party, const ModelEnds& ends)
      : party_(party), ends_(ends), cache_(ends.head().new_cache()) {
    if (ends.head().range().size() != ends.config().layers) throw Error("local decoding needs all layers");
  }

  at::Tensor prefill(std::span<const Token> prompt) override {
    const auto rows = static_cast<std::uint32_t>(prompt.size());
    at::Tensor logits = step(TokenBatch::chain(prompt), /*last_only=*/true);
    std::vector<std::int32_t> all(rows);
    std::iota(all.begin(), all.end(), 0);
    commit(all);
    return logits;
  }

  at::Tensor run(const TokenBatch& batch) override { return step(batch, false); }
  void commit(std::span<const std::int32_t> rows) override { cache_.commit(rows); }
  int committed() const override { return cache_.committed(); }
  std::uint64_t round_trips() const override { return 0; }

 private:
  at::Tensor step(const TokenBatch& batch, bool last_only) {
    const auto rows = static_cast<std::uint32_t>(batch.rows()),
               context = static_cast<std::uint32_t>(committed());
    const Work work = ends_.logits_work(ends_.head().work(Phase::head, rows, context), last_only ? 1 : rows);
    return party_.work(work, [&] {
      cache_.begin(batch.parent);
      const at::Tensor hidden = ends_.head()(ends_.embed(batch.ids), cache_);
      return ends_.logits(last_only ? hidden.narrow(0, rows - 1, 1) : hidden);
    });
  }

  Party& party_;
  const ModelEnds& ends_;
  KvCache cache_;
};

}  // namespace

std::unique_ptr<Forward> make_local(Party& party, const ModelEnds& ends) {
  return std::make_unique<LocalForward>(party, ends);
}

}  // namespace splitwan::engine
