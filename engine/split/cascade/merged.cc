#include "engine/split/cascade/merged.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"

namespace splitwan::engine::cascade {

at::Tensor merged(const BatchRows& batch, const RowList& rows, const std::map<int, Arrival>& parts,
                  const CascadeTerms& terms, const HeadShape& shape, int window, const Neighbours& beside) {
  const int width = partial_width(shape, terms.form);
  std::vector<at::Tensor> held;
  std::map<int, const float*> next;  // of each part: its next row
  for (const auto& [keys, arrival] : parts) {
    held.push_back(beside.rows(arrival, width));
    next[keys] = held.back().data_ptr<float>();
  }
  at::Tensor mixed = at::empty({static_cast<std::int64_t>(rows.size()), shape.q_width()});
  auto* to = mixed.data_ptr<float>();
  std::vector<const float*> own;
  for (const auto row : rows) {
    own.clear();
    for (auto& [keys, at] : next) {
      if (!batch.sees(row, keys, window)) continue;
      for (int head = 0; terms.form == PartialForm::meu && head < shape.heads; ++head)
        if (const float e = at[shape.q_width() + shape.heads + head]; !(e > 0))
          throw Error("{}: a part whose weights sum to {}: expected more than 0",
                      beside.name(parts.at(keys).from), e);
      own.push_back(at);
      at += width;
    }
    merge<float>(shape, terms.form, own, to);
    to += shape.q_width();
  }
  return mixed;
}

}  // namespace splitwan::engine::cascade
