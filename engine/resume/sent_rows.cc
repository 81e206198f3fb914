#include "engine/resume/sent_rows.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine {

void SentRows::sent(const Message& request) {
  const Header& h = request.header;
  std::span<const std::int32_t> listed = h.keep;
  while (!listed.empty() && listed.back() == no_row) listed = listed.first(listed.size() - 1);
  if (listed.empty() && h.context == kept() + last_.header.rows) {
    for (std::uint32_t row = 0; row < last_.header.rows; ++row) keep(row);
  } else {
    for (const std::int32_t row : listed) keep(static_cast<std::uint32_t>(row));
  }
  if (h.context != kept())
    throw Error("step {}: a context of {} rows: {} were kept", h.step, h.context, kept());
  if (h.rows > 0 && request.payload.size() % h.rows != 0)
    throw Error("step {}: {} bytes for {} rows", h.step, request.payload.size(), h.rows);
  last_ = request;
}

void SentRows::keep(std::uint32_t row) {
  const Header& h = last_.header;
  if (row >= h.rows) throw Error("row {} to keep: the step had {}", row, h.rows);
  const std::size_t size = last_.payload.size() / h.rows;
  const auto from = last_.payload.begin() + static_cast<std::ptrdiff_t>(row * size);
  rows_.push_back({h.dtype, h.width, Bytes(from, from + static_cast<std::ptrdiff_t>(size))});
  bytes_ += size;
}

void SentRows::feed(std::uint32_t count, std::uint32_t rows_each,
                    const std::function<void(Message)>& to) const {
  const std::uint32_t end = std::min(count, kept());
  for (std::uint32_t at = 0; at < end;) {
    Message feed;
    Header& h = feed.header;
    h.kind = Kind::feed;
    h.dtype = rows_[at].dtype;
    h.width = rows_[at].width;
    h.context = at;
    for (; at < end && h.rows < rows_each && rows_[at].dtype == h.dtype && rows_[at].width == h.width; ++at) {
      feed.payload.insert(feed.payload.end(), rows_[at].bytes.begin(), rows_[at].bytes.end());
      ++h.rows;
    }
    to(std::move(feed));
  }
}

Message without_keeps(Message request) {
  std::ranges::fill(request.header.keep, no_row);
  return request;
}

}  // namespace splitwan::engine
