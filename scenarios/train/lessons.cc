#include "scenarios/train/lessons.hh"

#include <filesystem>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/kernels/kernels.hh"
#include "scenarios/console/console.hh"

namespace splitwan::scenarios {

namespace fs = std::filesystem;
using engine::Error;
using engine::Json;
using engine::TensorView;

namespace {

// What the text depends on. Not the number of windows: it may grow.
Json origin_of(const Recipe& recipe) {
  Json origin;
  for (const char* key : {"data", "context", "seed"}) origin[key] = recipe.text.value(key, Json());
  origin["teacher"] = recipe.text.at("teacher");
  for (const char* key : {"windows", "weight", "temperature"}) origin["teacher"].erase(key);
  return origin;
}

// Ids are kept as f32, exact below 2^24.
TensorView view_of(const std::string& name, const std::vector<float>& values, std::int64_t rows) {
  const auto width = static_cast<std::int64_t>(values.size()) / rows;
  return {name, engine::DType::f32, {rows, width}, std::as_bytes(std::span(values))};
}

}  // namespace

Lessons::Lessons(const Recipe& recipe, const DataMix& mix, const Teacher& teacher, const std::string& output)
    : recipe_(recipe), mix_(mix), teacher_(teacher), folder_(output + "/training/lessons") {
  fs::create_directories(folder_);
  const std::string origin = folder_ + "/origin.json";
  if (!fs::exists(origin)) engine::write_file(origin, origin_of(recipe).dump(1) + "\n");
  if (engine::read_json_file(origin) != origin_of(recipe)) {
    throw Error("{}: expected this recipe's data, context, seed and teacher, found another's: remove {}",
                origin, folder_);
  }
}

std::string Lessons::path(int part) const { return fmt::format("{}/{:04}.safetensors", folder_, part); }

std::vector<Opening> Lessons::openings(int part) const {
  const Teaching& teaching = *recipe_.teacher;
  // Steps of training count from 0 up, parts from -1 down: they share no windows.
  const Windows windows = mix_.sample(-1 - part, part_windows);
  std::seed_seq sequence{recipe_.seed, recipe_.seed >> 32, static_cast<std::uint64_t>(part),
                         std::uint64_t{1}};
  std::mt19937_64 generator(sequence);
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(static_cast<double>(generator() >> 11) * 0x1p-53 *
                                    static_cast<double>(n));
  };
  std::vector<Opening> list;
  for (int i = 0; i < windows.count; ++i) {
    Opening opening;
    const auto from = windows.inputs.begin() + std::ptrdiff_t{i} * recipe_.context;
    opening.ids.assign(from, from + recipe_.context);
    opening.ids.push_back(static_cast<engine::Token>(windows.targets[(i + 1) * recipe_.context - 1]));
    const bool corpus = static_cast<double>(below(1 << 20)) < teaching.corpus_share * (1 << 20);
    const std::size_t prompt =
        teaching.shortest_prompt + below(teaching.longest_prompt - teaching.shortest_prompt + 1);
    opening.temperature = teaching.text_temperatures[below(teaching.text_temperatures.size())];
    opening.seed = generator();
    if (!corpus) opening.ids.resize(prompt + (mix_.begins_with_bos() ? 1 : 0));
    list.push_back(std::move(opening));
  }
  return list;
}

void Lessons::write(int part, const std::function<bool()>& stop) const {
  const std::vector<Opening> all = openings(part);
  std::vector<float> ids;
  std::vector<at::Tensor> features;
  for (int begin = 0; begin < part_windows && !stop(); begin += together) {
    const Passages passages = teacher_.write(std::span(all).subspan(begin, together), recipe_.context);
    ids.insert(ids.end(), passages.ids.begin(), passages.ids.end());
    features.push_back(passages.features);
  }
  if (stop()) return;
  const at::Tensor whole = at::cat(features);
  const std::span bytes(static_cast<const std::byte*>(whole.data_ptr()), whole.nbytes());
  const std::vector<TensorView> views{view_of("ids", ids, part_windows),
                                      {"features", engine::DType::f16, whole.sizes().vec(), bytes}};
  engine::write_safetensors(path(part), views);
}

void Lessons::open(int part) {
  Part opened{engine::SafetensorsFile(path(part)), nullptr, nullptr};
  for (const TensorView& view : opened.file.tensors()) {
    const std::vector<std::int64_t> shape = view.shape;
    if (view.name == "ids" && view.dtype == engine::DType::f32 &&
        shape == std::vector<std::int64_t>{part_windows, recipe_.context + 1})
      opened.ids = &view;
    if (view.name == "features" && view.dtype == engine::DType::f16 &&
        shape == std::vector<std::int64_t>{part_windows, recipe_.context, teacher_.config().width})
      opened.features = &view;
  }
  if (!opened.ids || !opened.features) {
    throw Error("{}: expected 'ids' and 'features' of {} windows of {}: remove the file", path(part),
                part_windows, recipe_.context);
  }
  parts_.push_back(std::move(opened));
}

bool Lessons::prepare(const std::function<bool()>& stop) {
  const int parts = (recipe_.teacher->windows + part_windows - 1) / part_windows;
  for (int part = static_cast<int>(parts_.size()); part < parts; ++part) {
    if (!fs::exists(path(part))) {
      write(part, stop);
      if (stop()) return false;
      remark("the teacher wrote {} of {} windows", (part + 1) * part_windows, parts * part_windows);
    }
    open(part);
  }
  return true;
}

void Lessons::append(Windows& windows, int window) const {
  const Part& part = parts_[window / part_windows];
  const std::int64_t index = window % part_windows, context = recipe_.context;
  const auto* ids = reinterpret_cast<const float*>(part.ids->data.data()) + index * (context + 1);
  windows.inputs.insert(windows.inputs.end(), ids, ids + context);
  windows.targets.insert(windows.targets.end(), ids + 1, ids + context + 1);
  const std::int64_t values = context * teacher_.config().width;
  const std::size_t at = windows.features.size();
  windows.features.resize(at + values);
  engine::kernels::best().widen(part.features->data.data() + index * values * 2, engine::DType::f16, values,
                                windows.features.data() + at);
  ++windows.count;
}

Windows Lessons::sample(std::int64_t step) const {
  std::seed_seq sequence{recipe_.seed, recipe_.seed >> 32, static_cast<std::uint64_t>(step),
                         std::uint64_t{2}};
  std::mt19937_64 generator(sequence);
  Windows windows;
  while (windows.count < recipe_.batch) {
    append(windows, static_cast<int>(generator() % (parts_.size() * part_windows)));
  }
  return windows;
}

}  // namespace splitwan::scenarios
