#include "engine/checkpoint/known_models.hh"

#include <algorithm>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/checkpoint/config_file.hh"

namespace splitwan::engine {
namespace {

struct KnownModel {
  std::string name;
  const char* model_type;
  int layers, width, heads, kv_heads, head_dim, ffn, vocabulary, context;
  const char* more = "{}";  // the config's other keys that count, where the family's own values do not hold
};

constexpr auto epsilon_5 = R"({"rms_norm_eps": 1e-5})";
constexpr auto llama3_keys = R"({"rms_norm_eps": 1e-5, "rope_theta": 5e5})";
constexpr auto small_llama3_keys =
    R"({"rms_norm_eps": 1e-5, "rope_theta": 5e5, "tie_word_embeddings": true})";
constexpr auto million = R"({"rope_theta": 1e6})";
constexpr auto million_5 = R"({"rms_norm_eps": 1e-5, "rope_theta": 1e6})";
constexpr auto million_tied = R"({"rope_theta": 1e6, "tie_word_embeddings": true})";

const std::vector<KnownModel>& table() {
  static const std::vector<KnownModel> known = {
      {"mistral-7b", "mistral", 32, 4096, 32, 8, 128, 14336, 32000, 32768,
       R"({"rms_norm_eps": 1e-5, "sliding_window": 4096})"},
      {"mistral-nemo-12b", "mistral", 40, 5120, 32, 8, 128, 14336, 131072, 131072,
       R"({"rms_norm_eps": 1e-5, "rope_theta": 1e6, "sliding_window": null})"},
      {"mistral-small-24b", "mistral", 40, 5120, 32, 8, 128, 32768, 131072, 131072,
       R"({"rms_norm_eps": 1e-5, "rope_theta": 1e9, "sliding_window": null})"},
      {"llama-2-7b", "llama", 32, 4096, 32, 32, 128, 11008, 32000, 4096, epsilon_5},
      {"llama-3.1-8b", "llama", 32, 4096, 32, 8, 128, 14336, 128256, 131072, llama3_keys},
      {"llama-3.2-1b", "llama", 16, 2048, 32, 8, 64, 8192, 128256, 131072, small_llama3_keys},
      {"llama-3.2-3b", "llama", 28, 3072, 24, 8, 128, 8192, 128256, 131072, small_llama3_keys},
      {"llama-70b", "llama", 80, 8192, 64, 8, 128, 28672, 128256, 131072, llama3_keys},
      {"llama-405b", "llama", 126, 16384, 128, 8, 128, 53248, 128256, 131072, llama3_keys},
      {"llama-15m", "llama", 6, 288, 6, 6, 48, 768, 32000, 4096, epsilon_5},
      {"qwen2.5-0.5b", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, 32768, million_tied},
      {"qwen2.5-7b", "qwen2", 28, 3584, 28, 4, 128, 18944, 152064, 131072, million},
      {"qwen2.5-32b", "qwen2", 64, 5120, 40, 8, 128, 27648, 152064, 131072, million_5},
      {"qwen2.5-72b", "qwen2", 80, 8192, 64, 8, 128, 29568, 152064, 131072, million_5},
      {"qwen3-0.6b", "qwen3", 28, 1024, 16, 8, 128, 3072, 151936, 40960, million_tied},
      {"qwen3-4b", "qwen3", 36, 2560, 32, 8, 128, 9728, 151936, 40960, million_tied},
      {"qwen3-8b", "qwen3", 36, 4096, 32, 8, 128, 12288, 151936, 40960, million},
      {"qwen3-14b", "qwen3", 40, 5120, 40, 8, 128, 17408, 151936, 40960, million},
      {"qwen3-32b", "qwen3", 64, 5120, 64, 8, 128, 25600, 151936, 40960, million},
      {"gemma-2b", "gemma", 18, 2048, 8, 1, 256, 16384, 256000, 8192},
      {"gemma-7b", "gemma", 28, 3072, 16, 16, 256, 24576, 256000, 8192},
      {"gemma-2-2b", "gemma2", 26, 2304, 8, 4, 256, 9216, 256000, 8192},
      {"gemma-2-9b", "gemma2", 42, 3584, 16, 8, 256, 14336, 256000, 8192},
      {"gemma-2-27b", "gemma2", 46, 4608, 32, 16, 128, 36864, 256000, 8192,
       R"({"query_pre_attn_scalar": 144})"},
      {"gemma-3-1b", "gemma3_text", 26, 1152, 4, 1, 256, 6912, 262144, 32768, R"({"sliding_window": 512})"},
      {"gemma-3-4b", "gemma3_text", 34, 2560, 8, 4, 256, 10240, 262208, 131072,
       R"({"sliding_window": 1024})"},
      {"gemma-3-12b", "gemma3_text", 48, 3840, 16, 8, 256, 15360, 262208, 131072,
       R"({"sliding_window": 1024})"},
      {"gemma-3-27b", "gemma3_text", 62, 5376, 32, 16, 128, 21504, 262208, 131072,
       R"({"sliding_window": 1024, "query_pre_attn_scalar": 168})"},
      {"phi-3-mini", "phi3", 32, 3072, 32, 32, 96, 8192, 32064, 4096,
       R"({"rms_norm_eps": 1e-5, "sliding_window": 2047})"},
      {"phi-3-medium", "phi3", 40, 5120, 40, 10, 128, 17920, 32064, 4096,
       R"({"rms_norm_eps": 1e-5, "sliding_window": 2047})"},
      {"phi-4-mini", "phi3", 32, 3072, 24, 8, 128, 8192, 200064, 131072,
       R"({"rms_norm_eps": 1e-5, "partial_rotary_factor": 0.75, "sliding_window": 262144, "tie_word_embeddings": true})"},
      {"smollm3-3b", "smollm3", 36, 2048, 16, 4, 128, 11008, 128256, 65536,
       R"({"rope_theta": 5e6, "tie_word_embeddings": true})"},
      {"olmo-2-7b", "olmo2", 32, 4096, 32, 32, 128, 11008, 100352, 4096,
       R"({"rms_norm_eps": 1e-6, "rope_theta": 5e5})"},
      {"olmo-2-13b", "olmo2", 40, 5120, 40, 40, 128, 13824, 100352, 4096,
       R"({"rms_norm_eps": 1e-6, "rope_theta": 5e5})"},
      {"granite-3.3-8b", "granite", 40, 4096, 32, 8, 128, 12800, 49159, 131072,
       R"({"rms_norm_eps": 1e-5, "rope_theta": 1e7, "tie_word_embeddings": true, "attention_multiplier": 0.0078125,
           "embedding_multiplier": 12, "residual_multiplier": 0.22, "logits_scaling": 16})"},
  };
  return known;
}

ModelConfig config_of(const KnownModel& m) {
  Json keys = Json::parse(m.more);
  const std::pair<const char*, Json> columns[] = {{"model_type", m.model_type},
                                                  {"num_hidden_layers", m.layers},
                                                  {"hidden_size", m.width},
                                                  {"num_attention_heads", m.heads},
                                                  {"num_key_value_heads", m.kv_heads},
                                                  {"head_dim", m.head_dim},
                                                  {"intermediate_size", m.ffn},
                                                  {"vocab_size", m.vocabulary},
                                                  {"max_position_embeddings", m.context}};
  for (const auto& [key, value] : columns) keys[key] = value;
  return read_model_config(ConfigFile("geometry '" + m.name + "'", keys));
}

// "NAME-4l": 4; 0 where no such end is there.
int first_layers(const std::string& name, std::size_t& cut) {
  cut = name.rfind('-');
  if (cut == std::string::npos || name.back() != 'l') return 0;
  const std::string digits = name.substr(cut + 1, name.size() - cut - 2);
  const bool number = !digits.empty() && digits.size() < 5 &&
                      std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return number ? std::stoi(digits) : 0;
}

}  // namespace

