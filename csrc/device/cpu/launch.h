/// What all workers of one launch share: the ordered space, how each operand is fetched, how block
/// buffers are laid out.
///
/// Threads: filled by the launching thread, then const.
#pragma once
#include <vector>

#include "device/cpu/block_plan.h"
#include "device/cpu/fpe.h"
#include "device/cpu/space.h"
#include "device/cpu/tuning.h"

namespace grumpy {

/// How an operand meets a block.
enum class Fetch : uint8_t {
  Direct,    // where it lies: contiguous in every piece
  Constant,  // one element for all: its buffer is filled once
  Fill,      // one element per row
  Buffer,    // gathered into its buffer (loads) or copied out of it (stores)
  Packed,    // what a mask selects, packed into its buffer (loads)
};

struct Launch {
  const KernelSpec* spec = nullptr;
  const BlockPlan* plan = nullptr;
  const LaunchArgs* args = nullptr;
  int max_workers = 1;
  double packing_work = 0;  // of looking at the masks that select loads, in additions
  uint64_t serial = 0;      // no two launches of the process have the same
  Space space;
  bool by_rows = true;      // pieces stay inside a row of the innermost axis; else ranges of any shape
  bool is_tiled = false;    // workers enter tiles: extents and origins differ from the space's
  int64_t block = 0;        // lanes of a block buffer
  std::vector<Fetch> fetch;       // loads, then stores
  std::vector<int64_t> period;    // by ranges: a load repeats itself after so many elements
  bool has_direct = false;        // some operand is used where it lies
  bool may_overrun = false;       // the last piece may run over the end of every direct operand
  bool has_alias = false;         // a direct store overwrites a load
  bool is_streaming = false;      // stores leave past the caches
  bool with_stores = true;        // false: for what reductions and scans need only
  int64_t stream_elements = -1;   // that stores past the caches are decided by; -1: those of the space, 0: none
  FpeWatch* fpe = nullptr;        // who wants to hear of errors: shared by the slices of a kernel

  int nmoving() const { return plan->nloads + plan->nstores; }
  const char* scalar(int k) const { return args->args[plan->nloads + k].data; }
  size_t buffer_offset(int buffer) const {
    return size_t(plan->buffer_begin[size_t(buffer)]) * size_t(block) + size_t(buffer) * kBufferSkewBytes;
  }
  size_t buffer_bytes() const { return buffer_offset(plan->nbuffers()); }
};

/// Elements of the operand follow one another over the whole space.
bool is_linear(const Space& space, int operand);
/// One element serves the whole space.
bool is_constant(const Space& space, int operand);
/// Elements from which on the operand's addresses repeat.
int64_t period_of(const Space& space, int operand);
/// Rows that are worth walking one by one.
bool has_long_rows(const Space& space);
/// Decides how operands are fetched, from the (ordered, merged) space, by_rows and is_tiled.
/// `block`: lanes wanted; 0: chosen by what the buffers take of L1 (maps).
void choose_fetches(Launch& launch, int64_t block);

/// For Launch::serial.
uint64_t next_serial();

/// What the driver works out about a kernel's steps, once.
const BlockPlan& prepared_plan(const KernelSpec& spec, const StepList& steps);

/// Reads the space of a launch that is filled but for that, and runs it.
void run_launch(Launch& launch);

/// The kinds of kernels: each orders the space, chooses fetches and walks. The space has been read.
void run_map(Launch& launch);
void run_reduce(Launch& launch);
void run_scan(Launch& launch);

/// A map over at most one axis of n elements, 0 < n <= kSmallMapElements, without a Launch. False when
/// it has to be done by run_map: it is too wide, or an error was seen and somebody must find out whose.
/// `seen` gets the errors of a program of one instruction.
bool run_small_map(const BlockPlan& plan, const ArgView* args, int ndim, int64_t n, uint8_t& seen);

/// Reduces groups x rows x cells elements that follow one another to groups x cells results, in the order in which a
/// Launch would. False, and nothing done: it would do so in other ways.
bool reduce_small(ReduceOp op, DType in, DType out, const char* elements, int64_t groups, int64_t rows, int64_t cells,
                  char* results);

/// The sum of the products of n elements each; as above.
bool sum_products_small(DType in, DType out, const char* a, const char* b, int64_t n, char* result);

/// How many workers pay for so much work (tuning.h).
int workers_for(double work, int max_workers);
/// How many workers pay for n elements.
int workers_for(const Launch& launch, int64_t n);
/// Whether so much written data will not be in the caches when it is next wanted.
bool leaves_caches(int64_t bytes);
/// Elements of a task that is worth handing out.
int64_t min_task_elements(const Launch& launch);

}  // namespace grumpy
