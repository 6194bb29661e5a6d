# Memory in and out (semantics.md S4, S5).
#
# Out: a native array's bytes go out as one ndarray whose base is an _Export; while that ndarray or
# a view of it lives, the buffer counts an export and the core works on it at the call.
# In: an ndarray that NumPy has just made is adopted without a copy; one that comes from an _Export
# becomes a view of the same storage again; any other is memory that somebody else can write, an
# ALIAS, shared for life. Dtypes that are not native stay ndarrays (FOREIGN).

cdef object live = weakref.WeakValueDictionary()  # id of np_ -> its one wrapper (FOREIGN, ALIAS)

cdef enum:
    SMALL_BYTES = 4096  # below this a copy costs less than the bookkeeping of borrowed memory


@cython.final
cdef class _Export:
    """Base of an ndarray over grumpy memory; dies with the last ndarray that sees the memory."""
    cdef Buffer* buffer
    cdef Array array      # what was exported
    cdef PyObject* owner  # the grumpy.ndarray, borrowed; its end clears this
    cdef PyObject* nd     # weak reference to the ndarray, owned
    cdef bint is_readonly

    def __getbuffer__(self, Py_buffer* view, int flags):
        # NumPy asks whether the memory behind an ndarray may be written before it sets WRITEABLE.
        if self.is_readonly and flags & 1:
            raise BufferError("this grumpy array is read-only")
        view.obj = self
        view.buf = self.buffer.data
        view.len = self.buffer.nbytes
        view.readonly = self.is_readonly
        view.itemsize = 1
        view.format = NULL
        view.ndim = 1
        view.shape = &view.len
        view.strides = &view.itemsize
        view.suboffsets = NULL
        view.internal = NULL


cdef extern from *:
    """
    static inline PyObject* grumpy_weak_target(PyObject* weak) {
      PyObject* target = NULL;
    #if PY_VERSION_HEX >= 0x030D0000
      if (weak && PyWeakref_GetRef(weak, &target) < 0) PyErr_Clear();
      if (!target) Py_RETURN_NONE;
    #else
      target = weak ? PyWeakref_GET_OBJECT(weak) : Py_None;
      Py_INCREF(target);
    #endif
      return target;
    }
    """
    object grumpy_weak_target(PyObject* weak)
    PyObject* PyWeakref_NewRef(object, PyObject* callback) except NULL

cdef PyObject* spare_exports[MAX_SPARE]
cdef int num_spare_exports = 0
cdef destructor free_export


cdef void dealloc_export(PyObject* o) noexcept:
    global num_spare_exports
    cdef PyObject* weak = (<_Export>o).nd
    if (<_Export>o).owner != NULL:
        (<ndarray>(<_Export>o).owner).out_ = NULL
    if (<_Export>o).buffer != NULL:
        end_export((<_Export>o).buffer, dtype_of((<_Export>o).array))
    clear_array((<_Export>o).array)
    (<_Export>o).nd = NULL
    (<_Export>o).owner = NULL
    (<_Export>o).buffer = NULL
    if num_spare_exports < MAX_SPARE:
        spare_exports[num_spare_exports] = o
        num_spare_exports += 1
    else:
        free_export(o)
    Py_XDECREF(weak)


free_export = grumpy_set_dealloc(<PyTypeObject*>_Export, dealloc_export)


cdef inline _Export new_export():
    global num_spare_exports
    if num_spare_exports > 0:
        num_spare_exports -= 1
        return <_Export>grumpy_revive(spare_exports[num_spare_exports])
    return _Export.__new__(_Export)


cdef inline object exported(_Export e):
    """The ndarray that is out, or None."""
    return grumpy_weak_target(e.nd)


cdef char no_bytes[16]


