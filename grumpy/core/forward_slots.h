/// What has been forwarded lately, by the place in the user's program. A name, a file and a line cost more
/// than a small function of NumPy's, so they are found when somebody looks, or when another place needs
/// the slot.
///
/// Needs:   nothing. Throws: nothing. Threads: under the GIL.
#pragma once
#include "core/site.h"

namespace grumpy::binding {

struct ForwardSlot {
  Place place;
  PyObject* subject = nullptr;  // a function, a method's name, or a name as report() shows it; owned, as are
  PyObject* reason = nullptr;   // this and the place's code, while count is above 0
  bool is_method = false;
  uint64_t count = 0, ticks = 0;

  bool is_of(const Place& at, PyObject* what, PyObject* why, bool method) const {
    return count && place == at && is_method == method && is_same(subject, what) && is_same(reason, why);
  }

  /// Of an empty slot.
  void start(const Place& at, PyObject* what, PyObject* why, bool method) {
    *this = {at, what, why, method};
    Py_XINCREF(at.code);
    Py_INCREF(what);
    Py_INCREF(why);
  }

  /// Its contents, whose references are the caller's now; the slot is empty.
  ForwardSlot taken() { return std::exchange(*this, ForwardSlot()); }

  void drop() {
    const ForwardSlot old = taken();
    Py_XDECREF(old.place.code);
    Py_XDECREF(old.subject);
    Py_XDECREF(old.reason);
  }

  /// File and line; new reference, or null.
  PyObject* file(int* line) const {
    Site site;
    site.code = place.code;
    site.last_instruction = place.instruction;
    return site_file(site, line);
  }

 private:
  static bool is_same(PyObject* a, PyObject* b) {  // texts are often made anew
    return a == b || (PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b) && PyUnicode_Compare(a, b) == 0);
  }
};

inline constexpr int kForwardSlots = 64;
inline ForwardSlot forward_slots[kForwardSlots];

inline ForwardSlot* forward_slot(const Place& place) {
  return &forward_slots[(reinterpret_cast<uintptr_t>(place.code) >> 4 ^ unsigned(place.instruction)) % kForwardSlots];
}

}  // namespace grumpy::binding
