// `splitwan link --record`: watches a path while a client uses it.
#pragma once

#include <optional>
#include <string>

#include "engine/base/json.hh"
#include "netsim/kernel/net_namespace.hh"
#include "netsim/link/recording.hh"
#include "netsim/record/path_tap.hh"

namespace splitwan::scenarios {

struct RecordOptions {
  std::string file;   // empty: nothing is recorded
  std::string watch;  // HOST:PORT; empty: the emulated link's server, any port
  bool live() const;  // the path is there already
};

class PathRecorder {
 public:
  PathRecorder(const RecordOptions&, const netsim::NetNamespace& client);  // watches from now on
  netsim::Recording finish();                                              // writes the file

 private:
  RecordOptions options_;
  std::string path_;
  std::optional<netsim::PathTap> tap_;
};

engine::Json recording_json(const netsim::Recording& recording);  // without its series
std::string recording_table(const netsim::Recording& recording);

}  // namespace splitwan::scenarios
