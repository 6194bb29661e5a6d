/// Snapshot: the sub-DAG to evaluate, dense and free of the recorded nodes.
///
/// Source:  paper's subDAG. Passes take one and return a new one; ids are positions, inputs first.
/// Threads: value; shapes and views inside are counted under the GIL.
#pragma once
#include <string>
#include <vector>

#include "graph/frontier.h"

namespace grumpy {

struct SnapNode {
  NodeKind kind;
  uint8_t op = 0;
  DType dtype;
  uint8_t nin = 0;
  uint8_t part = 0;
  uint8_t watch = 0;
  uint8_t flags = 0;        // FrontierFlag
  bool is_fast = false;     // fp=fast
  uint32_t in[3] = {};
  Shape shape;
  View view;                // View, Update, Put
  uint64_t axes = 0;        // Reduce
  int64_t axis = 0;         // Scan, Take
  const InnerLoop* loop = nullptr;
  uint32_t tag = 0;         // position in the frontier: where data, constants and sites are

  bool is_source() const { return kind == NodeKind::Leaf || kind == NodeKind::Constant; }
  bool is_pointwise() const { return kind == NodeKind::Map || kind == NodeKind::Foreign; }
};

struct Snapshot {
  std::vector<SnapNode> nodes;
};

Snapshot take_snapshot(const Frontier& f);

/// One line per node: "%3 multiply f64[1000,500] %0 %1  out".
std::string to_string(const Snapshot& s);
std::string to_string(const SnapNode& n, uint32_t id);

}  // namespace grumpy
