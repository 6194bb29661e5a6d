/// A kernel: one partition as an iteration space, a program for one point, and what becomes of the
/// values. Free of sizes, addresses and targets.
///
/// Semantics. The iteration space is the product of `ndim` axes; each axis is parallel, reduced or
/// scanned. At each point the program's loads are read through their strides (0 = broadcast), the
/// instructions run in order, `stores` write values of the full space, and `reductions` combine a
/// value over the reduced axes. Points do not see each other's stores. A reduction's order of
/// combination is fixed by extents and dtypes alone (semantics.md S6), never by threads or tiers.
/// Threads: const after lowering.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ops/inner_loop.h"
#include "ops/op.h"
#include "ops/scalar_block.h"

namespace grumpy {

/// Values of a program are numbered: loads, then scalars, then results in order.
/// An instruction with nout > 1 takes consecutive ids from `out`.
struct Instr {
  Op op;                              // ignored when loop is set by a foreign ufunc (is_foreign)
  bool is_foreign = false;
  bool is_fast = false;               // may be rounded as fp=fast allows
  uint8_t nin = 0, nout = 1;
  DType dtype;                        // compute dtype (source dtype for cast)
  DType result;                       // dtype of each result (foreign: see loop->types)
  uint16_t in[4] = {};
  uint16_t out = 0;
  uint8_t watch = 0;                  // Fpe mask somebody wants to hear of
  uint32_t tag = 0;                   // who to tell: index into the evaluation's list of nodes
  const InnerLoop* loop = nullptr;    // for Lowering::Loop rows and foreign ufuncs
};

struct Program {
  uint16_t nloads = 0;
  uint16_t nscalars = 0;
  std::vector<DType> dtypes;          // of every value
  std::vector<Instr> instrs;
  int nvalues() const { return int(dtypes.size()); }
};

/// Reductions of fewer rows than this are short: rows are added in order and not spread over lanes.
inline constexpr int64_t kShortRows = 64;  // order
/// Rows added one after the other before a tree takes over; NumPy's pairwise sum adds 16 per lane.
inline constexpr int64_t kLeafRows = 16;  // order

enum class KernelKind : uint8_t { Map, Reduce, Scan };

struct Store { uint16_t value; };
struct Reduction {
  ReduceOp op;
  uint16_t value;   // already of dtype `in`
  DType in;         // dtype of the value
  DType out;        // dtype stored
  uint8_t watch = 0;   // as of Instr
  uint32_t tag = 0;
};

/// Arguments are numbered: loads, scalars, stores, reductions.
struct KernelSpec {
  KernelKind kind = KernelKind::Map;
  uint8_t ndim = 0;                   // after collapsing; 0 for one point
  bool is_short = false;              // Reduce: of fewer than kShortRows points per cell
  uint64_t reduced = 0;               // bit k: axis k is reduced (Reduce), or the scanned axis (Scan)
  Program program;
  std::vector<Store> stores;
  std::vector<Reduction> reductions;  // Scan: exactly one, stored over the full space
  int nargs() const {
    return program.nloads + program.nscalars + int(stores.size() + reductions.size());
  }
  DType arg_dtype(int arg) const;     // of loads, scalars, stores and reductions alike
};

/// Text of a kernel, for people and for golden tests.
std::string to_string(const KernelSpec& spec);

/// What a launch adds: extents, and for each argument where it lies.
/// Strides count elements; loads and stores have `ndim` of them; reductions have strides over the
/// parallel axes (0 at reduced axes); Scan's result over all. Scalars have none.
class MaskRank;
struct ArgView {
  char* data;               // of the element at index 0 of every axis
  const int64_t* strides;   // ndim of them; null for scalars
  bool has_slack;           // an owned buffer whose run of elements ends at the buffer's end, so
                            // whole vectors may be read or written past the last element
  const MaskRank* packed_by = nullptr;  // a load over one axis: the elements that this mask selects of those from `data` on
};
struct LaunchArgs {
  const int64_t* extents;   // ndim
  const ArgView* args;      // spec.nargs()
};

}  // namespace grumpy
