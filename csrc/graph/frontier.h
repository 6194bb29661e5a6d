/// Frontier: what one evaluation covers, in program order, and its structural hash.
///
/// Source:  semantics.md S8: the arrays asked for, plus live pending arrays that share unevaluated
///          work with them; dead ones never.
/// Threads: under the GIL; uses the scratch fields of nodes, so one frontier is taken at a time.
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "base/hash.h"
#include "graph/storage.h"

namespace grumpy {

enum FrontierFlag : uint8_t {
  kOutput = 1,     // must be materialized
  kLive = 2,       // a live array or a node outside this frontier holds it, but nobody asked: store it
                   // only if recomputing is dear
  kDonatable = 4,  // a leaf that nothing outside this frontier can reach: its bytes may be reused
  kExported = 8,   // a leaf whose bytes are visible outside: an Update must write in place
  kSlack = 16,     // a leaf in an owned buffer that nobody else sees
  kSaved = 32,     // of passes: must be stored before its operand is written to
  kMoves = 64,     // a leaf read through views only, which may all begin so much further on: see Frontier::moving
};

struct Frontier {
  std::vector<Node*> nodes;     // inputs before users
  std::vector<uint8_t> flags;   // FrontierFlag per node
  Hash128 structure;            // equal structures get equal plans
  bool is_private = false;      // known: nobody outside knows a pending node but for the one that was asked for
  /// Arrays that nobody asked for and that share work: `node` in `nodes`, `position` among pending storages.
  struct Sibling { uint32_t node, position; };
  std::vector<Sibling> siblings;
  /// Leaves that a loop may walk along (`x[i:i+n]`): their views' offsets belong to the structure only by
  /// their distance from the first one's, `view` in `nodes`.
  struct Moving { uint32_t leaf, view; };
  std::vector<Moving> moving;   // by leaf
  /// Position of the first view of a leaf that moves; -1 where it does not.
  int64_t first_view(uint32_t leaf) const {
    const auto it = std::lower_bound(moving.begin(), moving.end(), leaf, [](const Moving& m, uint32_t l) { return m.leaf < l; });
    return it != moving.end() && it->leaf == leaf ? int64_t(it->view) : -1;
  }
};

/// Fills `f` (cleared first; kept by the caller so that its memory is reused).
void take_frontier(std::span<Node* const> wanted, Frontier& f);

/// A number that no node is marked with.
uint64_t new_mark();
/// FrontierFlag of a leaf whose `uses` are counted.
inline uint8_t leaf_flags(const Node& n) {
  const Buffer& b = *n.data;
  if (b.exports > 0 || b.is_shared) return b.is_borrowed || b.exports > 0 ? kExported : kExported | kSlack;
  if (b.is_borrowed) return 0;
  // Others write elements, and not what is repeated behind them.
  const bool is_ours = n.refs == n.uses && b.refs.load(std::memory_order_relaxed) == 1;
  return is_ours ? kDonatable | kSlack : kSlack;
}
/// FrontierFlag of a node whose `uses` are counted.
uint8_t frontier_flags(const Node& n, bool is_wanted);
/// What evaluation of the node itself may report.
inline uint8_t watch_of(const Node& n) { return n.is_materialized() ? 0 : n.site.watch; }
/// Whether it may be rounded as fp=fast allows.
inline bool is_fast(const Node& n) { return !n.is_materialized() && n.site.is_fast; }
/// Both, as part of a structure.
inline uint8_t mode_of(const Node& n) { return uint8_t(watch_of(n) | is_fast(n) << 7); }

/// Values of live storages that are pending and read `leaf`, directly or not.
std::vector<Node*> pending_readers(Node& leaf);

}  // namespace grumpy
