/// Node: one recorded operation. Immutable, except that evaluation gives it its buffer and takes
/// its inputs away.
///
/// The elements of a node's result are dense in C order. How an array lies on them is a View.
/// Threads: created, counted and destroyed under the GIL. A long chain dies in a loop, not by
///          recursion.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/buffer.h"
#include "base/scalar.h"
#include "base/shape.h"
#include "ops/inner_loop.h"
#include "ops/op.h"

namespace grumpy {

enum class NodeKind : uint8_t {
  Leaf,      // data is there; no inputs
  Constant,  // one value, ndim 0
  Map,       // op over inputs that broadcast
  Foreign,   // output `part` of an inner loop over inputs that broadcast (S9)
  View,      // elements of in[0] seen through `view`
  Update,    // in[0] with the elements under `view` replaced by in[1]
  Reduce,    // reduce_op over `axes` of in[0]
  Scan,      // reduce_op accumulated along `axis` of in[0]
  Matmul,    // in[0] @ in[1], batch axes broadcast
  Take,      // in[0] along `axis` at the int64 positions in[1]
  Compress,  // rows of in[0] where the mask in[1], over its first axes, is true
  Check,     // in[0], int64 positions, once they are known to lie in an axis of `axis` elements (graph/late_index.h)
  Put,       // in[0] with in[2] written to, or combined with, what `view` of it has at in[1]: int64 positions along
             // the axis `part`, or a mask over the first axes
};

/// "leaf", "constant", ...: for people and for documents.
const char* kind_name(NodeKind k);

/// Where the user's program was, and how it wanted floating-point errors treated.
struct Site {
  void* code = nullptr;       // PyCodeObject, owned by the node that holds the site
  int32_t last_instruction = 0;
  uint16_t errstate = 0;      // index into the session's table of distinct error states
  uint8_t watch : 7 = 0;      // Fpe mask that is not ignored
  bool is_fast : 1 = false;   // recorded under fp=fast
  uint8_t called = 0;         // 1 + the Op whose result it casts: NumPy reports both under that name
};

/// A Site in two registers. Written piece by piece and copied as a whole, it would be read from memory before the
/// pieces have arrived there, which stops the processor for as long as half a node takes.
struct PlainSite {
  void* code;     // whoever records owns a reference, and the node takes it over
  uint64_t rest;  // all but the code, as it lies in memory
};
static_assert(sizeof(Site) == 16 && offsetof(Site, last_instruction) == 8);

struct Node {
  uint32_t refs;
  NodeKind kind;
  uint8_t op;                 // Op of Map, ReduceOp of Reduce, Scan and Put (or kAssign); Check: 1 has failed
  DType dtype;
  uint8_t nin;
  uint32_t owners;            // live storages whose value this is
  uint32_t depth;             // longest path of pending nodes below
  Shape shape;
  Node* in[3];                // owned
  union {
    uint64_t axes;            // Reduce: bit per axis
    ViewRep* view;            // View, Update, Put: owned
    struct { const InnerLoop* loop; } foreign;
    int64_t axis;             // Scan, Take; Check: its extent
    std::string* failure;     // Check that has failed: owned
    int64_t truths;           // Leaf that is a mask: 1 + how many are true; 0: not counted
  };
  uint8_t part;               // Foreign: which output; Check, Put: which axis
  bool is_selected;           // a Compress, or one is below (graph/widen.h)
  bool may_fail;              // a Check is, or was, among what it is computed from
  bool was_left;              // an evaluation computed it in passing, and did not keep it
  Buffer* data;               // owned; set once evaluated
  union {
    Scalar constant;          // Constant
    Site site;                // everything else
  };
  // Scratch of a traversal under the evaluation lock.
  uint64_t mark;              // and, of a node nobody uses any more, the next one
  uint32_t index;             // position in the frontier
  uint32_t uses;              // edges from nodes of the frontier

  bool is_materialized() const { return data != nullptr || kind == NodeKind::Constant; }
  void add_ref() { ++refs; }
  void drop_ref() { if (--refs == 0) destroy(this); }
  static void destroy(Node*);

  bool has_failed() const { return kind == NodeKind::Check && op; }
  Op map_op() const { return Op(op); }
  ReduceOp reduce_op() const { return ReduceOp(op); }
};
using NodeRef = Ref<Node>;

namespace detail {
// Freed nodes are kept for the next recording: a node costs one pop. All under the GIL.
inline Node* free_nodes = nullptr;  // linked through their marks
inline size_t num_free_nodes = 0;
inline uint64_t pending = 0;
Node* allocate_node();
}  // namespace detail

namespace detail {
/// Memory for a node, with whatever it holds.
[[gnu::always_inline]] inline Node* take_free_node() {
  Node* const n = free_nodes;
  if (!n) [[unlikely]] return allocate_node();
  free_nodes = reinterpret_cast<Node*>(n->mark);
  --num_free_nodes;
  return n;
}
}  // namespace detail

/// An empty node from the pool: refs 1, everything else zero but `kind` and `dtype`.
inline Node* new_node(NodeKind kind, DType dtype) {
  Node* const n = detail::take_free_node();
  std::memset(static_cast<void*>(n), 0, sizeof(Node));
  n->refs = 1;
  n->kind = kind;
  n->dtype = dtype;
  if (kind != NodeKind::Leaf && kind != NodeKind::Constant) ++detail::pending;
  return n;
}

/// One more input of a node being recorded.
void link_input(Node* n, Node* in);
/// A Check whose index is out of bounds: drops it and keeps the error.
void fail(Node* n, const std::string& text);

/// Gives an evaluated node its buffer; drops inputs and becomes a Leaf.
void materialize(Node* n, BufferRef data);
/// The same of the only result of an evaluation that covered `nodes`, whose uses by one another are counted. No other
/// pending one of them is known outside, so they end here, without counting down edge by edge.
void materialize_alone(Node* n, BufferRef data, std::span<Node* const> nodes);

/// Pending (recorded, not evaluated, not destroyed) nodes of the process.
inline uint64_t pending_nodes() { return detail::pending; }

/// How references to code objects are taken and dropped; set once by the binding. release_shared drops so many
/// of which none is the last, and says whether it was so.
void set_code_hooks(void (*retain)(void*), void (*release)(void*), bool (*release_shared)(void*, size_t));
namespace detail {
inline void (*retain_hook)(void*) = [](void*) {};
}
inline void retain_code(void* code) { detail::retain_hook(code); }
/// Nodes own a reference to their code object.
inline void set_site(Node* n, const Site& site) {
  n->site = site;
  if (site.code) retain_code(site.code);
}

}  // namespace grumpy
