#include "scenarios/train/ops.hh"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

namespace splitwan::scenarios {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

kernels::Rows rows_of(const Tensor& t) { return {t.size(0), t.size(1)}; }

struct RmsNorm : Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double eps) {
    Tensor y = at::empty_like(x), scale = at::empty({x.size(0)}, x.options());
    kernels::rms_norm(rows_of(x), data(x), data(weight), static_cast<float>(eps), data(y), data(scale));
    context->save_for_backward({x, weight, scale});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& d) {
    const auto saved = context->get_saved_variables();
    const Tensor dy = d[0].contiguous();
    Tensor dx = at::empty_like(dy), d_weight = at::zeros_like(saved[1]);
    kernels::rms_norm_backward(rows_of(dy), data(saved[0]), data(saved[1]), data(saved[2]), data(dy),
                               data(dx), data(d_weight));
    return {dx, d_weight, Tensor()};
  }
};

struct SwiGlu : Function<SwiGlu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_up) {
    Tensor y = at::empty({gate_up.size(0), gate_up.size(1) / 2}, gate_up.options());
    kernels::swiglu(rows_of(y), data(gate_up), data(y));
    context->save_for_backward({gate_up});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& d) {
    const Tensor gate_up = context->get_saved_variables()[0], dy = d[0].contiguous();
    Tensor d_gate_up = at::empty_like(gate_up);
    kernels::swiglu_backward(rows_of(dy), data(gate_up), data(dy), data(d_gate_up));
    return {d_gate_up};
  }
};

struct CrossEntropySum : Function<CrossEntropySum> {
  static Tensor forward(AutogradContext* context, const Tensor& logits, const Tensor& targets) {
    const double loss =
        kernels::cross_entropy(rows_of(logits), targets.data_ptr<std::int64_t>(), data(logits));
    context->saved_data["gradient"] = logits.detach();  // not save_for_backward: it is an input, overwritten
    return at::full({}, loss, logits.options());
  }
  static variable_list backward(AutogradContext* context, const variable_list& d) {
    return {context->saved_data["gradient"].toTensor().mul_(d[0]), Tensor()};
  }
};

struct ImitationSum : Function<ImitationSum> {
  static Tensor forward(AutogradContext* context, const Tensor& logits, const Tensor& teacher,
                        const Tensor& targets, const kernels::Distillation& mix) {
    const double loss =
        kernels::distill(rows_of(logits), targets.data_ptr<std::int64_t>(), mix, data(teacher), data(logits));
    context->saved_data["gradient"] = logits.detach();  // as above
    return at::full({}, loss, logits.options());
  }
  static variable_list backward(AutogradContext* context, const variable_list& d) {
    return {context->saved_data["gradient"].toTensor().mul_(d[0]), Tensor(), Tensor(), Tensor()};
  }
};

// Where head `h` of position `t` of window `w` lies in a [windows, kv_heads, group, context, head_dim] tensor
// (queries; group = 1 for keys and values).
float* head_row(const Tensor& t, const HeadShape& s, int group, int window, int head, int position) {
  const std::int64_t block =
      (static_cast<std::int64_t>(window) * s.kv_heads * group + head) * s.context + position;
  return data(t) + block * s.head_dim;
}

// Between the projection's rows and per-head blocks: to = true rotates and spreads, false gathers and rotates
// back.
void move_heads(const HeadShape& s, const Rotary& rotary, const Tensor& qkv, const Tensor& q, const Tensor& k,
                const Tensor& v, bool to) {
  const std::int64_t half = s.head_dim / 2;
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_dim));  // of the scores, carried by the queries
  float* row = data(qkv);
  const auto turn = [&](float* flat, float* block, int t, float by) {
    const float *cos = data(rotary.cos) + t * half, *sin = data(rotary.sin) + t * half;
    if (to)
      kernels::rotate(half, flat, cos, sin, 1, by, block);
    else
      kernels::rotate(half, block, cos, sin, -1, by, flat);
  };
  for (int w = 0; w < s.windows; ++w) {
    for (int t = 0; t < s.context; ++t) {
      for (int h = 0; h < s.heads; ++h, row += s.head_dim)
        turn(row, head_row(q, s, s.group(), w, h, t), t, scale);
      for (int h = 0; h < s.kv_heads; ++h, row += s.head_dim) turn(row, head_row(k, s, 1, w, h, t), t, 1);
      for (int h = 0; h < s.kv_heads; ++h, row += s.head_dim) {
        float* block = head_row(v, s, 1, w, h, t);
        if (to)
          std::copy(row, row + s.head_dim, block);
        else
          std::copy(block, block + s.head_dim, row);
      }
    }
  }
}

