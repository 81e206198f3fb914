#include "engine/kernels/simd_portable.hh"
// clang-format off: these speak the vocabulary above
#include "engine/kernels/kernels_linear.hh"
#include "engine/kernels/kernels_pack.hh"
#include "engine/kernels/kernels_small.hh"
// clang-format on

namespace splitwan::engine::kernels {

extern const Set portable_set;
const Set portable_set = {"portable", tile_rows, pack_panel, pack_activations, linear, rms_norm,  rope,
                          silu_mul,   gelu_mul,  add_to,     soft_cap,         widen,  attention, read_all};

}  // namespace splitwan::engine::kernels
