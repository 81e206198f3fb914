#include "engine/split/cascade/merged.hh"

#include <ATen/ATen.h>

namespace splitwan::engine::cascade {

at::Tensor merged(const BatchRows& batch, const RowList& rows, const std::map<int, Arrival>& parts,
                  const CascadeTerms& terms, const HeadShape& shape, const Neighbours& beside) {
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
      if (!batch.sees(row, keys)) continue;
      own.push_back(at);
      at += width;
    }
    merge<float>(shape, terms.form, own, to);
    to += shape.q_width();
  }
  return mixed;
}

}  // namespace splitwan::engine::cascade
