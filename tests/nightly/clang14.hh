// Put before everything else that clang 14 reads. Three things keep it from reading what GCC 12 compiles,
// none of them the project's:
// - std::vector's constexpr members instantiate early what torch's and nlohmann's headers leave incomplete;
// - it has _Float16 on x86 only with AVX512-FP16 (nothing is generated for it);
// - its __builtin_cpu_supports does not know "avx512bf16".
#pragma GCC system_header
#include <string>
#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 __fill_a1_of_bits  // declared constexpr before
#include <vector>
#undef __fill_a1
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
namespace std {  // what was declared
void fill_bits(_Bit_iterator, _Bit_iterator, const bool&) asm("_ZSt9__fill_a1St13_Bit_iteratorS_RKb");
__attribute__((weak)) void fill_bits(_Bit_iterator first, _Bit_iterator last, const bool& value) {
  __fill_a1_of_bits(first, last, value);
}
}  // namespace std
#define __builtin_cpu_supports(feature) __builtin_cpu_supports("avx2")
