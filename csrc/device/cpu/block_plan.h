/// How the values of a program live in a block: which buffer each has, and the pointers of each step.
///
/// Made once for a spec and its steps; knows no sizes and no addresses. A value that is stored lives
/// where the store wants it (its home), a value that a reduction reads has a buffer of its own, other
/// values share buffers as soon as their readers are done.
/// Threads: const once made.
#pragma once
#include <vector>

#include "kernel/kernel_spec.h"
#include "kernel/steps.h"

namespace grumpy {

/// One call: `count` pointers from `first` on, inputs then outputs.
struct StepCall {
  BlockFn fn;
  const InnerLoop* loop;   // when fn is null
  uint32_t first;
  uint16_t nin, nout;
};

struct StorePlan {
  uint16_t value;
  bool is_home;            // the step that makes the value writes through this store's pointer
  uint64_t read_after;     // home: loads (bit 63: any from 63 on) still read after that step
  int32_t scalar_buffer;   // the value is a scalar: a buffer full of it; else -1
};

struct BlockPlan {
  int nloads = 0, nscalars = 0, nstores = 0, nvalues = 0;
  bool is_compiled = false;      // scalars are splats
  bool has_loops = false;        // some step is a foreign inner loop
  uint8_t watch = 0;             // union over instructions
  bool has_second_look = false;  // somebody watches, and who is guilty must be found: inputs are needed again
  double weight = 0;             // work of one element, in additions

  std::vector<StepCall> steps;
  std::vector<uint16_t> ptr_value;   // which value each pointer of each step is
  std::vector<uint16_t> ptr_item;    // its bytes per element; 0 for scalars
  std::vector<uint32_t> use_begin;   // value -> its pointers: uses[use_begin[v] .. use_begin[v + 1])
  std::vector<uint32_t> uses;

  std::vector<int32_t> value_buffer; // buffer a value lives in; -1: none (a splat)
  std::vector<uint8_t> item;         // bytes per element of a value
  std::vector<StorePlan> stores;
  std::vector<uint16_t> kept;        // values that reductions read, each once
  std::vector<int32_t> kept_buffer;  // where a range of them is put together
  std::vector<uint16_t> plain_loads; // loads that reductions or stores read as they are

  FoldStep fold;                       // of the steps; without a function: none

  /// One compiled step that reads operands and stores what it makes: which operand each of its pointers is. Else empty.
  std::vector<uint16_t> ptr_arg;

  std::vector<uint32_t> buffer_begin;  // bytes per lane before each buffer; one more for the total
  int nbuffers() const { return int(buffer_begin.size()) - 1; }
};

BlockPlan make_block_plan(const KernelSpec& spec, const StepList& steps);

}  // namespace grumpy
