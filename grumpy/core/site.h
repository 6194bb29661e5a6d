/// Where the user's program is, and how it wants floating-point errors treated: read while
/// recording, in a few nanoseconds.
///
/// Needs:   set_package_folder and set_errstate_source at import.
/// Throws:  PythonError. Threads: under the GIL.
#pragma once
#include <Python.h>
#include <frameobject.h>
#if PY_VERSION_HEX < 0x030C0000  // 3.12 has PyUnstable_InterpreterFrame_* for what is read here
#ifdef Py_BUILD_CORE
#include "internal/pycore_context.h"
#include "internal/pycore_frame.h"
#else
#define Py_BUILD_CORE 1
#include "internal/pycore_context.h"
#include "internal/pycore_frame.h"
#undef Py_BUILD_CORE
#endif
#endif

#include <bit>
#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/config.h"
#include "core/errors.h"
#include "graph/node.h"

namespace grumpy::binding {

inline std::string package_folder;  // with its last slash; frames of files below it are ours

// What is rare on the record path stands in functions of its own, so that the common lane saves no registers for it.

struct CodeOrigin { PyCodeObject* code; bool is_internal; };
[[gnu::cold, gnu::noinline]] inline void find_origin(CodeOrigin& e, PyCodeObject* code) {
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (!file) PyErr_Clear();
  e = {code, file && package_folder.size() &&
                 std::strncmp(file, package_folder.c_str(), package_folder.size()) == 0};
}

/// Frames of grumpy's own Python files are skipped: their callers are the user.
inline bool is_internal(PyCodeObject* code) {
  static CodeOrigin cache[256];  // our code objects live for ever, so a reused address is a user's
  CodeOrigin& e = cache[(reinterpret_cast<uintptr_t>(code) >> 5) & 255];
  if (e.code != code) [[unlikely]] find_origin(e, code);
  return e.is_internal;
}

/// A code object (borrowed) and the offset of an instruction in it.
struct Place {
  PyCodeObject* code = nullptr;
  int instruction = 0;
  bool operator==(const Place&) const = default;
};

inline PyThreadState* this_thread() {
#if PY_VERSION_HEX >= 0x030D0000
  return PyThreadState_GetUnchecked();
#else
  return PyThreadState_Get();
#endif
}

/// The innermost place, read from the interpreter's own frame: a frame object, which CPython makes when
/// asked for one, costs as much as recording an operation. No code where that is not to be had.
[[gnu::always_inline]] inline Place innermost_place(PyThreadState* thread) {
#if PY_VERSION_HEX >= 0x030D0000
  _PyInterpreterFrame* f = thread->current_frame;
#else
  _PyInterpreterFrame* f = thread->cframe->current_frame;
#endif
  if (!f) return {};
#if PY_VERSION_HEX >= 0x030C0000
  PyObject* code = PyUnstable_InterpreterFrame_GetCode(f);
  Py_XDECREF(code);  // the frame holds it
  if (!code || !PyCode_Check(code)) return {};
  return {reinterpret_cast<PyCodeObject*>(code), PyUnstable_InterpreterFrame_GetLasti(f)};
#else
  const int unit = _PyInterpreterFrame_LASTI(f);
  return {f->f_code, unit < 0 ? -1 : unit * int(sizeof(_Py_CODEUNIT))};
#endif
}

/// The innermost frame that is not ours; a new reference, or null at the bottom of the stack.
inline PyFrameObject* user_frame() {
  PyFrameObject* f = PyThreadState_GetFrame(PyThreadState_Get());
  while (f) {
    PyCodeObject* code = PyFrame_GetCode(f);
    const bool internal = is_internal(code);
    Py_DECREF(code);
    if (!internal) return f;
    PyFrameObject* back = PyFrame_GetBack(f);
    Py_DECREF(f);
    f = back;
  }
  return nullptr;
}

[[gnu::cold, gnu::noinline]] inline Place outer_place() {
  Place place;
  if (PyFrameObject* f = user_frame()) {
    place = {PyFrame_GetCode(f), PyFrame_GetLasti(f)};
    Py_DECREF(place.code);  // the frame holds it, and the stack holds the frame
    Py_DECREF(f);
  }
  return place;
}

/// The innermost place that is not ours.
[[gnu::always_inline]] inline Place user_place(PyThreadState* thread) {
  const Place place = innermost_place(thread);
  return place.code && !is_internal(place.code) ? place : outer_place();
}

inline Place user_place() { return user_place(this_thread()); }

/// NumPy's error state, told by the identity of the context variable's value. Its meaning comes from
/// the public np.geterr() when that value has not been seen (semantics.md S7).
struct ErrState {
  PyObject* value = nullptr;  // owned, so that its address is not reused
  uint8_t watch = 0;          // Fpe mask that is not ignored
  uint8_t at_call = 0;        // Fpe mask that must be delivered before the call returns
  uint16_t index = 0;         // into the binding's list of distinct states
};
inline constexpr int kErrStates = 4;
inline ErrState err_states[kErrStates];
inline ErrState* err_last = &err_states[0];
inline PyObject* err_variable = nullptr;
inline int (*resolve_errstate)(ErrState*) = nullptr;  // fills all but value; -1: exception set

inline void forget_errstates() {
  for (ErrState& s : err_states) {
    PyObject* old = s.value;
    s = ErrState{};
    Py_XDECREF(old);
  }
}

/// Finds, or makes, what stands for `value`; takes over the reference.
[[gnu::cold, gnu::noinline]] inline const ErrState& find_errstate(PyObject* value) {
  for (ErrState& s : err_states) {
    if (s.value != value) continue;
    Py_XDECREF(value);
    return *(err_last = &s);
  }
  static int next = 0;
  ErrState fresh;
  fresh.value = value;
  if (resolve_errstate(&fresh) < 0) {
    Py_XDECREF(value);
    throw PythonError{};
  }
  ErrState& slot = err_states[next++ % kErrStates];
  PyObject* old = slot.value;
  slot = fresh;
  Py_XDECREF(old);
  return *(err_last = &slot);
}

[[gnu::noinline]] inline const ErrState& ask_errstate() {
  PyObject* value = nullptr;
  if (PyContextVar_Get(err_variable, nullptr, &value) < 0) throw PythonError{};
  if (value != err_last->value || !value) [[unlikely]] return find_errstate(value);
  Py_DECREF(value);
  return *err_last;
}

[[gnu::always_inline]] inline const ErrState& current_errstate([[maybe_unused]] PyThreadState* thread) {
#if PY_VERSION_HEX < 0x030C0000
  // What PyContextVar_Get would find, where it is where it was or no variable is set at all.
  const auto* variable = reinterpret_cast<PyContextVar*>(err_variable);
  const auto* context = reinterpret_cast<PyContext*>(thread->context);
  PyObject* value = nullptr;
  if (!context || context->ctx_vars->h_count == 0) value = variable->var_default;
  else if (variable->var_cached_tsver == thread->context_ver && variable->var_cached_tsid == thread->id) value = variable->var_cached;
  if (value && value == err_last->value) [[likely]] return *err_last;
#endif
  return ask_errstate();
}
inline const ErrState& current_errstate() { return current_errstate(this_thread()); }

/// The site of the node about to be recorded; the code reference is borrowed from the frame.
[[gnu::always_inline]] inline const ErrState& here(PlainSite& site) {
  PyThreadState* const thread = this_thread();
  const ErrState& state = current_errstate(thread);
  const Place place = user_place(thread);
  constexpr int kWord = 8 * offsetof(Site, last_instruction), kErrstate = 8 * offsetof(Site, errstate) - kWord;
  static_assert(std::endian::native == std::endian::little);
  site.code = place.code;
  site.rest = uint32_t(place.instruction) | uint64_t(state.index) << kErrstate |
              uint64_t(state.watch | (Config::fp() == FpMode::Fast) << 7) << (kErrstate + 16);
  return state;
}
inline const ErrState& here(Site& site) {
  PlainSite plain;
  const ErrState& state = here(plain);
  site.code = plain.code;
  std::memcpy(&site.last_instruction, &plain.rest, sizeof plain.rest);
  return state;
}

/// File and line of the innermost user frame; new reference (a str), or null and line 0.
inline PyObject* user_file(int* line) {
  *line = 0;
  PyFrameObject* f = user_frame();
  if (!f) return nullptr;
  *line = PyFrame_GetLineNumber(f);
  PyCodeObject* code = PyFrame_GetCode(f);
  PyObject* file = code->co_filename;
  Py_INCREF(file);
  Py_DECREF(code);
  Py_DECREF(f);
  return file;
}

/// File and line of a site; new reference, or null.
inline PyObject* site_file(const Site& site, int* line) {
  *line = 0;
  if (!site.code) return nullptr;
  auto* code = static_cast<PyCodeObject*>(site.code);
  *line = PyCode_Addr2Line(code, site.last_instruction);
  Py_INCREF(code->co_filename);
  return code->co_filename;
}

/// "file:line" of a site, or nothing.
inline std::string place_text(const Site& site) {
  int line = 0;
  PyObject* file = site_file(site, &line);
  if (!file) return {};
  const char* name = PyUnicode_AsUTF8(file);
  if (!name) PyErr_Clear();
  const std::string text = name ? name + (":" + std::to_string(line)) : std::string();
  Py_DECREF(file);
  return text;
}

inline uint64_t now_ns() {
  return uint64_t(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

/// The processor's clock: a third of what now_ns() costs, which would be a tenth of a small evaluation.
inline uint64_t now_ticks() { return __builtin_ia32_rdtsc(); }

/// Ticks as nanoseconds, by what both clocks have done since the module was loaded.
class TickRate {
 public:
  uint64_t ns_of(uint64_t ticks) const {
    const double passed = double(now_ticks() - ticks_);
    return passed > 0 ? uint64_t(double(ticks) * (double(now_ns() - ns_) / passed)) : 0;
  }

 private:
  uint64_t ns_ = now_ns(), ticks_ = now_ticks();
};
inline const TickRate tick_rate;

/// Counts by the place in the user's program. Finding the line of an instruction costs more than a
/// small evaluation, so places are counted, and lines are found when somebody looks.
class PlaceCounts {
 public:
  void add(uint64_t ticks) {
    const Place place = user_place(this_thread());
    Recent& recent = recent_[(reinterpret_cast<uintptr_t>(place.code) >> 4 ^ unsigned(place.instruction)) % std::size(recent_)];
    if (recent.place != place || !recent.count) {
      if (counts_.size() >= kManyPlaces) fold();
      const auto [it, is_new] = counts_.try_emplace(place);
      if (is_new) Py_XINCREF(place.code);
      recent = {place, &it->second};  // stays where it is until clear()
    }
    ++recent.count->count;
    recent.count->ticks += ticks;
  }

  void clear() {
    forget_places();
    lines_.clear();
  }

  /// [(file, line, count, ns)]; new reference, or null with an exception set.
  PyObject* list() {
    fold();
    PyObject* list = PyList_New(0);
    for (const auto& [line, count] : lines_) {
      PyObject* item = list ? Py_BuildValue("(siKK)", line.first.c_str(), line.second, count.count,
                                            tick_rate.ns_of(count.ticks))
                            : nullptr;
      if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
      Py_XDECREF(item);
      if (!list) break;
    }
    return list;
  }

 private:
  struct Hash {
    size_t operator()(const Place& p) const noexcept {
      return std::hash<void*>()(p.code) * 31 + size_t(p.instruction);
    }
  };
  struct Count { uint64_t count = 0, ticks = 0; };
  static constexpr size_t kManyPlaces = 4096;  // a program that makes code, as by exec, makes many

  void forget_places() {
    for (Recent& r : recent_) r = {};
    for (auto& [place, count] : std::exchange(counts_, {})) Py_XDECREF(place.code);
  }

  /// Adds the places to their lines, and lets go of their code.
  void fold() {
    for (const auto& [place, count] : counts_) {
      const char* file = place.code ? PyUnicode_AsUTF8(place.code->co_filename) : "<unknown>";
      if (!file) PyErr_Clear();
      Count& line = lines_[{file ? file : "<unknown>", place.code ? PyCode_Addr2Line(place.code, place.instruction) : 0}];
      line.count += count.count;
      line.ticks += count.ticks;
    }
    forget_places();
  }

  struct Recent {
    Place place;
    Count* count = nullptr;
  };
  std::unordered_map<Place, Count, Hash> counts_;       // owns references to code
  std::map<std::pair<std::string, int>, Count> lines_;  // of places that have been let go of
  Recent recent_[16];
};
inline PlaceCounts evaluation_counts;  // what made values
inline PlaceCounts conversion_counts;  // where arrays went out as ndarrays

}  // namespace grumpy::binding
