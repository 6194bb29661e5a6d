/// Trace: what a frontier looked like, as directions that a cursor follows to see whether the next
/// evaluation is the same again: no search, no sorting, no hash.
///
/// A loop evaluates the same few graphs turn after turn, recorded by the same lines. take_frontier finds
/// out what such a graph is; a trace only has to confirm it, in one pass over the nodes from the last to
/// the first. What it compares is what the frontier's hash covers.
/// Siblings, arrays that nobody asked for but that share its work, are looked for where they were among the
/// pending storages; should there be others, some node has a user that the trace does not know.
/// Threads: under the GIL.
#pragma once
#include <span>
#include <vector>

#include "graph/frontier.h"

namespace grumpy {

class Trace {
 public:
  /// Of the frontier just taken for `wanted`. Empty when its siblings lie far apart: they are found by searching.
  Trace(const Frontier& f, std::span<Node* const> wanted);

  bool is_empty() const { return stops_.empty(); }

  /// Fills f.nodes as take_frontier would, when it would find this structure, and f.is_private. The flags and the
  /// hash are the structure's, and left alone. False: something differs; f.nodes is then of no use.
  bool follow(std::span<Node* const> wanted, Frontier& f) const;

 private:
  /// A node of the frontier and the edge by which it is reached: input `slot` of the node at `user`, or
  /// number `slot` of what is wanted, then of the siblings.
  struct Stop {
    uint32_t user;
    uint32_t head;            // kind, op, dtype, nin
    uint8_t slot, part, mode, flags;
    bool has_detail;          // more to compare than that and the shape
    bool is_known;            // a leaf or a constant
    uint32_t uses;
    Shape shape;
    View view;
    uint64_t detail;          // axes, axis or loop
    uint32_t leader;          // of a view of a leaf that moves: the last view of that leaf
  };
  /// A further edge to a node that is reached by another.
  struct Edge {
    uint32_t user, input;
    uint8_t slot;
  };
  bool has_same_detail(size_t i, Node* const* nodes) const;
  bool find_siblings(Node** found) const;

  std::vector<Stop> stops_;
  std::vector<Edge> edges_;
  std::vector<uint32_t> siblings_;  // positions, ascending
  size_t nwanted_;
};

}  // namespace grumpy
