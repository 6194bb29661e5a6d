/// Straight-line SSA code for one point: the paper's point function.
///
/// Values are typed by DType, never complex: a complex value is two values. bool_ is one bit in
/// registers and one byte (0 or 1) in memory. float16 exists for input, constant, store, select,
/// convert and bitcast only; arithmetic on it is done in float32 and rounded after each NumPy-level
/// operation.
/// Threads: value.
#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/op.h"

namespace grumpy {

using ValueId = uint16_t;

inline constexpr uint64_t kHalfRange = 1;

/// imm: constant: the bits; input/store: slot * 2 + part (part 1 = imaginary); raise: Fpe mask; int_div: 0 or kHalfRange.
struct ScalarInstr {
  ScalarOp op;
  DType type;            // of the result
  DType from;            // operand type of convert, bitcast and comparisons; else == type
  ValueId a = 0, b = 0, c = 0;
  uint64_t imm = 0;
  bool is_fast = false;  // relax() may round it otherwise
};

class ScalarBlock {
 public:
  std::vector<ScalarInstr> instrs;  // a value's id is its instruction's index
  std::vector<DType> inputs;        // memory dtype of each input slot (may be complex)
  std::vector<DType> outputs;       // memory dtype of each output slot (may be complex)
  bool is_fast = false;             // what is written from now on
  bool is_rough = false;            // functions written from now on may err by 4 ulp
  bool has_one_divisor = false;     // integers are divided by the same number at all points from now on

  ValueId input(int slot, DType part_type, int part = 0);
  void store(int slot, ValueId v, int part = 0);
  ValueId constant(DType t, double v);         // v converted to t
  ValueId constant_bits(DType t, uint64_t bits);
  ValueId unary(ScalarOp op, ValueId a);
  ValueId binary(ScalarOp op, ValueId a, ValueId b);   // comparisons give bool_
  ValueId divide_half_range(ValueId a, ValueId b);     // int_div of unsigned a <= 2^(width - 1)
  ValueId fma(ValueId a, ValueId b, ValueId c);        // a*b+c rounded once
  ValueId select(ValueId cond, ValueId if_true, ValueId if_false);
  ValueId convert(ValueId a, DType to);        // NumPy's astype, x86 float-to-int included
  ValueId bitcast(ValueId a, DType to);        // same width
  void raise(ValueId cond, uint8_t fpe);       // report these errors where cond holds
  DType type(ValueId v) const { return instrs[v].type; }
  /// An instruction as it stands, of this block's values.
  ValueId append(const ScalarInstr& i) { return push(i); }

  std::string to_string() const;

 private:
  static constexpr ValueId kNone = 0xffff;

  ValueId push(ScalarInstr i);                 // equal pure instructions become one

  std::vector<ValueId> numbers_;               // open-addressing table of pure instructions
};

/// A NumPy-level value in a block: one part, or two for complex.
struct PointValue { ValueId re = 0, im = 0; };

/// Writes one NumPy-level operation. `t` is the compute dtype (source dtype for cast), `result` the
/// dtype of the result. in[k] are values of the dtype the op takes.
/// Throws: InternalError for rows whose lowering is Loop.
PointValue expand_op(ScalarBlock& block, Op op, DType t, DType result, const PointValue* in);
/// Reads input slot `slot`, declared to be of memory dtype t.
PointValue load_slot(ScalarBlock& block, int slot, DType t);
void store_slot(ScalarBlock& block, int slot, DType t, PointValue v);

/// True when this (op, dtype) has scalar code; false: only an inner loop can run it.
bool has_expansion(Op op, DType t);

/// Runs a block on the host for one point: reference and constant folding. Bit-identical to
/// compiled code. inputs/outputs: one pointer per slot, to an element in memory form.
/// Returns the Fpe mask of `raise` (not of the CPU's own flags).
uint8_t run_on_host(const ScalarBlock& block, const void* const* inputs, void* const* outputs);

}  // namespace grumpy
