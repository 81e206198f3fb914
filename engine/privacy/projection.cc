#include "engine/privacy/projection.hh"

#include "engine/base/error.hh"
#include "engine/privacy/matrix_file.hh"

namespace splitwan::engine {
namespace {

// y = M x, M [rows, x's size]. Eight sums side by side, then together: the order is fixed.
void multiply(std::span<const float> m, std::span<const float> x, std::span<float> y) {
  constexpr std::size_t lanes = 8;
  const std::size_t width = x.size();
  for (std::size_t r = 0; r < y.size(); ++r) {
    const float* const row = m.data() + r * width;
    float sums[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= width; i += lanes)
      for (std::size_t l = 0; l < lanes; ++l) sums[l] += row[i + l] * x[i + l];
    for (; i < width; ++i) sums[i % lanes] += row[i] * x[i];
    y[r] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
}

}  // namespace

void Projection::encode(std::span<const float> x, std::span<float> latent) const {
  multiply(encoder, x, latent);
}
void Projection::decode(std::span<const float> latent, std::span<float> x) const {
  multiply(decoder, latent, x);
}

Projection read_projection(const std::string& path, int model_width) {
  const SafetensorsFile file(path);
  Matrix encoder = read_matrix(file, path, "encoder"), decoder = read_matrix(file, path, "decoder");
  if (decoder.rows != encoder.columns || decoder.columns != encoder.rows)
    throw Error("{}: tensor 'decoder': expected {} x {}, the encoder's other way round, found {} x {}", path,
                encoder.columns, encoder.rows, decoder.rows, decoder.columns);
  Projection p{encoder.columns, encoder.rows, std::move(encoder.values), std::move(decoder.values)};
  if (model_width > 0 && p.model_width != model_width)
    throw Error("{}: expected maps of rows of {}, the model's width, found {}", path, model_width,
                p.model_width);
  return p;
}

void write_projection(const std::string& path, const Projection& p) {
  const auto view = [](const char* name, const std::vector<float>& values, std::int64_t rows,
                       std::int64_t columns) {
    return TensorView{name, DType::f32, {rows, columns}, std::as_bytes(std::span(values))};
  };
  const TensorView tensors[] = {view("decoder", p.decoder, p.model_width, p.width),
                                view("encoder", p.encoder, p.width, p.model_width)};
  write_safetensors(path, tensors);
}

}  // namespace splitwan::engine
