// Each session's split is at one of several depths, which the server cannot tell from what it holds.
// Attacked, not run: a real server's layers are those it has loaded.
#include "engine/base/json_file.hh"
#include "engine/privacy/defence.hh"

namespace splitwan::engine {
namespace {

class RandomDepth : public Defence {
 public:
  bool draws_depth() const override { return true; }
  Json value() const override { return true; }
};

}  // namespace

extern const DefenceKind random_depth_defence;
const DefenceKind random_depth_defence = {
    .words = "random depth",
    .parse = [](const std::string&) -> DefencePtr { return std::make_shared<RandomDepth>(); }};

}  // namespace splitwan::engine
