#include "scenarios/train/kernels.hh"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

// One build runs on every x86-64: the loader picks the widest version the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SPLITWAN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SPLITWAN_CLONES
#endif

namespace splitwan::scenarios::kernels {
namespace {

// By value: a loop over std::max's references is not vectorised.
[[gnu::always_inline]] inline float larger(float a, float b) { return a > b ? a : b; }

// exp for x <= 88, within 2 units in the last place, in operations that compilers vectorise: 2^n from the
// exponent bits times a polynomial on [-ln 2 / 2, ln 2 / 2] (Cephes expf's coefficients).
[[gnu::always_inline]] inline float fast_exp(float x) {
  x = larger(x, -87.0f);
  const float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;  // rounds to the nearest integer
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

// Softmax of x[0, n) in place; returns log(sum(exp(x))).
[[gnu::always_inline]] inline float softmax(std::int64_t n, float* x) {
  float top = x[0];
#pragma omp simd reduction(max : top)
  for (std::int64_t i = 0; i < n; ++i) top = larger(top, x[i]);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] = fast_exp(x[i] - top);
    sum += x[i];
  }
  const float inverse = 1 / sum;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) x[i] *= inverse;
  return top + std::log(sum);
}

}  // namespace

SPLITWAN_CLONES void rms_norm(Rows shape, const float* x, const float* weight, float eps, float* y,
                              float* scale) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r, x += width, y += width) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < width; ++i) sum += x[i] * x[i];
    const float s = scale[r] = 1 / std::sqrt(sum / static_cast<float>(width) + eps);
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) y[i] = x[i] * s * weight[i];
  }
}

SPLITWAN_CLONES void rms_norm_backward(Rows shape, const float* x, const float* weight, const float* scale,
                                       const float* dy, float* dx, float* d_weight) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r, x += width, dy += width, dx += width) {
    const float s = scale[r];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < width; ++i) {
      dot += dy[i] * weight[i] * x[i];
      d_weight[i] += dy[i] * x[i] * s;
    }
    const float back = dot * s * s * s / static_cast<float>(width);
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) dx[i] = dy[i] * weight[i] * s - x[i] * back;
  }
}

SPLITWAN_CLONES void swiglu(Rows shape, const float* gate_up, float* y) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r, gate_up += 2 * width, y += width) {
    const float *gate = gate_up, *up = gate_up + width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i)
      y[i] = gate[i] * up[i] / (1 + fast_exp(-larger(gate[i], -80.0f)));
  }
}

SPLITWAN_CLONES void swiglu_backward(Rows shape, const float* gate_up, const float* dy, float* d_gate_up) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r, gate_up += 2 * width, d_gate_up += 2 * width, dy += width) {
    const float *gate = gate_up, *up = gate_up + width;
    float *d_gate = d_gate_up, *d_up = d_gate_up + width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) {
      const float sigmoid = 1 / (1 + fast_exp(-larger(gate[i], -80.0f)));
      d_gate[i] = dy[i] * up[i] * sigmoid * (1 + gate[i] * (1 - sigmoid));
      d_up[i] = dy[i] * gate[i] * sigmoid;
    }
  }
}

SPLITWAN_CLONES void causal_softmax(std::int64_t context, float* scores) {
  for (std::int64_t t = 0; t < context; ++t, scores += context) {
    softmax(t + 1, scores);
    std::fill(scores + t + 1, scores + context, 0.0f);
  }
}

SPLITWAN_CLONES void causal_softmax_backward(std::int64_t context, const float* probabilities, float* d) {
  for (std::int64_t t = 0; t < context; ++t, probabilities += context, d += context) {
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i <= t; ++i) dot += probabilities[i] * d[i];
#pragma omp simd
    for (std::int64_t i = 0; i <= t; ++i) d[i] = probabilities[i] * (d[i] - dot);
    std::fill(d + t + 1, d + context, 0.0f);
  }
}