cdef object export(ndarray g):
    """The ndarray over g's memory: one while it lives, writeable where g is."""
    cdef _Export e
    cdef int64_t strides[64]
    cdef int64_t* steps = NULL
    cdef int64_t offset
    cdef int id, item, k, flags
    cdef char* data
    cdef const ShapeRep* s
    cdef uint64_t began
    if g.bits & PART:
        part_to_alias(g)
    if g.bits & (FOREIGN | ALIAS):
        return <object>g.np_
    if g.out_ != NULL:
        e = <_Export>g.out_
        nd = exported(e)
        if nd is not None:
            return nd
        e.owner = NULL
        g.out_ = NULL
    e = new_export()
    if is_waiting(g.a):
        began = now_ticks()
        e.buffer = export_buffer(g.a)
        note_evaluation(began)
    else:
        e.buffer = export_buffer(g.a)
    e.array = g.a
    settle_events()
    e.is_readonly = g.bits & (READONLY | WARNS) == READONLY or e.buffer.is_readonly
    id = dtype_id(g)
    item = dtype_bytes(id)
    s = g.a.shape().get()
    if is_c_contiguous(g.a):  # NumPy knows the strides
        offset = g.a.view.get().offset if g.a.view.get() != NULL else 0
    else:
        window_of(g.a, strides, &offset)
        steps = strides
        for k in range(s.ndim):
            strides[k] *= item
    data = <char*>e.buffer.data + offset * item if e.buffer.data != NULL else no_bytes
    flags = 0 if e.is_readonly else NPY_ARRAY_WRITEABLE
    Py_INCREF(<object>dtype_objects[id])
    nd = PyArray_NewFromDescr(<PyTypeObject*>np_ndarray, <PyArray_Descr*>dtype_objects[id], s.ndim,
                              <cnp.npy_intp*>&s.dims[0], <cnp.npy_intp*>steps, data, flags, NULL)
    cnp.set_array_base(nd, e)
    if g.bits & WARNS:
        nd.flags._warn_on_write = True
    e.nd = PyWeakref_NewRef(nd, NULL)
    if g.out_ != NULL:  # another thread was here while the GIL was away
        first = exported(<_Export>g.out_)
        if first is not None:
            return first
        (<_Export>g.out_).owner = NULL
    e.owner = <PyObject*>g
    g.out_ = <PyObject*>e
    return nd


cdef inline int native_id(PyObject* nd) noexcept:
    """The native dtype of an ndarray that grumpy can work on, else -1."""
    cdef int id = id_of_descr(<object>cnp.PyArray_DESCR(<cnp.ndarray>nd))
    cdef int k, item
    if id < 0 or not cnp.PyArray_FLAGS(<cnp.ndarray>nd) & NPY_ARRAY_ALIGNED:
        return -1
    item = dtype_bytes(id)
    for k in range(cnp.PyArray_NDIM(<cnp.ndarray>nd)):
        if cnp.PyArray_STRIDE(<cnp.ndarray>nd, k) % item:
            return -1
    return id


cdef Array window_on(Array& whole, cnp.ndarray nd, int64_t offset, int item) except *:
    """The view of `whole`'s storage that nd is, offset in elements."""
    cdef int64_t strides[64]
    cdef int k
    for k in range(cnp.PyArray_NDIM(nd)):
        strides[k] = cnp.PyArray_STRIDE(nd, k) // item
    return view(whole, <int64_t*>cnp.PyArray_DIMS(nd), strides, cnp.PyArray_NDIM(nd), offset)


cdef Array copy_ndarray(cnp.ndarray nd, int id, bint keeps_repeats=True) except *:
    """A snapshot in the memory order of nd; what nd repeats (stride 0) is stored once, or as often as
    it is seen."""
    cdef int64_t shape[64]
    cdef int64_t strides[64]
    cdef int64_t kept[64]
    cdef int64_t steps[64]
    cdef int order[64]
    cdef int ndim = cnp.PyArray_NDIM(nd)
    cdef int k
    cdef int64_t step = 1
    cdef Array dense
    if not cnp.PyArray_FLAGS(nd) & NPY_ARRAY_ALIGNED:
        nd = np.array(nd, order="K")
    for k in range(ndim):
        shape[k] = cnp.PyArray_DIM(nd, k)
        strides[k] = cnp.PyArray_STRIDE(nd, k)
    if ndim <= 1 and not (ndim == 1 and strides[0] == 0) or cnp.PyArray_IS_C_CONTIGUOUS(nd):
        return copy_in(id, shape, strides, ndim, cnp.PyArray_DATA(nd))
    order_by_steps(strides, ndim, order)
    for k in range(ndim):
        kept[k] = 1 if keeps_repeats and strides[order[k]] == 0 else shape[order[k]]
        steps[k] = strides[order[k]]
    dense = copy_in(id, kept, steps, ndim, cnp.PyArray_DATA(nd))
    for k in range(ndim - 1, -1, -1):
        steps[order[k]] = step if kept[k] == shape[order[k]] else 0
        step *= kept[k]
    return view(dense, shape, steps, ndim, 0)


