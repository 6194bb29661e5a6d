# NumPy's objects, the native dtypes, counters, and what report() shows.
cimport cython
cimport numpy as cnp
from cpython.dict cimport PyDict_GetItem, PyDict_Next
from cpython.exc cimport PyErr_CheckSignals, PyErr_Occurred
from cpython.list cimport PyList_GET_ITEM
from cpython.long cimport PyLong_Check
from cpython.object cimport PyObject, PyObject_Call, PyObject_GenericSetAttr, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.slice cimport PySlice_AdjustIndices, PySlice_Unpack
from libc.math cimport signbit
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdint cimport INT64_MAX, int64_t, intptr_t, uint8_t, uint64_t
from libc.string cimport memcpy
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

import atexit
import math
import os
import operator
import sys
import warnings
import weakref

import numpy as np
from numpy._core.umath import _extobj_contextvar
from numpy.exceptions import AxisError, ComplexWarning

cnp.import_array()
cnp.import_umath()

cdef extern from *:
    """
    #define GRUMPY_REFCOUNT(o) Py_REFCNT((PyObject*)(o))
    /* So many references, of which none is the last. */
    static inline bool grumpy_drop_shared(PyObject* o, size_t count) {
      if ((size_t)Py_REFCNT(o) <= count) return false;
    #if defined(Py_REF_DEBUG) || defined(Py_GIL_DISABLED) || PY_VERSION_HEX >= 0x030C0000
      for (; count; --count) Py_DECREF(o);
    #else
      Py_SET_REFCNT(o, Py_REFCNT(o) - (Py_ssize_t)count);
    #endif
      return true;
    }
    """
    bint grumpy_drop_shared(PyObject* o, size_t count) noexcept
    Py_ssize_t Py_REFCNT "GRUMPY_REFCOUNT"(PyObject*) noexcept
    ctypedef struct PyThreadState
    PyThreadState* PyEval_SaveThread() noexcept
    void PyEval_RestoreThread(PyThreadState*) noexcept

cdef extern from "numpy/arrayobject.h":
    ctypedef struct PyArray_Descr
    object PyArray_NewFromDescr(PyTypeObject* type, PyArray_Descr* stolen, int ndim, cnp.npy_intp* dims,
                                cnp.npy_intp* strides, void* data, int flags, PyObject* of)
    object PyArray_Scalar(void* data, cnp.dtype descr, object base)
    cnp.dtype PyArray_DescrFromScalar(object scalar)
    void PyArray_ScalarAsCtype(object scalar, void* ctypeptr)
    int NPY_ARRAY_WRITEABLE
    int NPY_ARRAY_OWNDATA
    int NPY_ARRAY_ALIGNED


cdef object np_ndarray = np.ndarray
cdef object np_generic = np.generic
cdef object NoValue = np._NoValue

# ---- native dtypes: an int, the enumerator of base/dtype.def, or -1

cdef list dtype_list = [np.dtype(dtype_name(k).decode()) for k in range(kNumDTypes)]
cdef PyObject* dtype_objects[16]
for _k in range(kNumDTypes):
    dtype_objects[_k] = <PyObject*>dtype_list[_k]
cdef dict dtype_cache = {}  # what people write for dtype= -> its enumerator


cdef inline int id_of_descr(object descr) noexcept:
    """The native dtype that a NumPy dtype is, or -1."""
    cdef int k = dtype_of_number((<cnp.dtype>descr).type_num)
    if k < 0 or <PyObject*>descr == dtype_objects[k]:
        return k
    try:
        d = descr
        return k if d.isnative and d.metadata is None and d.names is None else -1
    except Exception:
        return -1


cdef int id_of_dtype(object dtype) except -2:
    """The native dtype that a dtype= argument means, or -1. Raises what np.dtype raises."""
    cdef int k
    try:
        found = dtype_cache.get(dtype)
    except TypeError:  # not hashable
        return id_of_descr(np.dtype(dtype))
    if found is not None:
        return found
    d = np.dtype(dtype)
    k = id_of_descr(d)
    if len(dtype_cache) < 256 and (isinstance(dtype, (type, str)) or d is dtype):
        dtype_cache[dtype] = k
    return k


# ---- counters and what report() shows

cdef unsigned long long dispatches = 0  # operators, methods, indexing, ufuncs, functions
cdef dict forwards = {}     # (name, reason, file, line) -> [count, ns]; not what the slots still hold

cdef enum ForwardPolicy:
    FORWARD_ALLOW
    FORWARD_WARN
    FORWARD_ERROR
cdef int forward_policy = FORWARD_ALLOW
cdef bint log_forwards = False
cdef object forward_error = RuntimeError  # grumpy.errors.ForwardError once errors.py is there


cdef tuple user_line():
    cdef int line = 0
    cdef PyObject* file = user_file(&line)
    if file == NULL:
        return "<unknown>", 0
    name = <object>file
    Py_DECREF(name)
    return name, line


def dispatch_count():
    """Number of operators, methods, indexing, ufunc and function calls on grumpy arrays so far."""
    return dispatches


