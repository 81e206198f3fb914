// Something the client does so that the server, or who watches the network, learns less. No torch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/json.hh"

namespace splitwan::engine {

// To make one: a file in engine/privacy/defences/ and a row in defences.cc. What a defence does not touch it
// leaves to these defaults. Objects are shared between sessions and keep nothing.
class Defence {
 public:
  virtual ~Defence() = default;

  // Activations that leave: rows of `width` values below each other, changed in place. A row's result depends
  // on the seed and on that row's own bits: so the same row sent again is the same again, which averaging
  // does not take away, and guessing changes no output.
  virtual bool changes_rows() const { return false; }
  virtual void change(std::span<float> /*values*/, std::uint64_t /*width*/, std::uint64_t /*seed*/) const {}

  // Steps: the rows sent for so many real ones. One that pads makes the lists in a request's header as long
  // as its rows.
  virtual bool pads() const { return false; }
  virtual int padded(int rows) const { return rows; }

  // What the attack suite must know: a session's depth is one of several; the client's layers are its own.
  virtual bool draws_depth() const { return false; }
  virtual bool changes_weights() const { return false; }

  // As scenarios and headers state it.
  virtual Json value() const = 0;
};

using DefencePtr = std::shared_ptr<const Defence>;

class ObjectReader;

struct DefenceKind {
  // Of scenarios, headers and options; "" = attacked, but not yet run. What its value is, what it is when it
  // is not given, what it does, and whether it is a list.
  const char *key = "", *type = "", *otherwise = "", *help = "";
  bool list = false;
  DefencePtr (*read)(ObjectReader&) = nullptr;  // the key; nullptr = off

  // In attack scenarios: these words, and where a value must follow, an example of it. "" = changes nothing
  // that an attacker of activations sees.
  const char *words = "", *value = "";
  DefencePtr (*parse)(const std::string& value) = nullptr;

  bool runs() const { return *key != 0; }
};

}  // namespace splitwan::engine
