#include "engine/kernels/kernels.hh"

#include <atomic>
#include <vector>

namespace splitwan::engine::kernels {

#if defined(__x86_64__)
extern const Set avx512_set, avx2_set;
#endif
extern const Set portable_set;

namespace {

std::vector<const Set*> find_sets() {
  std::vector<const Set*> sets;
#if defined(__x86_64__)
  const auto& has = [](bool present, const Set& set, std::vector<const Set*>& to) {
    if (present) to.push_back(&set);
  };
  has(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"),
      avx512_set, sets);
  has(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"),
      avx2_set, sets);
#endif
  sets.push_back(&portable_set);
  return sets;
}

std::atomic<const Set*> chosen{nullptr};

std::int64_t groups(std::int64_t k, int group) { return (k + group - 1) / group; }

}  // namespace

std::span<const Set* const> available() {
  static const std::vector<const Set*> sets = find_sets();
  return sets;
}

const Set& best() {
  const Set* set = chosen.load(std::memory_order_relaxed);
  return set ? *set : *available().front();
}

void use(const Set& set) { chosen = &set; }

std::size_t panel_bytes(Storage storage, std::int64_t k) {
  switch (storage) {
    case Storage::bf16:
      return static_cast<std::size_t>(groups(k, 2)) * 4 * panel;
    case Storage::f16:
      return static_cast<std::size_t>(k) * 2 * panel;
    case Storage::int8:
    case Storage::int4: {
      const int group = group_of(storage), per_byte = storage == Storage::int4 ? 2 : 1;
      return static_cast<std::size_t>(groups(k, group)) * (2 * panel + panel * group / per_byte);
    }
    default:
      return static_cast<std::size_t>(k) * 4 * panel;
  }
}

std::size_t activation_bytes(std::int64_t rows, std::int64_t k) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(k + 64) * 4;
}

std::size_t attention_scratch(int heads, std::int64_t slots) {
  return static_cast<std::size_t>(heads < 4 ? heads : 4) * static_cast<std::size_t>(slots + 32);
}

}  // namespace splitwan::engine::kernels
