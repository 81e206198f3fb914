#include "engine/checkpoint/rope_keys.hh"

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

// What a dictionary says beside its scaling is taken out of it.
class Dictionary {
 public:
  Dictionary(const ConfigFile& file, const char* key, const Json& object)
      : file_(fmt::format("{}: {}", file.path, key), object), left_(object) {
    if (!object.is_object())
      throw Error("{}: key '{}': expected an object, found {}", file.path, key, object.dump().substr(0, 80));
  }
  double positive(const char* key, double otherwise) {
    left_.erase(key);
    return file_.positive(key, otherwise);
  }
  void drop(const char* key) { left_.erase(key); }
  const ConfigFile& file() const { return file_; }
  const Json& left() const { return left_; }

 private:
  ConfigFile file_;
  Json left_;
};

void agree(const ConfigFile& file, const char* key, const char* what, double outside, double inside) {
  if (outside != inside) throw Error("{}: {} is {} and, in '{}', {}", file.path, what, outside, key, inside);
}

// Of all layers that turn by the main angles.
void read_main(const ConfigFile& file, const char* key, Dictionary d, ModelConfig& c) {
  const double theta = d.positive("rope_theta", c.rope_theta);
  if (file.find("rope_theta") && file.find(key)) agree(file, key, "rope_theta", c.rope_theta, theta);
  c.rope_theta = theta;
  const double part = d.positive("partial_rotary_factor", file.positive("partial_rotary_factor", 1));
  if (part != 1 && !c.traits.fused)
    throw Error("{}: key 'partial_rotary_factor': {} is not implemented for this family (expected 1)",
                file.path, part);
  if (part > 1) throw Error("{}: key 'partial_rotary_factor': expected at most 1, found {}", file.path, part);
  const int dims = static_cast<int>(c.head_dim * part);
  if (dims < 2 || dims % 2 != 0)
    throw Error("{}: {} of {} values of a head turn: rotary embedding needs pairs", file.path, dims,
                c.head_dim);
  if (dims != c.head_dim) c.rotary_dims = dims;
  const bool grows = c.traits.growing_queries || file.text("model_type", "") == "ministral3";
  if (const Json* beta = d.file().find("llama_4_scaling_beta"); beta && *beta == 0) {
    d.drop("llama_4_scaling_beta");
  } else if (grows && beta) {
    c.query_growth = d.positive("llama_4_scaling_beta", 0);
    c.query_period = d.file().integer("original_max_position_embeddings");
  }
  d.drop("max_position_embeddings");  // Ministral 3 repeats it
  const RopeScaling scaling = read_rope_scaling(d.left(), d.file().path, c.context,
                                                file.integer("original_max_position_embeddings", 0), dims);
  if (c.rope != RopeScaling{} && c.rope != scaling)
    throw Error("{}: 'rope_scaling' and '{}' say different things", file.path, key);
  c.rope = scaling;
}

}  // namespace

void read_rope(const ConfigFile& file, ModelConfig& c) {
  c.rope_theta = file.positive("rope_theta", file.positive("default_theta", 10000));  // the class's
  bool read = false;
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json* stated = file.find(key);
    if (!stated) continue;
    read = true;
    const bool by_type =
        stated->is_object() && (stated->contains("full_attention") || stated->contains("sliding_attention"));
    if (!by_type) {
      read_main(file, key, {file, key, *stated}, c);
      continue;
    }
    for (const auto& [type, object] : stated->items()) {
      const std::string name = fmt::format("{}: {}", key, type);
      if (type == "full_attention") {
        read_main(file, name.c_str(), {file, name.c_str(), object}, c);
      } else if (type == "sliding_attention") {
        Dictionary d(file, name.c_str(), object);
        c.local_theta = d.positive("rope_theta", 10000);
        if (read_rope_scaling(d.left(), d.file().path, c.context, 0, c.head_dim) != RopeScaling{})
          throw Error("{}: is not implemented (expected rope_type \"default\")", d.file().path);
      } else {
        throw Error("{}: key '{}': '{}' is no type of layer (expected full_attention or sliding_attention)",
                    file.path, key, type);
      }
    }
  }
  if (!read) read_main(file, "rope_scaling", {file, "rope_scaling", Json::object()}, c);
  c.context = reach(c.rope, c.context);
}

}  // namespace splitwan::engine
