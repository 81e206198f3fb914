#include "engine/privacy/binomial_rows.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/wire/bit_rows.hh"

namespace splitwan::engine {

BinomialRows::BinomialRows(BinomialSpec spec, std::shared_ptr<const Projection> maps, double cap)
    : spec_(spec), maps_(std::move(maps)), cap_(cap) {
  check(spec_, "");
  if (maps_->width != spec_.width)
    throw Error("width: expected {}, as the encoder and decoder have, found {}", maps_->width, spec_.width);
  if (!(cap_ >= 0)) throw Error("cap: expected 0 or above, found {:g}", cap_);
}

void BinomialRows::draw(std::span<const float> row, RandomBits& bits, std::span<std::byte> to) const {
  std::vector<float> latent(static_cast<std::size_t>(spec_.width));
  maps_->encode(row, latent);
  std::vector<std::uint32_t> counts(latent.size());
  for (std::size_t i = 0; i < latent.size(); ++i) {
    if (!std::isfinite(latent[i]))
      throw Error("a row to be sent: expected finite values, found {}", latent[i]);
    counts[i] = draw_binomial(bits, spec_.rounds(), spec_.chance(latent[i]));
  }
  pack(counts, spec_.bits, to);
}

void BinomialRows::read(std::span<const std::byte> from, std::span<float> row) const {
  std::vector<std::uint32_t> counts(static_cast<std::size_t>(spec_.width));
  unpack(from, spec_.bits, counts);
  std::vector<float> latent(counts.size());
  double squares = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double y = spec_.value(counts[i]);
    latent[i] = static_cast<float>(y);
    squares += y * y;
  }
  if (const double length = std::sqrt(squares); cap_ > 0 && length > cap_)
    for (float& y : latent) y = static_cast<float>(y * (cap_ / length));
  maps_->decode(latent, row);
}

Codec::Cost BinomialRows::cost(std::uint64_t rows) const {
  const double map = static_cast<double>(maps_->model_width) * spec_.width, n = static_cast<double>(rows);
  const double row = 4.0 * maps_->model_width + static_cast<double>(row_bytes());
  return {2 * map * n, 4 * map + row * n};
}

// FNV-1a over words: tells rows apart, hides nothing; it never leaves the client.
Releases::RowId Releases::child(RowId parent, Token token) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint64_t word : {parent, static_cast<std::uint64_t>(token)})
    for (int byte = 0; byte < 8; ++byte) hash = (hash ^ ((word >> (8 * byte)) & 0xff)) * 0x100000001b3;
  return hash;
}

Releases::Releases(BinomialRows mechanism, RandomBits bits, std::optional<Budget> budget)
    : mechanism_(std::move(mechanism)), bits_(std::move(bits)), budget_(std::move(budget)) {}

void Releases::reserve(std::span<const RowId> ids) {
  std::set<RowId> fresh;
  for (const RowId id : ids)
    if (!kept_.contains(id) && !charged_.contains(id)) fresh.insert(id);
  if (budget_ && !fresh.empty()) budget_->charge(fresh.size());
  charged_.merge(fresh);
}

Bytes Releases::release(std::span<const float> rows, std::span<const RowId> ids) {
  const std::uint64_t bytes = mechanism_.row_bytes();
  const std::size_t width = ids.empty() ? 0 : rows.size() / ids.size();
  reserve(ids);
  Bytes all(ids.size() * bytes);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto place = kept_.find(ids[i]);
    if (place == kept_.end()) {
      Bytes drawn(bytes);
      RandomBits own = bits_.of(ids[i]);  // guessing ahead draws more rows, and changes none
      mechanism_.draw(rows.subspan(i * width, width), own, drawn);
      place = kept_.emplace(ids[i], std::move(drawn)).first;
      charged_.erase(ids[i]);
    }
    std::ranges::copy(place->second, all.begin() + static_cast<std::ptrdiff_t>(i * bytes));
  }
  return all;
}

}  // namespace splitwan::engine