// [windows * kv_heads, group * context, head_dim] <-> [windows * context, heads * head_dim]
Tensor merge_heads(const Tensor& o, const HeadShape& s) {
  return o.view({s.windows, s.heads, s.context, s.head_dim})
      .transpose(1, 2)
      .reshape({-1, s.heads * s.head_dim});
}
Tensor split_heads(const Tensor& o, const HeadShape& s) {
  return o.reshape({s.windows, s.context, s.heads, s.head_dim})
      .transpose(1, 2)
      .reshape({s.windows * s.kv_heads, s.group() * s.context, s.head_dim});
}

struct Attention : Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& qkv, const Rotary& rotary,
                        const HeadShape& s) {
    const int blocks = s.windows * s.kv_heads;
    Tensor q = at::empty({blocks, s.group() * s.context, s.head_dim}, qkv.options());
    Tensor k = at::empty({blocks, s.context, s.head_dim}, qkv.options()), v = at::empty_like(k);
    move_heads(s, rotary, qkv, q, k, v, true);
    Tensor p = at::bmm(q, k.transpose(1, 2));
    const std::int64_t square = static_cast<std::int64_t>(s.context) * s.context;
    for (std::int64_t i = 0; i < p.numel(); i += square) kernels::causal_softmax(s.context, data(p) + i);
    context->save_for_backward({q, k, v, p, rotary.cos, rotary.sin});
    context->saved_data["shape"] =
        std::vector<std::int64_t>{s.windows, s.context, s.heads, s.kv_heads, s.head_dim};
    return merge_heads(at::bmm(p, v), s);
  }
  static variable_list backward(AutogradContext* context, const variable_list& d) {
    const auto saved = context->get_saved_variables();
    const auto n = context->saved_data["shape"].toIntVector();
    const auto at = [&](int i) { return static_cast<int>(n[static_cast<std::size_t>(i)]); };
    const HeadShape s{at(0), at(1), at(2), at(3), at(4)};
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &p = saved[3];
    const Tensor d_out = split_heads(d[0], s);
    Tensor d_v = at::bmm(p.transpose(1, 2), d_out);
    Tensor d_p = at::bmm(d_out, v.transpose(1, 2));
    const std::int64_t square = static_cast<std::int64_t>(s.context) * s.context;
    for (std::int64_t i = 0; i < p.numel(); i += square) {
      kernels::causal_softmax_backward(s.context, data(p) + i, data(d_p) + i);
    }
    Tensor d_q = at::bmm(d_p, k), d_k = at::bmm(d_p.transpose(1, 2), q);
    Tensor d_qkv = at::empty({d[0].size(0), (s.heads + 2 * s.kv_heads) * s.head_dim}, q.options());
    move_heads(s, {saved[4], saved[5]}, d_qkv, d_q, d_k, d_v, false);
    return {d_qkv, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) { return RmsNorm::apply(x, weight, eps); }
Tensor swiglu(const Tensor& gate_up) { return SwiGlu::apply(gate_up); }
Tensor attention(const Tensor& qkv, const Rotary& rotary, const HeadShape& shape) {
  return Attention::apply(qkv, rotary, shape);
}
Tensor cross_entropy_sum(const Tensor& logits, const Tensor& targets) {
  return CrossEntropySum::apply(logits, targets);
}
Tensor imitation_sum(const Tensor& logits, const Tensor& teacher_logits, const Tensor& targets,
                     const kernels::Distillation& mix) {
  return ImitationSum::apply(logits, teacher_logits, targets, mix);
}

Rotary make_rotary(int context, int head_dim, double theta) {
  const Tensor powers = at::arange(0, head_dim, 2, at::kDouble) / static_cast<double>(head_dim);
  const Tensor angles = at::outer(at::arange(context, at::kDouble), at::pow(theta, powers).reciprocal());
  return {angles.cos().to(at::kFloat), angles.sin().to(at::kFloat)};
}

}  // namespace splitwan::scenarios