SPLITWAN_CLONES double cross_entropy(Rows shape, const std::int64_t* targets, float* logits) {
  double loss = 0;
  for (std::int64_t r = 0; r < shape.rows; ++r, logits += shape.width) {
    const float wanted = logits[targets[r]];
    loss += softmax(shape.width, logits) - wanted;
    logits[targets[r]] -= 1;
  }
  return loss;
}

SPLITWAN_CLONES float softmax(std::int64_t n, float scale, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) x[i] *= scale;
  return softmax(n, x);
}

SPLITWAN_CLONES double distill(Rows shape, const std::int64_t* targets, Distillation mix, float* teacher,
                               float* logits) {
  double loss = 0;
  std::vector<float> ahead(static_cast<std::size_t>(shape.width));  // teacher's logits minus the model's
  for (std::int64_t r = 0; r < shape.rows; ++r, teacher += shape.width, logits += shape.width) {
    const float wanted = logits[targets[r]];
#pragma omp simd
    for (std::int64_t i = 0; i < shape.width; ++i) {
      teacher[i] *= mix.sharpness;
      ahead[i] = teacher[i] - logits[i];
    }
    const float of_teacher = softmax(shape.width, teacher), own = softmax(shape.width, logits);
    float divergence = own - of_teacher;
#pragma omp simd reduction(+ : divergence)
    for (std::int64_t i = 0; i < shape.width; ++i) {
      divergence += teacher[i] * ahead[i];
      logits[i] -= mix.weight * teacher[i];
    }
    logits[targets[r]] -= 1 - mix.weight;
    loss += mix.weight * divergence + (1 - mix.weight) * (own - wanted);
  }
  return loss;
}

SPLITWAN_CLONES void attend(HeadSlots head, std::int64_t count, const float* queries, const float* keys,
                            const float* values, float* scores, float* out) {
  constexpr std::int64_t block = 64;  // slots whose keys are read from memory once for all queries
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const std::int64_t end = begin + block < count ? begin + block : count;
    for (std::int64_t g = 0; g < head.group; ++g) {
      float* row = scores + g * head.slots;
      std::fill(row + begin, row + end, 0.0f);
      for (std::int64_t d = 0; d < head.dim; ++d) {
        const float q = queries[g * head.dim + d];
        const float* key = keys + d * head.slots;
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) row[i] += q * key[i];
      }
    }
  }
  for (std::int64_t g = 0; g < head.group; ++g) softmax(count, scores + g * head.slots);
  std::fill(out, out + head.group * head.dim, 0.0f);
  for (std::int64_t i = 0; i < count; ++i, values += head.dim) {
    for (std::int64_t g = 0; g < head.group; ++g) {
      const float p = scores[g * head.slots + i];
      float* to = out + g * head.dim;
#pragma omp simd
      for (std::int64_t d = 0; d < head.dim; ++d) to[d] += p * values[d];
    }
  }
}

SPLITWAN_CLONES void rotate(std::int64_t half, const float* in, const float* cos, const float* sin,
                            float sign, float scale, float* out) {
#pragma omp simd
  for (std::int64_t i = 0; i < half; ++i) {
    const float c = cos[i] * scale, s = sin[i] * scale * sign;
    const float a = in[i], b = in[i + half];
    out[i] = a * c - b * s;
    out[i + half] = b * c + a * s;
  }
}

SPLITWAN_CLONES void adamw(const AdamW& o, std::int64_t n, const float* gradient, float* weight, float* first,
                           float* second) {
  const float rate = o.rate / o.correction1, keep = 1 - o.rate * o.decay;
  const float second_scale = 1 / std::sqrt(o.correction2);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = gradient[i] * o.gradient_scale;
    first[i] = o.beta1 * first[i] + (1 - o.beta1) * g;
    second[i] = o.beta2 * second[i] + (1 - o.beta2) * g * g;
    weight[i] = weight[i] * keep - rate * first[i] / (std::sqrt(second[i]) * second_scale + o.eps);
  }
}

}  // namespace splitwan::scenarios::kernels
