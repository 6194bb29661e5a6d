# Python objects as operands of a recorded operation.


cdef bint is_foreign_override(object x) except -1:
    """Does x, neither ndarray nor grumpy nor a scalar, take over ufuncs?"""
    t = type(x)
    if t is ndarray or t is np_ndarray or t is float or t is int or isinstance(x, (np_ndarray, np_generic)):
        return False
    return getattr(t, "__array_ufunc__", None) is not None


cdef int as_operand(object x, Operand* o, Array* keep) except -1:
    """Fills `o`; 1 when x can be an operand of a recorded operation, 0 when NumPy must be asked.
    What is made of x lies in `keep`, which must live as long as `o`."""
    cdef ndarray g
    cdef int native
    cdef char data[16]
    t = type(x)
    if t is ndarray:
        g = <ndarray>x
        if not readable(g):
            return 0
        o.array = &g.a
        return 1
    if weak_scalar(x, &o.scalar):
        return 1
    if t is np_ndarray:
        native = id_of_descr(<object>cnp.PyArray_DESCR(x))
        if native < 0:
            return 0
        if cnp.PyArray_NDIM(x) == 0:
            memcpy(data, cnp.PyArray_DATA(x), dtype_bytes(native))
            o.scalar = scalar_at(native, data)
            return 1
        keep[0] = operand_array(x, native)
        o.array = keep
        return 1
    if isinstance(x, np_generic):
        native = id_of_descr(PyArray_DescrFromScalar(x))
        if native < 0:
            return 0
        PyArray_ScalarAsCtype(x, data)
        o.scalar = scalar_at(native, data)
        return 1
    if t is list or t is tuple:
        if not keep_plain(x):
            return 0
        return as_operand(np.asarray(x), o, keep)
    if isinstance(x, (int, float, complex)):  # subclasses: as weak as their values
        if isinstance(x, int):
            return weak_scalar(int(x), &o.scalar)
        if isinstance(x, float):
            return weak_scalar(float(x), &o.scalar)
        return weak_scalar(complex(x), &o.scalar)
    return 0


cdef bint keep_plain(object x) except -1:
    """A sequence of numbers only, nested or not: NumPy makes it an array without calling anybody."""
    for i in x:
        t = type(i)
        if t is list or t is tuple:
            if not keep_plain(i):
                return False
        elif not (t is float or t is int or t is bool or t is complex):
            return False
    return True


cdef Array operand_array(object nd, int native) except *:
    """A plain ndarray as it is now. Over our own memory it is a view of that; else it is copied, so
    that a later write to it never changes the result."""
    cdef PyObject* root = <PyObject*>nd
    while root != NULL and isinstance(<object>root, np_ndarray):
        root = cnp.PyArray_BASE(<cnp.ndarray>root)
    if root != NULL and type(<object>root) is _Export:
        return wrap_ndarray(<PyObject*>nd, 0).a
    return copy_ndarray(nd, native)


cdef bint weak_fits(const Operand& weak, int beside, int op) noexcept:
    """A Python number beside an array of dtype `beside`: no error, no warning that NumPy has."""
    return op == OP_DIVIDE and beside < FLOAT16 or fits_dtype(weak.scalar, beside)


cdef int check_weak(int op, Operand* o, int n) except -1:
    """0 when a Python number does not fit the dtype it would take; then NumPy says what happens."""
    cdef int k, beside = -1
    for k in range(n):
        if o[k].array != NULL or not o[k].scalar.is_weak:
            beside = dtype_of_operand(o[k]) if beside < 0 else dtype_promote(
                beside, dtype_of_operand(o[k]))
    if beside < 0:
        return 1
    for k in range(n):
        if o[k].array == NULL and o[k].scalar.is_weak and not weak_fits(o[k], beside, op):
            return 0
    return 1


cdef ndarray native_array(object x):
    """x as a native array, or None where NumPy must be asked."""
    cdef Operand o
    cdef Array a
    cdef int native
    if type(x) is ndarray:
        return <ndarray>x if readable(<ndarray>x) else None
    if isinstance(x, np_ndarray):
        native = native_id(<PyObject*>x)
        if type(x) is not np_ndarray or native < 0:
            return None
        a = operand_array(x, native)
        return make(a)
    if as_operand(x, &o, &a) != 1:
        return None
    if o.array == NULL:
        o.scalar.is_weak = False
        a = constant(o.scalar)
    return make(a)


cdef bint power_is_refused(const Operand& base, const Operand& exponent) except -1:
    """NumPy refuses an integer to a negative integer power: that depends on values."""
    cdef Operand o[2]
    cdef int kind
    cdef Array negative, any_negative
    o[0] = base
    o[1] = exponent
    kind = infer(OP_POWER, o, 2)
    if kind < 0 or dtype_kind(kind) != KIND_INT or (base.array != NULL and base.array.size() == 0):
        return False
    if exponent.array == NULL:
        return weak_real(exponent.scalar) < 0
    if dtype_kind(dtype_of(exponent.array[0])) != KIND_INT or exponent.array.size() == 0:
        return False
    o[0] = exponent
    o[1] = Operand()
    weak_scalar(0, &o[1].scalar)
    negative = map_operands(OP_LESS, o, 2)
    any_negative = reduce(RED_OR, negative, all_axes(negative.ndim()), False, BOOL, BOOL)
    return value_of(make(any_negative)).bytes[0] != 0


cdef inline uint64_t all_axes(int ndim) noexcept:
    return ~<uint64_t>0 if ndim == 64 else (<uint64_t>1 << ndim) - 1
