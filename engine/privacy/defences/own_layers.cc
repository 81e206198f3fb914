// The client's layers were changed in private (LoRA, arXiv 2106.09685): a property of its checkpoint, which
// the attack suite makes itself; a run takes it from the model's folder.
#include "engine/base/json_file.hh"
#include "engine/privacy/defence.hh"

namespace splitwan::engine {
namespace {

class OwnLayers : public Defence {
 public:
  bool changes_weights() const override { return true; }
  Json value() const override { return true; }
};

}  // namespace

extern const DefenceKind own_layers_defence;
const DefenceKind own_layers_defence = {
    .words = "lora outer layers",
    .parse = [](const std::string&) -> DefencePtr { return std::make_shared<OwnLayers>(); }};

}  // namespace splitwan::engine
