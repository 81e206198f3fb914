#include "engine/privacy/soft_prompt.hh"

#include <cmath>

#include "engine/base/error.hh"
#include "engine/privacy/matrix_file.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {

SoftPrompt read_soft_prompt(const std::string& path, int model_width) {
  Matrix m = read_matrix(SafetensorsFile(path), path, "soft_prompt");
  if (model_width > 0 && m.columns != model_width)
    throw Error("{}: tensor 'soft_prompt': expected rows of {}, the model's width, found {}", path,
                model_width, m.columns);
  for (const float v : m.values)
    if (!std::isfinite(v)) throw Error("{}: tensor 'soft_prompt': expected finite values, found {}", path, v);
  return {m.rows, m.columns, std::move(m.values)};
}

void write_soft_prompt(const std::string& path, const SoftPrompt& prompt) {
  const Bytes halves =
      encode_rows(codec_named("f16"), prompt.values, static_cast<std::uint64_t>(prompt.model_width));
  const TensorView tensor{"soft_prompt", DType::f16, {prompt.rows, prompt.model_width}, halves};
  write_safetensors(path, std::span(&tensor, 1));
}

}  // namespace splitwan::engine
