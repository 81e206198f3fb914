#include "engine/split/passage.hh"

#include <ATen/ATen.h>

#include <algorithm>

namespace splitwan::engine {
namespace {

std::uint64_t bytes_of(const at::Tensor& t) { return t.defined() ? t.nbytes() : 0; }

}  // namespace

void Passage::begin(at::Tensor rows, RowList parent, std::int64_t wanted) {
  rows_.reset();
  out_.reset();
  cache_.begin(std::move(parent));
  rows_ = std::move(rows);
  wanted_ = wanted;
  done_ = 0;
}

std::uint64_t Passage::bytes() const { return cache_.bytes() + bytes_of(rows_) + bytes_of(out_); }

// One call of the layers.
class Together {
 public:
  void add(Passage& passage, int most) {
    const std::int64_t all = passage.rows_.size(0), first = passage.done_,
                       count = std::min<std::int64_t>(most, all - first);
    const std::int64_t wanted =
        std::clamp<std::int64_t>(first + count - (all - passage.wanted_), 0, count);  // they are its last
    passage.cache_.select(static_cast<int>(first), static_cast<int>(count));
    parts_.push_back({&passage, count, wanted});
    in_.push_back(passage.rows_.narrow(0, first, count));
    sessions_.push_back({&passage.cache_, passage.observer_ ? count : wanted, passage.observer_});
    rows_ += static_cast<std::uint32_t>(count);
  }
  std::uint32_t rows() const { return rows_; }

  std::size_t count() const { return parts_.size(); }

  // Of several, the inputs are kept: after a failure, each may be tried alone.
  void run(const LayerStack& layers) {
    const at::Tensor out = layers(in_.size() == 1 ? in_[0] : at::cat(in_), sessions_);
    std::int64_t at = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      at += sessions_[i].wanted;
      collect(part, out.narrow(0, at - part.wanted, part.wanted));
    }
  }

 private:
  struct Part {
    Passage* passage;
    std::int64_t rows, wanted;
  };
  static void collect(const Part& part, const at::Tensor& out) {
    Passage& p = *part.passage;
    if (part.wanted == p.wanted_) {
      p.out_ = out;  // of others too, as long as those live
    } else if (part.wanted > 0) {
      if (!p.out_.defined()) p.out_ = at::empty({p.wanted_, out.size(1)}, out.options());
      const std::int64_t before = p.done_ + part.rows - part.wanted - (p.rows_.size(0) - p.wanted_);
      p.out_.narrow(0, before, part.wanted).copy_(out);
    }
    p.done_ += part.rows;
    if (!p.under_way()) p.rows_.reset();
  }
  std::vector<Part> parts_;
  std::vector<at::Tensor> in_;
  std::vector<SessionRows> sessions_;
  std::uint32_t rows_ = 0;
};

std::uint32_t proceed(const LayerStack& layers, std::span<Advance> all) {
  Together together;
  for (const Advance& one : all) {
    if (one.passage->under_way()) together.add(*one.passage, one.rows);
  }
  if (together.count() > 1) {
    try {
      together.run(layers);
      return together.rows();
    } catch (const std::exception&) {  // out of memory, say: then as many as can
    }
  }
  std::uint32_t rows = 0;
  for (Advance& one : all) {
    if (!one.passage->under_way()) continue;
    Together alone;
    alone.add(*one.passage, one.rows);
    try {
      alone.run(layers);
      rows += alone.rows();
    } catch (const std::exception& e) {
      one.failure = e.what();
    }
  }
  return rows;
}

void proceed(const LayerStack& layers, Passage& passage) {
  Together alone;
  alone.add(passage, all_rows);
  alone.run(layers);
}

}  // namespace splitwan::engine
