/// The only door for the binding: record, evaluate, hand memory in and out, describe.
///
/// Everything is called under the GIL. evaluate() and export_buffer() let go of it (through the
/// hooks given to start()) while large work runs; no grumpy lock is held while taking it.
/// Operations whose operands or targets are exported (live aliases outside, S5) are evaluated
/// before the recording function returns.
/// Throws:  Error (NumPy's class and text), OutOfMemory, CompileError, InternalError.
/// Threads: any number, one at a time: whoever has the GIL.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "graph/plain_map.h"
#include "graph/record.h"
#include "graph/storage.h"
#include "kernel/kernel_spec.h"
#include "ops/infer.h"
#include "runtime/session.h"
#include "runtime/validator.h"
#include "runtime/variants.h"

namespace grumpy::api {

struct Hooks {
  void* (*release_gil)();          // PyEval_SaveThread
  void (*acquire_gil)(void*);      // PyEval_RestoreThread
  void (*retain_code)(void*);      // Py_INCREF
  void (*release_code)(void*);     // Py_DECREF
  bool (*release_shared_code)(void*, size_t);  // so many Py_DECREF of what has other owners; false: it has none
  bool (*interrupted)();           // Ctrl-C has been pressed and not yet answered
  bool (*answer_signals)();        // PyErr_CheckSignals; true: an exception is set, so stop
  std::string (*place)(const Site&);  // "file:line"
  Validator validator;             // GRUMPY_VALIDATE
};
void start(const Hooks& hooks);
/// Throws ValueError for settings that have the right type and mean nothing.
void check_settings();
/// One setting from its text; it stays as it was when the text is refused (TypeError, ValueError).
void set_setting(const std::string& name, const std::string& value);
/// Before a fork: waits until nobody evaluates. After it, in parent and child: evaluations may go on.
void prepare_fork();
void end_fork();
/// Before Python ends: from now on only this thread evaluates, and nothing is compiled behind its back.
void prepare_exit();

// ---- memory in and out
/// Owned memory of nbytes; fill it, then wrap it in new_array(make_leaf(...)).
BufferRef allocate(size_t nbytes);
/// Somebody else's memory; `release(owner)` is called once, under the GIL, when the last user is gone.
BufferRef borrow(void* data, size_t nbytes, bool is_readonly, void* owner, void (*release)(void* owner));
/// Parallel copy of any strided memory (strides in bytes) into a new dense array.
Array copy_in(DType dtype, std::span<const int64_t> shape, const void* data, std::span<const int64_t> strides);
/// Arrays of one dtype one after another along `axis` of the new array `out`, of this shape, into which they fit.
/// False, with nothing done: not all of them are known and in C order, or they are too large to be joined at once.
bool join_known(std::span<const Array* const> arrays, int axis, std::span<const int64_t> shape, Array& out);
/// Every element the same value; a small array is there at once.
Array filled(const Scalar& value, std::span<const int64_t> shape);
inline constexpr int64_t kMaxAtOnce = 1024;  // elements beyond which both are recorded
/// Makes an evaluated storage's bytes its own, so that they may be written in place: pending readers
/// and copies keep the old ones. Exported memory is written where it is.
void make_private_for_writing(Storage& s);
/// An array over a whole borrowed buffer, shared for life when others can write it.
Array adopt(DType dtype, std::span<const int64_t> shape, BufferRef data, bool is_shared);

/// Evaluates `a` and every pending operation that reads or is owed to its memory, makes its bytes
/// its own, counts an export, and returns the buffer; element (0,...) of `a` lies at
/// data + window(a)->offset * item_bytes. Call end_export, with the elements' dtype, when the alias dies.
Buffer* export_buffer(const Array& a);
void end_export(Buffer* b, DType t);

// ---- recording (Site: see graph/node.h)
Array map(Op op, std::span<const Operand> in, const Site& site);
/// map() where it is plain (graph/plain_map.h) and nothing is exported: the result's storage, a new reference.
/// Null, with nothing recorded and the reference to the code object still the caller's: take map().
Storage* map_plain(Op op, const Array& x, PlainSite site);
Storage* map_plain(Op op, const Array& x, const Array& y, PlainSite site);
Storage* map_plain(Op op, const Array& x, PlainNumber s, PlainSite site);
/// The same written over x (x op= y), which is all of its storage, where nobody outside sees x and no late index is
/// below.
bool write_plain(Op op, const Array& x, const Array& y, PlainSite site);
bool write_plain(Op op, const Array& x, PlainNumber s, PlainSite site);
/// With dtype=/casting already decided by the caller.
Array map_as(Op op, DType compute, DType result, std::span<const Operand> in, const Site& site);
void foreign(const InnerLoop* loop, std::span<const Operand> in, std::span<Array> out, const Site& site);
Array cast(const Array& a, DType to, const Site& site);   // always a new array
Array copy(const Array& a);                               // copy on write
Array broadcast_to(const Array& a, const Shape& shape);   // a view
Array reduce(ReduceOp op, const Operand& in, uint64_t axes, bool keepdims, DType accumulate, DType out,
             const Site& site);
Array scan(ReduceOp op, const Operand& in, int axis, DType out, const Site& site);
Array matmul(const Array& a, const Array& b, DType dtype, const Site& site);  // ndim >= 2 each
Array take(const Array& a, const Array& index, int axis, const Site& site);   // int64, in bounds
/// dst[...] = value (cast freely: the caller checked casting=).
void write(const Array& dst, const Operand& value, const Site& site);
/// The element `offset` elements into dst's storage = value, at once. False, and nothing done: something waits for
/// the old value, is not known yet, or would have to be converted with errors to tell.
bool write_element(const Array& dst, int64_t offset, const Operand& value);
/// dst[mask] = value for a mask of dst's shape (or one that broadcasts to it) and a value that broadcasts.
void write_where(const Array& dst, const Array& mask, const Operand& value, const Site& site);

// ---- index arrays and masks: shapes that depend on data, so operands are evaluated at the call
/// How many elements of a mask are true.
int64_t count_true(const Array& mask);
/// a[mask]: the mask (bool) stands over a's first axes. Only the mask is evaluated.
Array compress(const Array& a, const Array& mask);
/// One int64 array per axis of the mask.
std::vector<Array> nonzero(const Array& mask);
/// Smallest and largest index; the array is not empty.
struct IndexBounds { int64_t least, most; };
IndexBounds index_bounds(const Array& index);
/// a[..., index, ...] for int64 arrays over the axes axis, axis + 1, ...; they broadcast together
/// and are in bounds (negative ones count from the end).
/// Recorded where something is pending. `late_names`: empty, or what errors call the axes, where bounds are
/// looked at in the evaluation (index_check=late); then it is always recorded.
Array gather(const Array& a, std::span<const Array* const> index, int axis, std::span<const int> late_names,
             const Site& site);
/// dst[..., index, ...] = value; the last write to an element wins.
void scatter(const Array& dst, std::span<const Array* const> index, int axis, std::span<const int> late_names,
             const Operand& value, const Site& site);
/// dst[..., index, ...] op= value, every repetition counted; false: not for this op and dtype.
bool scatter_reduce(ReduceOp op, const Array& dst, std::span<const Array* const> index, int axis,
                    std::span<const int> late_names, const Operand& value, const Site& site);
/// For what records by itself: keeps the graph bounded.
void note_recorded(const Array& a);
/// dst[mask] = rows; rows broadcast to (number of true elements,) + dst.shape[mask.ndim:].
void put_masked(const Array& dst, const Array& mask, const Operand& value, const Site& site);

/// A basic-index view, strides and offset in elements of the storage.
Array view(const Array& a, std::span<const int64_t> shape, std::span<const int64_t> strides, int64_t offset);
/// The reshape NumPy would give without a copy, else an empty Array.
Array try_reshape(const Array& a, std::span<const int64_t> shape);

// ---- evaluation
struct FpEvent {
  Site site;              // code reference is the receiver's to release
  std::string operation;  // NumPy's name: "divide", "log"
  uint8_t fpe;            // one bit of Fpe
};
void evaluate(std::span<const Array* const> arrays);
/// Floating-point errors met since the last call, in program order of their operations.
std::vector<FpEvent> take_fp_events();
/// Something has to be told: floating-point events, or lines that met the limit of compiled kernels.
inline bool has_events() { return has_fp_errors() || has_capped_places(); }
/// "file:line" of lines with so many different kernels that further ones are interpreted; each is told once.
std::vector<std::string> take_capped_places();
/// Kernels compiled or loaded so far, by "file:line" of their last operation.
struct PlaceCount {
  std::string place;
  int count;
};
std::vector<PlaceCount> compiled_by_place();
/// Reads one element; evaluates what it needs. `index` counts along the array's own axes.
Scalar read_element(const Array& a, std::span<const int64_t> index);
/// The element `offset` elements into the storage of a, whose value is known.
Scalar element_at(const Array& a, int64_t offset);

// ---- describing
std::string show(std::span<const Array* const> arrays, const std::string& what);
struct Counters {
  uint64_t evaluations, kernels, library_calls, compiled, compile_ns, memory_hits, disk_hits, interpreted,
      bytes_moved, run_ns, plans, plan_hits, replays, wavefronts, recorded, pending;
};
Counters counters();
void reset_counters();

}  // namespace grumpy::api
