/// GRUMPY_VALIDATE: what one evaluation covers, as plain facts, for a second computation elsewhere.
///
/// The core knows no NumPy: whoever does (the binding) is told every node before the kernels run,
/// since they may write over leaves, and is shown what they stored afterwards.
/// Threads: under the GIL and the evaluation lock.
#pragma once
#include <string>
#include <vector>

#include "graph/frontier.h"

namespace grumpy {

struct NodeFacts {
  std::string kind;                  // "leaf", "constant", "map", "foreign", "view", "update", ...
  std::string operation;             // of map, foreign, reduce, scan and put
  DType dtype;
  std::vector<int64_t> shape;
  std::vector<uint32_t> inputs;      // positions in the list
  std::vector<int64_t> window;       // view, update, put: shape, then steps, of the elements seen
  int64_t offset = 0;                // of the first of them
  uint64_t axes = 0;                 // reduce
  int64_t axis = 0;                  // scan, take, put
  int part = 0;                      // foreign: which output
  const void* data = nullptr;        // leaf, constant
  Site site;                         // of what was recorded; borrowed

  int dtype_number() const { return int(dtype); }
};

struct Validator {
  /// Computes all nodes; gives a handle, or null when it cannot.
  void* (*expect)(const std::vector<NodeFacts>& nodes) = nullptr;
  /// Compares the stored nodes (positions, and their dense elements) with it and frees the handle;
  /// gives what differs, or an empty text.
  std::string (*compare)(void* handle, const std::vector<uint32_t>& stored,
                         const std::vector<const void*>& elements) = nullptr;
};

std::vector<NodeFacts> facts_of(const Frontier& f);

}  // namespace grumpy