cdef Array adopt_ndarray(cnp.ndarray nd, int id, bint readonly, bint shared) except *:
    """An array over nd's own bytes; nd lives as long as they are used."""
    cdef int ndim = cnp.PyArray_NDIM(nd)
    cdef int item = dtype_bytes(id)
    cdef int k
    cdef int64_t low = 0
    cdef int64_t high = 0
    cdef int64_t reach
    cdef char* data = <char*>cnp.PyArray_DATA(nd)
    cdef Array whole
    if cnp.PyArray_SIZE(nd) == 0:
        return empty(id, <int64_t*>cnp.PyArray_DIMS(nd), ndim)
    if cnp.PyArray_IS_C_CONTIGUOUS(nd):
        return adopt(id, <int64_t*>cnp.PyArray_DIMS(nd), ndim, data, cnp.PyArray_NBYTES(nd), readonly,
                     shared, <PyObject*>nd)
    for k in range(ndim):
        reach = cnp.PyArray_STRIDE(nd, k) * (cnp.PyArray_DIM(nd, k) - 1)
        if reach < 0:
            low += reach
        else:
            high += reach
    reach = (high - low) // item + 1
    whole = adopt(id, &reach, 1, data + low, reach * item, readonly, shared, <PyObject*>nd)
    return window_on(whole, nd, -low // item, item)


cdef ndarray wrap_foreign(object nd):
    cdef ndarray g = live.get(id(nd))
    if g is None:
        g = new_object()
        g.bits = FOREIGN
        g.np_ = <PyObject*>nd
        Py_INCREF(nd)
        live[id(nd)] = g
    return g


cdef ndarray wrap_alias(object nd, int native):
    cdef ndarray g = live.get(id(nd))
    if g is None:
        g = new_object()
        g.a = adopt_ndarray(nd, native, not cnp.PyArray_ISWRITEABLE(nd), True)
        g.bits = ALIAS if cnp.PyArray_ISWRITEABLE(nd) else ALIAS | READONLY
        g.np_ = <PyObject*>nd
        Py_INCREF(nd)
        live[id(nd)] = g
    return g


cdef ndarray wrap_ndarray(PyObject* pnd, Py_ssize_t held):
    """The grumpy array for an exact ndarray. `held` references to it are the caller's own: when
    there are no others, nobody else can write its memory and it is adopted."""
    cdef PyObject* root = pnd
    cdef PyObject* base
    cdef bint unique = Py_REFCNT(pnd) <= held
    cdef int native = native_id(pnd)
    cdef int item
    cdef int64_t distance
    cdef _Export e
    cdef ndarray g
    cdef Array a
    while True:
        base = cnp.PyArray_BASE(<cnp.ndarray>root)
        if base == NULL or not isinstance(<object>base, np_ndarray):
            break
        if Py_REFCNT(base) > 1:
            unique = False
        root = base
    if base != NULL and type(<object>base) is _Export:
        e = <_Export>base
        if e.owner != NULL and exported(e) is <object>pnd:
            return <ndarray>e.owner
        if native >= 0 and native == dtype_of(e.array):
            item = dtype_bytes(native)
            distance = <char*>cnp.PyArray_DATA(<cnp.ndarray>pnd) - <char*>e.buffer.data
            if distance % item == 0:
                g = new_object()
                g.a = window_on(e.array, <cnp.ndarray>pnd, distance // item, item)
                if not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>pnd):
                    g.bits = READONLY
                if e.owner != NULL:
                    g.base_ = (<ndarray>e.owner).base_
                    if g.base_ == NULL:
                        g.base_ = e.owner
                    Py_INCREF(<object>g.base_)
                return g
    if native < 0:
        return wrap_foreign(<object>pnd)
    if not unique or base != NULL or not cnp.PyArray_FLAGS(<cnp.ndarray>root) & NPY_ARRAY_OWNDATA:
        if base != NULL and type(<object>base) is bytes:
            a = adopt_ndarray(<cnp.ndarray>pnd, native, True, False)
            g = make(a)
            g.bits = READONLY
            return g
        return wrap_alias(<object>pnd, native)
    if cnp.PyArray_NBYTES(<cnp.ndarray>pnd) <= SMALL_BYTES:
        a = copy_ndarray(<cnp.ndarray>pnd, native)
    else:
        a = adopt_ndarray(<cnp.ndarray>pnd, native, False, False)
    g = make(a)
    if not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>pnd):
        g.bits = READONLY
    return g


cdef ndarray snapshot(object nd, bint keeps_repeats=False):
    """A copy of any exact ndarray, as grumpy.array makes it; or what stands for it in grumpy.asarray,
    which keeps its strides of 0."""
    cdef int native = id_of_descr(<object>cnp.PyArray_DESCR(nd))
    cdef Array a
    if native < 0:
        # NumPy's copy of strings of no characters has one; there is nothing to copy.
        return wrap_foreign(np.array(nd, order="K") if cnp.PyArray_ITEMSIZE(nd) else nd.view())
    a = copy_ndarray(nd, native, keeps_repeats)
    return make(a)


