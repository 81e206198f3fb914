#include "engine/split/boundary_rows.hh"

#include <algorithm>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {

BoundaryRows::BoundaryRows(LayerRange layers, int width)
    : layers_(layers),
      width_(static_cast<std::size_t>(width)),
      boundaries_(static_cast<std::size_t>(layers.size()) + 1) {}

void BoundaryRows::begin(const Codec& back) {
  back_ = &back;
  for (Boundary& b : boundaries_) {
    b.open.clear();
    b.digests.clear();
  }
}

void BoundaryRows::see(int boundary, std::span<const float> rows) {
  if (boundary == 0) {  // what a call that failed left behind is not there
    const std::size_t through = boundaries_.back().open.size();
    for (Boundary& b : boundaries_) {
      b.open.resize(through);
      b.digests.resize(through / width_);
    }
  }
  Boundary& b = boundaries_.at(static_cast<std::size_t>(boundary));
  const std::size_t before = b.open.size();
  b.open.insert(b.open.end(), rows.begin(), rows.end());
  if (boundary == layers_.size() && !back_->label().lossless)
    back_->decode(encode_rows(*back_, rows, width_), width_, std::span(b.open).subspan(before));
  for (std::size_t at = before; at < b.open.size(); at += width_)
    b.digests.push_back(digest_of_row(std::span(b.open).subspan(at, width_)));
}

void BoundaryRows::commit(std::span<const std::int32_t> rows) {
  for (Boundary& b : boundaries_) {
    std::size_t at = committed_;
    for (const std::int32_t row : rows) {
      const auto values = std::span(b.open).subspan(static_cast<std::size_t>(row) * width_, width_);
      if (at++ % together == 0) b.kept.emplace_back().reserve(together * width_);
      b.kept.back().insert(b.kept.back().end(), values.begin(), values.end());
      b.hash.add(b.digests[static_cast<std::size_t>(row)]);
    }
    b.open.clear();
    b.digests.clear();
  }
  committed_ += rows.size();
}

std::uint64_t BoundaryRows::bytes() const {
  std::uint64_t floats = 0;
  for (const Boundary& b : boundaries_) floats += b.open.capacity() + b.kept.size() * together * width_;
  return floats * sizeof(float);
}

Message BoundaryRows::commitment(const Header& check) const {
  if (check.context != committed_)
    throw Error("a check of {} tokens: the server has {}", check.context, committed_);
  Message m;
  m.header.kind = Kind::commitment;
  m.header.context = check.context;
  for (const Boundary& b : boundaries_) {
    const Sha256::Digest digest = b.hash.digest();
    m.payload.insert(m.payload.end(), digest.begin(), digest.end());
  }
  return m;
}

void BoundaryRows::copy(std::size_t boundary, std::size_t first, std::size_t rows, std::byte* to) const {
  const std::size_t row_bytes = width_ * sizeof(float);
  for (std::size_t row = first; row < first + rows; ++row, to += row_bytes) {
    const std::vector<float>& piece = boundaries_[boundary].kept[row / together];
    std::memcpy(to, piece.data() + row % together * width_, row_bytes);
  }
}

Message BoundaryRows::evidence(const Header& draw) const {
  const std::uint64_t past = std::uint64_t{draw.context} + draw.rows;
  if (std::cmp_less(draw.layer, layers_.begin) || std::cmp_greater_equal(draw.layer, layers_.end))
    throw Error("a draw of layer {}: expected {} to {}", draw.layer, layers_.begin, layers_.end - 1);
  if (draw.rows == 0 || draw.rows > most_drawn_rows || past > committed_)
    throw Error("a draw of {} rows after {}: expected 1 to {} of {}", draw.rows, draw.context,
                most_drawn_rows, committed_);
  const std::size_t half = draw.rows * width_ * sizeof(float),
                    layer = draw.layer - static_cast<std::size_t>(layers_.begin);
  Message m;
  m.header.kind = Kind::evidence;
  m.header.dtype = lossless_codec().label().id;
  m.header.rows = 2 * draw.rows;
  m.header.width = static_cast<std::uint32_t>(width_);
  m.header.context = draw.context;
  m.header.layer = draw.layer;
  m.payload.resize(2 * half);
  copy(layer, draw.context, draw.rows, m.payload.data());
  copy(layer + 1, draw.context, draw.rows, m.payload.data() + half);
  return m;
}

}  // namespace splitwan::engine
