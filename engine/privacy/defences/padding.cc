// Every message gets the size of its bucket: dummy rows are sent along. That is for who watches the network;
// the server sees which rows are kept.
#include "engine/base/json_file.hh"
#include "engine/privacy/defence.hh"
#include "engine/wire/row_buckets.hh"

namespace splitwan::engine {
namespace {

class Padding : public Defence {
 public:
  explicit Padding(RowBuckets buckets) : buckets_(std::move(buckets)) {}
  bool pads() const override { return true; }
  int padded(int rows) const override { return buckets_.padded(rows); }
  Json value() const override { return buckets_.sizes(); }

 private:
  RowBuckets buckets_;
};

DefencePtr padding_of(RowBuckets buckets) {
  return buckets.on() ? std::make_shared<Padding>(std::move(buckets)) : nullptr;
}

DefencePtr read_padding(ObjectReader& r) {
  const auto sizes = r.get("pad_rows", std::vector<int>());
  try {
    return padding_of(RowBuckets(sizes));
  } catch (const Error& e) {
    throw Error("{}: {}", r.where(), e.what());
  }
}

}  // namespace

extern const DefenceKind padding_defence;
const DefenceKind padding_defence = {.key = "pad_rows",
                                     .type = "row counts, as in [1, 4, 8, 16, 32]",
                                     .otherwise = "none",
                                     .help = "send steps of these row counts only ([8]: multiples of 8)",
                                     .list = true,
                                     .read = read_padding};

}  // namespace splitwan::engine
