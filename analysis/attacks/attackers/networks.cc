#include "analysis/attacks/attackers/networks.hh"

#include <cmath>

namespace splitwan::attacks {

using at::Tensor;

namespace {

class Maker {
 public:
  Maker(Network& network, at::Generator generator) : network_(network), generator_(std::move(generator)) {}
  Tensor normal(const std::vector<std::int64_t>& shape, double deviation) {
    return leaf(at::empty(shape, at::kFloat).normal_(0, deviation, generator_));
  }
  Tensor filled(std::int64_t size, double value) { return leaf(at::full({size}, value, at::kFloat)); }
  std::function<Tensor(const Tensor&)> linear(int in, int out) {
    const Tensor weight = normal({out, in}, 1 / std::sqrt(static_cast<double>(in))), bias = filled(out, 0);
    return [=](const Tensor& x) { return at::linear(x, weight, bias); };
  }
  std::function<Tensor(const Tensor&)> norm(int width) {
    const Tensor gain = filled(width, 1), bias = filled(width, 0);
    return [=](const Tensor& x) { return at::layer_norm(x, {width}, gain, bias); };
  }
  void table(int vocabulary, int width) {
    network_.table = normal({vocabulary, width}, 1 / std::sqrt(static_cast<double>(width)));
    network_.bias = filled(vocabulary, 0);
  }

 private:
  Tensor leaf(Tensor t) {
    t.set_requires_grad(true);
    network_.leaves.push_back(t);
    return t;
  }
  Network& network_;
  at::Generator generator_;
};

using Layer = std::function<Tensor(const Tensor&)>;

Layer encoder_layer(Maker& make, int width, int heads) {
  const Layer before = make.norm(width), qkv = make.linear(width, 3 * width), out = make.linear(width, width),
              between = make.norm(width), up = make.linear(width, 2 * width),
              down = make.linear(2 * width, width);
  return [=](const Tensor& x) {
    const std::int64_t n = x.size(0), t = x.size(1), dim = width / heads;
    const auto parts = qkv(before(x)).view({n, t, 3, heads, dim}).permute({2, 0, 3, 1, 4}).unbind(0);
    const Tensor scores = at::matmul(parts[0], parts[1].transpose(-1, -2)) / std::sqrt(double(dim));
    const Tensor mixed = at::matmul(at::softmax(scores, -1), parts[2]);  // [n, heads, t, dim]
    const Tensor y = x + out(mixed.transpose(1, 2).reshape({n, t, width}));
    return y + down(at::gelu(up(between(y))));
  };
}

}  // namespace

Network published_mlp(int width, int vocabulary, at::Generator generator) {
  Network network;
  Maker make(network, std::move(generator));
  const int hidden = std::max(1, width / 2);
  const Layer first = make.linear(width, hidden), second = make.linear(hidden, hidden);
  network.features = [=](const Tensor& x) { return at::relu(second(at::relu(first(x)))); };
  make.table(vocabulary, hidden);
  return network;
}

Network row_mlp(int width, int vocabulary, at::Generator generator) {
  Network network;
  Maker make(network, std::move(generator));
  const Layer norm = make.norm(width), up = make.linear(width, 2 * width),
              down = make.linear(2 * width, width);
  network.features = [=](const Tensor& x) { return down(at::gelu(up(norm(x)))); };
  make.table(vocabulary, width);
  return network;
}

Network sequence_network(int width, int vocabulary, int positions, at::Generator generator) {
  Network network;
  Maker make(network, std::move(generator));
  constexpr int inner = 128, heads = 4;
  const Layer in = make.linear(width, inner), first = encoder_layer(make, inner, heads),
              second = encoder_layer(make, inner, heads), norm = make.norm(inner);
  const Tensor places = make.normal({positions, inner}, 0.5);
  network.features = [=](const Tensor& x) {
    return norm(second(first(in(x) + places.narrow(0, 0, x.size(1)))));
  };
  make.table(vocabulary, inner);
  return network;
}

Network sequence_network(int width, int vocabulary, at::Generator generator) {
  return sequence_network(width, vocabulary, window, std::move(generator));
}

}  // namespace splitwan::attacks
