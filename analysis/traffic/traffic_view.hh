// A run as somebody on the network sees it, were everything encrypted: which way each message went, its
// bytes, and when it passed the client's end. Beyond that only what is public: how messages are laid out, and
// what a row weighs (the model's width, the wire type).
#pragma once

#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::analysis {

struct SeenStep {
  double rows = 0;   // of the answers: (bytes - header) / row
  double lists = 0;  // bytes of the request that are neither header nor rows: kept rows and tree
  double gap_s = 0;  // from the answer before to the request: what the client had to do in between
};

struct SeenRun {
  std::vector<SeenStep> steps;  // the prompt first
};

// Throws Error, beginning with `where`, when the header states no width or wire, or bytes are no whole rows.
SeenRun see(const engine::Run&, const std::string& where);

}  // namespace splitwan::analysis
