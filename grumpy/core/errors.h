/// C++ exceptions as Python exceptions, and back.
///
/// Needs:   set_error_classes at import. Leaves: a Python exception set.
/// Threads: under the GIL.
#pragma once
#include <Python.h>

#include <new>

#include "api.h"
#include "base/error.h"

namespace grumpy::binding {

/// Thrown where a Python exception is set already and C++ frames lie between.
struct PythonError {};

/// Exception classes that are not CPython's: NumPy's AxisError, and grumpy.errors.
struct ErrorClasses {
  PyObject* axis = nullptr;
  PyObject* compile = nullptr;
  PyObject* device = nullptr;
  PyObject* internal = nullptr;
};
inline ErrorClasses error_classes;

inline PyObject* python_class(ErrorClass c) {
  switch (c) {
    case ErrorClass::ValueError: return PyExc_ValueError;
    case ErrorClass::TypeError: return PyExc_TypeError;
    case ErrorClass::IndexError: return PyExc_IndexError;
    case ErrorClass::AxisError: return error_classes.axis;
    case ErrorClass::ZeroDivisionError: return PyExc_ZeroDivisionError;
    case ErrorClass::OverflowError: return PyExc_OverflowError;
    case ErrorClass::MemoryError: return PyExc_MemoryError;
    case ErrorClass::FloatingPointError: return PyExc_FloatingPointError;
    case ErrorClass::NotImplementedError: return PyExc_NotImplementedError;
    case ErrorClass::RuntimeError: return PyExc_RuntimeError;
    case ErrorClass::UFuncTypeError: return PyExc_TypeError;
    case ErrorClass::UFuncCastingError: return PyExc_TypeError;
  }
  return PyExc_RuntimeError;
}

/// The one translation: `except +translate` of every declaration in _core.pxd. An exception that
/// Python code under us has set (Ctrl-C, a warning made an error) stays as it is.
inline void translate() {
  try {
    throw;
  } catch (const PythonError&) {
  } catch (const Error& e) {
    if (!PyErr_Occurred()) PyErr_SetString(python_class(e.error_class), e.what());
  } catch (const Interrupted&) {
    if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const OutOfMemory& e) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_MemoryError, e.what());
  } catch (const CompileError& e) {
    if (!PyErr_Occurred()) PyErr_SetString(error_classes.compile, e.what());
  } catch (const DeviceError& e) {
    if (!PyErr_Occurred()) PyErr_SetString(error_classes.device, e.what());
  } catch (const std::bad_alloc&) {
    if (!PyErr_Occurred()) PyErr_NoMemory();
  } catch (const std::exception& e) {
    if (!PyErr_Occurred()) PyErr_SetString(error_classes.internal, e.what());
  }
}

}  // namespace grumpy::binding