cdef object plain(object x):
    """An ndarray subclass as the plain ndarray over the same memory."""
    return x if type(x) is np_ndarray else x.view(np_ndarray)


cdef bint is_immutable(object nd):
    """Nobody can ever write this memory: its owner is bytes or a map opened for reading."""
    owner = nd
    while isinstance(owner, np_ndarray):
        if type(owner) is not np_ndarray and getattr(owner, "mode", None) == "r" \
                and isinstance(owner, np.memmap):
            return True
        owner = owner.base
    if type(owner) is memoryview:
        owner = owner.obj
    return type(owner) is bytes


cdef ndarray take_in(object nd, Py_ssize_t held, bint may_adopt):
    """grumpy.asarray of an ndarray: memory that nobody else can write (semantics.md S4)."""
    cdef int native
    cdef ndarray g
    cdef Array a
    cdef PyObject* base
    if isinstance(nd, np.memmap):
        native = native_id(<PyObject*>nd)
        if nd.mode == "r" and native >= 0:
            a = adopt_ndarray(nd, native, True, False)
            g = make(a)
            g.bits = READONLY
            return g
        if nd.mode is not None:
            nd = plain(nd)
            return wrap_alias(nd, native) if native >= 0 else wrap_foreign(nd)
    if type(nd) is not np_ndarray:
        nd = plain(nd)
        may_adopt = False
    native = native_id(<PyObject*>nd)
    if native >= 0 and may_adopt and Py_REFCNT(<PyObject*>nd) <= held \
            and cnp.PyArray_FLAGS(nd) & NPY_ARRAY_OWNDATA and not weakref.getweakrefcount(nd):
        return wrap_ndarray(<PyObject*>nd, held)
    if native >= 0 and not cnp.PyArray_ISWRITEABLE(nd) and is_immutable(nd):
        a = adopt_ndarray(nd, native, True, False)
        g = make(a)
        g.bits = READONLY
        return g
    g = snapshot(nd, True)
    if not cnp.PyArray_ISWRITEABLE(nd):
        if g.bits & FOREIGN:
            (<object>g.np_).flags.writeable = False
        else:
            g.bits |= READONLY
    return g


cdef object calls_with_temporary = frozenset()  # opcodes by which a caller passes its own temporary


cdef extern from *:
    """
    // A count of one proves that only the caller's value stack holds an argument: up to CPython 3.13,
    // and when the caller's instruction is a plain call, not one that spreads a tuple.
    #if PY_VERSION_HEX >= 0x030E0000
    static inline int grumpy_temporary(PyObject* o) {
      return PyUnstable_Object_IsUniqueReferencedTemporary(o);
    }
    #else
    static inline int grumpy_temporary(PyObject* o) {
      if (Py_REFCNT(o) != 1) return 0;
      PyFrameObject* f = PyThreadState_GetFrame(PyThreadState_Get());
      if (!f) return 0;
      int plain = 0;
      const int at = PyFrame_GetLasti(f);
      PyCodeObject* code = PyFrame_GetCode(f);
      PyObject* bytes = PyCode_GetCode(code);
      if (bytes && at >= 0 && at < PyBytes_GET_SIZE(bytes))
        plain = (unsigned char)PyBytes_AS_STRING(bytes)[at];
      if (!bytes) PyErr_Clear();
      Py_XDECREF(bytes);
      Py_DECREF(code);
      Py_DECREF(f);
      return plain;  // the opcode, for the table of plain calls
    }
    #endif
    """
    int grumpy_temporary(PyObject*)


def _set_plain_calls(opcodes):
    global calls_with_temporary
    calls_with_temporary = frozenset(opcodes)


import opcode as _opcode
_set_plain_calls(_opcode.opmap[name] for name in ("CALL", "CALL_KW", "PRECALL")
                 if name in _opcode.opmap)
if sys.version_info >= (3, 14):
    _set_plain_calls([1])  # the interpreter itself says


