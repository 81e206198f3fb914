#include "engine/kernels/simd_avx2.hh"
// clang-format off: these speak the vocabulary above
#include "engine/kernels/kernels_linear.hh"
#include "engine/kernels/kernels_pack.hh"
#include "engine/kernels/kernels_small.hh"
// clang-format on

namespace splitwan::engine::kernels {

extern const Set avx2_set;
const Set avx2_set = {"avx2",   tile_rows, pack_panel, pack_activations, linear, rms_norm,  rope,
                      silu_mul, gelu_mul,  add_to,     soft_cap,         widen,  attention, read_all};

}  // namespace splitwan::engine::kernels
