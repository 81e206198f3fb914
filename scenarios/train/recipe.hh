// What `splitwan train` is told: a JSON file, read strictly.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/schema.hh"
#include "engine/checkpoint/model_config.hh"

namespace splitwan::scenarios {

struct DataSource {
  std::string name;
  std::string path;        // as stated, seen from the recipe's folder
  double weight = 1;       // share of the training windows, relative to the other sources
  bool questions = false;  // JSON lines of {"question", "answer"}; otherwise plain text
};

// A model to imitate: the loss is the divergence from its distribution, on text that it mostly wrote itself,
// because what it writes is not what it learned from.
struct Teaching {
  std::string model;           // folder; of the same vocabulary
  double weight = 1;           // of the divergence; the rest is cross entropy with the text
  double temperature = 1;      // of the distribution that is imitated
  int windows = 0;             // of text, written before the first step
  double corpus_share = 0.25;  // of the windows: the corpora's own text
  std::vector<double> text_temperatures{0, 0.8};  // of the others, in equal parts; 0 = greedy
  int shortest_prompt = 8, longest_prompt = 64;   // tokens of the corpora that the teacher continues
};

// Linear warm-up to a peak, then a cosine down to the end.
struct Schedule {
  std::int64_t steps = 0, warmup = 0;
  double learning_rate = 1e-3;  // peak
  double minimum_rate = 5e-5;   // where the cosine ends

  double rate_at(std::int64_t step) const;
};

struct Recipe : Schedule {
  std::string init;           // folder to continue from; "" = from scratch
  engine::ModelConfig model;  // from scratch only
  std::string tokenizer;      // tokenizer.model to use; "" = init's, or a new one
  int train_vocabulary = 0;   // > 0: train a SentencePiece vocabulary of this size from the data
  std::vector<DataSource> data;
  std::optional<Teaching> teacher;
  int context = 256;  // tokens per window
  int batch = 16;     // windows per step
  std::uint64_t seed = 1;
  int threads = 1;
  engine::Json text;  // the recipe as written
};

// Every key of a recipe; data[].name is one of each source's.
std::vector<engine::SchemaKey> recipe_schema();
// Throws Error naming the file and key for anything unknown, missing or impossible.
Recipe read_recipe(const std::string& path);

}  // namespace splitwan::scenarios