std::string known_models() {
  std::vector<std::string> names;
  for (const KnownModel& m : table()) names.push_back(m.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

ModelConfig model_named(const std::string& name) {
  const auto find = [](const std::string& wanted) {
    return std::ranges::find_if(table(), [&](const KnownModel& m) { return m.name == wanted; });
  };
  if (const auto it = find(name); it != table().end()) return config_of(*it);
  std::size_t cut = 0;
  const int layers = first_layers(name, cut);
  if (const auto it = find(name.substr(0, cut)); layers > 0 && it != table().end()) {
    if (layers > it->layers) throw Error("geometry '{}': {} has {} layers", name, it->name, it->layers);
    ModelConfig c = config_of(*it);
    c.layers = layers;
    if (!c.kinds.empty()) c.kinds.resize(static_cast<std::size_t>(layers));
    return c;
  }
  const std::filesystem::path path = name;
  if (std::filesystem::is_directory(path))
    return read_model_config(ConfigFile((path / "config.json").string()));
  if (std::filesystem::exists(path)) return read_model_config(ConfigFile(name));
  throw Error(
      "geometry '{}': expected one of {}, one of them with its first layers only, as in mistral-7b-4l, or a "
      "config.json",
      name, known_models());
}

Geometry sizes_of(const ModelConfig& c) {
  const auto number = [](int n) { return static_cast<double>(n); };
  return {number(c.layers),   number(c.width), number(c.heads),     number(c.kv_heads),
          number(c.head_dim), number(c.ffn),   number(c.vocabulary)};
}

}  // namespace splitwan::engine
