#include "engine/kernels/arena.hh"

#include <sys/mman.h>

#include <cstdint>

#include "engine/base/error.hh"

namespace splitwan::engine {

Arena::Arena(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  constexpr std::size_t huge = 2 << 20;
  const bool large = bytes >= 8 * huge;  // large pages: streaming weights then costs few address look-ups
  whole_size_ = bytes + (large ? huge : 0);
  whole_ =
      mmap(nullptr, whole_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (whole_ == MAP_FAILED) {
    whole_ = nullptr;
    throw Error("out of memory: {} bytes are not to be had", bytes);
  }
  data_ = static_cast<std::byte*>(whole_);
  if (large) {
    if (const auto past = reinterpret_cast<std::uintptr_t>(whole_) % huge) data_ += huge - past;
    madvise(data_, bytes / huge * huge, MADV_HUGEPAGE);
  }
}

Arena::~Arena() {
  if (whole_) munmap(whole_, whole_size_);
}

}  // namespace splitwan::engine