def asarray(a, dtype=None, order=None, *, device=None, copy=None, like=None):
    """Convert the input to an array; the grumpy form of numpy.asarray.

    Parameters
    ----------
    a : array_like
        Anything numpy.asarray takes. A grumpy array is returned as it is, unless it stands for a
        NumPy scalar: that becomes a 0-d array, which can be written.
    dtype : data-type, optional
    order : {'K', 'A', 'C', 'F'}, optional
    device : optional
        None, "auto" or "cpu".
    copy : bool, optional
        True copies always. None takes the memory of `a` where nobody else can write it and copies
        it otherwise, so that laziness is safe. False aliases the memory of `a`, or raises
        ValueError where that is not possible.
    like : ignored

    Returns
    -------
    grumpy.ndarray
    """
    cdef ndarray g
    if device is not None and device not in ("auto", "cpu"):
        raise ValueError(f"asarray: device {device!r} is not available")
    if type(a) is ndarray:
        if dtype is None and (order is None or order == "K") and copy is not True \
                and (copy is False or not (<ndarray>a).bits & SCALAR):
            return a
        if is_native(a):
            return convert_native(a, dtype, order, copy)
        return wrap(np.asarray(export(a), dtype, order, copy=copy))
    if dtype is None and order is None and copy is not False and type(a) is np_ndarray:
        if copy is True:
            return snapshot(a)
        return take_in(a, 1, cnp.PyArray_NBYTES(a) > SMALL_BYTES
                       and grumpy_temporary(<PyObject*>a) in calls_with_temporary)
    if dtype is None and order is None and copy is None and isinstance(a, np.memmap):
        return take_in(a, 1, False)
    if copy is False:
        # NumPy decides whether there is memory to alias, and raises its own ValueError if not.
        nd = plain(np.asarray(a, dtype, order, copy=False))
        if isinstance(a, np_ndarray) or nd.base is not None:
            return wrap_ndarray(<PyObject*>nd, 0)
        return wrap_ndarray(<PyObject*>nd, 1)
    nd = np.array(a, dtype, order=order or "K", copy=copy)
    if type(nd) is np_ndarray and nd is not a and nd.base is None and Py_REFCNT(<PyObject*>nd) == 1:
        return wrap_ndarray(<PyObject*>nd, 1)
    return take_in(nd, 1, False)


cdef object convert_native(ndarray g, object dtype, object order, object copy):
    cdef int id = dtype_id(g) if dtype is None else id_of_dtype(dtype)
    fits = id == dtype_id(g) and (
        order is None or order in "KA" or order == "C" and is_c_contiguous(g.a)
        or order == "F" and is_f_contiguous(g.a))
    if fits and (copy is False or copy is None and not g.bits & SCALAR):
        return g
    if copy is False:
        raise ValueError(
            "Unable to avoid copy while creating an array as requested.\n"
            "If using `np.array(obj, copy=False)` replace it with `np.asarray(obj)` to allow a copy "
            "when needed (no behavior change in NumPy 1.x).\n"
            "For more details, see "
            "https://numpy.org/devdocs/numpy_2_0_migration_guide.html#adapting-to-changes-in-the-"
            "copy-keyword.")
    if id < 0:
        return wrap(np.array(export(g), dtype, order=order or "K", copy=True))
    return cast_to(g, id, order or "K")


def array(object, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, like=None, **more):
    """Create an array; the grumpy form of numpy.array.

    Parameters
    ----------
    object : array_like
    dtype : data-type, optional
    copy : bool, optional
        True (the default) copies, None copies only if needed, False aliases or raises.
    order : {'K', 'A', 'C', 'F'}, optional
    subok : bool, optional
        Whether an instance of a subclass of numpy.ndarray gives one again: NumPy's, not a grumpy array.
    ndmin : int, optional
        Least number of dimensions; ones are put in front of the shape.
    like : ignored
    **more
        What newer versions of numpy.array take, as ndmax.

    Returns
    -------
    grumpy.ndarray
    """
    if more or subok and is_subclass_instance(object):
        return wrap(np.array(unwrap(object), dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, **more))
    g = asarray(object, dtype, None if order == "K" else order, copy=copy)
    if g.ndim < ndmin:
        g = g.reshape((1,) * (ndmin - g.ndim) + g.shape)
    return g


def asanyarray(a, dtype=None, order=None, *, device=None, copy=None, like=None):
    """The input as an array, or as the instance of a subclass of numpy.ndarray that it is; the grumpy
    form of numpy.asanyarray. A numpy.memmap is wrapped."""
    if is_subclass_instance(a) and not isinstance(a, np.memmap):
        return np.asanyarray(a, dtype, order, device=device, copy=copy)
    return asarray(a, dtype, order, device=device, copy=copy)


cdef bint is_subclass_instance(x) except -1:
    return isinstance(x, np_ndarray) and type(x) is not np_ndarray
