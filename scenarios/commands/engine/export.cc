#include <fmt/format.h>

#include "engine/checkpoint/checkpoint.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/read/layer_range.hh"

namespace splitwan::scenarios {
namespace {

struct ExportOptions {
  std::string model, layers, output;
  bool json = false;
};

int export_command(const ExportOptions& o) {
  const auto range = parse_layers(o.layers, engine::read_model_config(o.model).layers);
  const auto names = export_layers(o.model, range, o.output);
  if (o.json) {
    const engine::Json out = {{"schema_version", 1},
                              {"folder", o.output},
                              {"layers", {range.begin, range.end}},
                              {"tensors", names}};
    fmt::print("{}\n", out.dump());
  } else {
    fmt::print("{}: layers {}:{}, {} tensors; no embedding, head, norm or other layer\n", o.output,
               range.begin, range.end, names.size());
  }
  return 0;
}

}  // namespace

void add_export_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<ExportOptions>();
  command.add_option("--model", o->model, "model folder")->required();
  command.add_option("--layers", o->layers, "BEGIN:END of the layers to export, as in 2:30")->required();
  command.add_option("-o,--output", o->output, "new folder")->required();
  command.add_flag("--json", o->json, "print one JSON object");
  command.callback([o, &chosen] { chosen = [o] { return export_command(*o); }; });
}

}  // namespace splitwan::scenarios