cdef dict by_line(list counts):
    """(file, line) -> [count, ns] of places on one line."""
    cdef dict table = {}
    for file, line, count, ns in counts:
        entry = table.setdefault((file, line), [0, 0])
        entry[0] += count
        entry[1] += ns
    return table


cdef dict kernels_before = {}  # place -> kernels compiled for it before the last reset


cdef dict kernels_by_place():
    cdef dict table = {}
    for one in places_of_kernels():
        table[(<bytes>one.place).decode()] = one.count
    return table


def compiled_lines():
    """[(file, line, kernels compiled for it or loaded from disk since the last reset)]."""
    cdef list lines = []
    for place, count in kernels_by_place().items():
        count -= kernels_before.get(place, 0)
        if count:
            file, _, line = place.rpartition(":")
            lines.append((file, int(line), count))
    return lines


def event_tables():
    """What report() is made of: forwards, evaluations and conversions, as dicts of [count, ns]."""
    tell_forwards()
    return forwards, by_line(evaluation_counts.list()), by_line(conversion_counts.list())


def core_counters():
    """What the core has counted, by name."""
    cdef Counters c = counters()
    return {
        "evaluations": c.evaluations, "kernels": c.kernels, "library_calls": c.library_calls,
        "compiled": c.compiled, "compile_ns": c.compile_ns, "memory_hits": c.memory_hits,
        "disk_hits": c.disk_hits, "interpreted": c.interpreted, "bytes_moved": c.bytes_moved,
        "run_ns": c.run_ns, "plans": c.plans, "plan_hits": c.plan_hits, "replays": c.replays, "wavefronts": c.wavefronts,
        "recorded": c.recorded, "pending": c.pending}


def reset_report():
    """Starts all counts of report() anew."""
    global kernels_before
    kernels_before = kernels_by_place()
    drop_forwards()
    evaluation_counts.clear()
    conversion_counts.clear()
    reset_counters()


# ---- the core's hooks

cdef void* release_gil() noexcept:
    return <void*>PyEval_SaveThread()


cdef void acquire_gil(void* state) noexcept:
    PyEval_RestoreThread(<PyThreadState*>state)


cdef void retain_code(void* code) noexcept:
    Py_INCREF(<object>code)


cdef void release_code(void* code) noexcept:
    Py_DECREF(<object>code)


cdef cbool release_shared_code(void* code, size_t count) noexcept:
    return grumpy_drop_shared(<PyObject*>code, count)


cdef extern from "Python.h":
    int PyOS_InterruptOccurred() noexcept
    void PyErr_SetInterrupt() noexcept


cdef cbool is_interrupted() noexcept:
    """Whether SIGINT waits for its handler; it goes on waiting."""
    if not PyOS_InterruptOccurred():
        return False
    PyErr_SetInterrupt()
    return True


cdef cbool answer_signals() noexcept:
    """Runs the handlers of signals; whether one of them has raised."""
    try:
        PyErr_CheckSignals()
    except:  # noqa: E722  the exception is put back: the core stops, and it is what comes out
        restore_exception()
        return True
    return False


cdef extern from "Python.h":
    void PyErr_SetObject(PyObject* type, PyObject* value) noexcept


cdef void restore_exception() noexcept:
    error = sys.exc_info()[1]
    kind = type(error)
    PyErr_SetObject(<PyObject*>kind, <PyObject*>error)


cdef void start_core():
    cdef Hooks hooks
    hooks.release_gil = release_gil
    hooks.acquire_gil = acquire_gil
    hooks.retain_code = retain_code
    hooks.release_code = release_code
    hooks.release_shared_code = release_shared_code
    hooks.interrupted = is_interrupted
    hooks.answer_signals = answer_signals
    hooks.place = place_text
    hooks.validator.expect = expect_nodes
    hooks.validator.compare = compare_nodes
    start(hooks)


start_core()


def before_fork():
    """Waits until nothing is being evaluated: the child would find it half done for ever."""
    prepare_fork()


def after_fork():
    """In the parent and in the child: evaluations may go on."""
    end_fork()


def before_exit():
    """Daemon threads stop where they next evaluate: they could not come back with the GIL."""
    prepare_exit()


atexit.register(before_exit)
os.register_at_fork(before=before_fork, after_in_parent=after_fork, after_in_child=after_fork)


def set_package_folder(folder):
    """Frames of Python files below `folder` are grumpy's own: reports name their callers."""
    global package_folder
    package_folder = (folder.rstrip(os.sep) + os.sep).encode()


def set_error_classes(compile_error, device_error, internal_error, forward):
    """The exception classes of grumpy.errors, for the translation of C++ exceptions."""
    global forward_error
    for e in (compile_error, device_error, internal_error, AxisError):
        Py_INCREF(e)  # for the life of the process
    error_classes.axis = <PyObject*>AxisError
    error_classes.compile = <PyObject*>compile_error
    error_classes.device = <PyObject*>device_error
    error_classes.internal = <PyObject*>internal_error
    forward_error = forward


error_classes.axis = <PyObject*>AxisError
error_classes.compile = <PyObject*>RuntimeError
error_classes.device = <PyObject*>RuntimeError
error_classes.internal = <PyObject*>RuntimeError
