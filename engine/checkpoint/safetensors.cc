#include "engine/checkpoint/safetensors.hh"

#include <sys/mman.h>

#include <algorithm>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cstring>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"

namespace splitwan::engine {
namespace {

namespace ipc = boost::interprocess;

constexpr std::uint64_t header_cap = 100'000'000;  // upstream's own limit

// Throws Json::exception when `list` is not a list of whole numbers.
std::vector<std::uint64_t> counts(const Json& list) {
  std::vector<std::uint64_t> found;
  for (const auto& n : list.get_ref<const Json::array_t&>())
    found.push_back(n.get_ref<const Json::number_unsigned_t&>());
  return found;
}

// Bytes of a number; 0: of a dtype that we do not know.
std::size_t width_of(const std::string& dtype) {
  if (const auto type = dtype_named(dtype)) return size_of(*type);
  constexpr std::pair<const char*, std::size_t> widths[] = {
      {"F64", 8}, {"I64", 8}, {"U64", 8}, {"I32", 4},  {"U32", 4},     {"I16", 2},
      {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  const auto* const found =
      std::ranges::find(widths, dtype, [](const auto& w) { return std::string(w.first); });
  return found == std::end(widths) ? 0 : found->second;
}

struct Entry {
  TensorView view;  // its dtype is right where it is one that we compute with
  std::string dtype;
};

// Validates one header entry against the data section of `data_size` bytes.
Entry entry_of(const std::string& path, const std::string& name, const Json& entry, const std::byte* data,
               std::uint64_t data_size) {
  Entry read{{name, DType::f32, {}, {}}, {}};
  TensorView& view = read.view;
  std::vector<std::uint64_t> offsets;
  try {
    read.dtype = entry.at("dtype").get<std::string>();
    for (const auto extent : counts(entry.at("shape"))) {
      if (extent > (std::uint64_t{1} << 40))
        throw Error("{}: tensor '{}': extent {} is too large", path, name, extent);
      view.shape.push_back(static_cast<std::int64_t>(extent));
    }
    offsets = counts(entry.at("data_offsets"));
  } catch (const Json::exception&) {
    throw Error("{}: tensor '{}': expected a dtype, a shape and data_offsets, found {}", path, name,
                entry.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 80));
  }
  if (const auto type = dtype_named(read.dtype)) view.dtype = *type;
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size) {
    throw Error("{}: tensor '{}' lies outside the file: offsets {}, data section {} bytes (truncated file?)",
                path, name, entry.at("data_offsets").dump(), data_size);
  }
  const std::size_t width = width_of(read.dtype);
  double bytes = static_cast<double>(width);  // as a double: shapes from a hostile file may overflow
  for (const auto extent : view.shape) bytes *= static_cast<double>(extent);
  if (width > 0 && bytes != static_cast<double>(offsets[1] - offsets[0])) {
    throw Error("{}: tensor '{}': shape {} as {} needs {:.0f} bytes, found {}", path, name,
                entry.at("shape").dump(), read.dtype, bytes, offsets[1] - offsets[0]);
  }
  view.data = {data + offsets[0], data + offsets[1]};
  return read;
}

// Every byte of the data section is one tensor's, as upstream wants it.
void refuse_overlaps_and_gaps(const std::string& path, std::vector<TensorView> tensors,
                              const std::byte* begin, const std::byte* end) {
  std::sort(tensors.begin(), tensors.end(), [](auto& a, auto& b) {
    return std::pair(a.data.data(), a.data.size()) <
           std::pair(b.data.data(), b.data.size());  // empty ones first
  });
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    const auto& before = tensors[i - 1].data;
    if (before.data() + before.size() > tensors[i].data.data()) {
      throw Error("{}: tensors '{}' and '{}' overlap", path, tensors[i - 1].name, tensors[i].name);
    }
  }
  const std::byte* at = begin;
  for (const TensorView& t : tensors) {
    if (t.data.data() > at)
      throw Error("{}: {} bytes before tensor '{}' are no tensor's", path, t.data.data() - at, t.name);
    at = std::max(at, t.data.data() + t.data.size());
  }
  if (at != end) throw Error("{}: the last {} bytes are no tensor's", path, end - at);
}

}  // namespace

struct SafetensorsFile::Map {
  ipc::file_mapping file;
  ipc::mapped_region region;
};

SafetensorsFile::SafetensorsFile(const std::string& path) {
  std::error_code ec;
  const std::uint64_t size = std::filesystem::file_size(path, ec);
  if (ec) throw Error("{}: cannot be opened: {}", path, ec.message());
  if (size < 8) throw Error("{}: {} bytes is too short for a safetensors file (truncated file?)", path, size);
  map_ = std::make_unique<Map>();
  try {
    map_->file = ipc::file_mapping(path.c_str(), ipc::read_only);
    map_->region = ipc::mapped_region(map_->file, ipc::read_only);
  } catch (const ipc::interprocess_exception& e) {
    throw Error("{}: cannot be mapped: {}", path, e.what());
  }
  const auto* begin = static_cast<const std::byte*>(map_->region.get_address());
  std::uint64_t header_size;
  std::memcpy(&header_size, begin, 8);
  refuse_lfs_pointer(path, {reinterpret_cast<const char*>(begin), size});
  if (header_size > header_cap || header_size > size - 8) {
    throw Error("{}: header of {} bytes in a file of {} (truncated, or not a safetensors file)", path,
                header_size, size);
  }
  const auto* text = reinterpret_cast<const char*>(begin + 8);
  if (nests_too_deeply({text, header_size})) throw Error("{}: the header is nested over 100 deep", path);
  const Json header = Json::parse(text, text + header_size, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) throw Error("{}: the header is not a JSON object", path);
  std::vector<TensorView> all;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    Entry read = entry_of(path, name, entry, begin + 8 + header_size, size - 8 - header_size);
    all.push_back(read.view);
    if (dtype_named(read.dtype))
      tensors_.push_back(std::move(read.view));
    else
      others_.emplace(name, std::move(read.dtype));
  }
  refuse_overlaps_and_gaps(path, std::move(all), begin + 8 + header_size, begin + size);
}

void SafetensorsFile::release() const {
  madvise(map_->region.get_address(), map_->region.get_size(), MADV_DONTNEED);
}

SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;

void write_safetensors(const std::string& path, std::span<const TensorView> tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::uint64_t offset = 0;
  for (const TensorView& t : tensors) {
    header[t.name] = {
        {"dtype", name_of(t.dtype)}, {"shape", t.shape}, {"data_offsets", {offset, offset + t.data.size()}}};
    offset += t.data.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data starts aligned
  OutputFile file(path);
  const std::uint64_t size = text.size();
  file.write({reinterpret_cast<const char*>(&size), 8});
  file.write(text);
  for (const TensorView& t : tensors)
    file.write({reinterpret_cast<const char*>(t.data.data()), t.data.size()});
  file.finish();
}

}  // namespace splitwan::engine
