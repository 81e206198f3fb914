// Loops over plain arrays for train_ops and the optimiser, compiled for several instruction sets.
#pragma once

#include <cstdint>

namespace splitwan::scenarios::kernels {

struct Rows {
  std::int64_t rows = 0, width = 0;
};

void rms_norm(Rows, const float* x, const float* weight, float eps, float* y, float* scale);
// Adds to d_weight.
void rms_norm_backward(Rows, const float* x, const float* weight, const float* scale, const float* dy,
                       float* dx, float* d_weight);

void swiglu(Rows, const float* gate_up, float* y);  // width: of y
void swiglu_backward(Rows, const float* gate_up, const float* dy, float* d_gate_up);

// One square [context, context] block of scores per call, in place; row t sees columns 0 to t, the others
// become 0.
void causal_softmax(std::int64_t context, float* scores);
void causal_softmax_backward(std::int64_t context, const float* probabilities, float* d);

// logits become softmax - one_hot(target), the gradient; returns the sum of the rows' losses.
double cross_entropy(Rows, const std::int64_t* targets, float* logits);

// x[0, n) becomes softmax(scale * x); returns log(sum(exp(scale * x))).
float softmax(std::int64_t n, float scale, float* x);

struct Distillation {
  float weight = 1;     // of the divergence from the teacher; the rest is cross entropy with the target
  float sharpness = 1;  // 1 / temperature of the teacher's distribution
};
// With p = softmax(sharpness * teacher): returns the sum over the rows of
// weight * KL(p || softmax(logits)) + (1 - weight) * -log softmax(logits)[target]; logits become the
// gradient, teacher becomes p.
double distill(Rows, const std::int64_t* targets, Distillation, float* teacher, float* logits);

struct HeadSlots {
  std::int64_t group = 0, dim = 0, slots = 0;
};
// Queries [group][dim] over the first `count` slots of keys [dim][slots] and values [slots][dim] -> out
// [group][dim]; scores: scratch [group][slots].
void attend(HeadSlots, std::int64_t count, const float* queries, const float* keys, const float* values,
            float* scores, float* out);

// out[i] = in rotated by (cos, sin), halves apart; sign = -1 rotates back.
void rotate(std::int64_t half, const float* in, const float* cos, const float* sin, float sign, float scale,
            float* out);

struct AdamW {
  float rate = 0, decay = 0;  // decay: of weights, per unit of rate
  float beta1 = 0.9f, beta2 = 0.95f, eps = 1e-8f;
  float correction1 = 1, correction2 = 1;  // 1 - beta^step
  float gradient_scale = 1;                // clipping
};
void adamw(const AdamW&, std::int64_t n, const float* gradient, float* weight, float* first, float* second);

}  // namespace splitwan::scenarios::kernels
