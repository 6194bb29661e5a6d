# Basic indexing: slices, integers, newaxis and ellipsis are views; an integer for every axis reads an
# element. Index arrays and masks are in fancy.pxi.


cdef struct Window:
    int ndim
    int64_t offset
    int64_t shape[64]
    int64_t strides[64]
    bint is_element  # an integer for every axis and no ellipsis


cdef int index_error(Py_ssize_t i, int axis, int64_t size) except -1:
    raise IndexError(f"index {i} is out of bounds for axis {axis} with size {size}")


cdef int parse_basic(ndarray g, object key, Window* w) except -1:
    """Fills `w` with the view that a basic index means; 0 when the index is not basic."""
    cdef const ShapeRep* s = g.a.shape().get()
    cdef int64_t strides[64]
    cdef int ndim = s.ndim
    cdef int axis = 0
    cdef int out = 0
    cdef int k, n, used = 0, missing
    cdef Py_ssize_t i, start, stop, step, length
    cdef bint ellipsis = False
    cdef PyObject* item
    cdef bint single = type(key) is not tuple
    window_of(g.a, strides, &w.offset)
    n = 1 if single else <int>PyTuple_GET_SIZE(key)
    if not single:  # count the axes that are spoken of
        for k in range(n):
            item = PyTuple_GET_ITEM(key, k)
            if <object>item is Ellipsis:
                if ellipsis:
                    return 0
                ellipsis = True
            elif <object>item is not None:
                used += 1
    else:
        ellipsis = key is Ellipsis
        used = 0 if ellipsis or key is None else 1
    if used > ndim:
        if not single:
            for k in range(n):
                t = type(<object>PyTuple_GET_ITEM(key, k))
                if t is not int and t is not slice and <object>PyTuple_GET_ITEM(key, k) is not None \
                        and t is not type(Ellipsis):
                    return 0
        elif type(key) is not int and type(key) is not slice:
            return 0
        if g.bits & SCALAR:
            return 0  # NumPy has other words for its scalars
        raise IndexError(f"too many indices for array: array is {ndim}-dimensional, "
                         f"but {used} were indexed")
    missing = ndim - used
    w.is_element = not ellipsis and missing == 0
    for k in range(n):
        item = <PyObject*>key if single else PyTuple_GET_ITEM(key, k)
        x = <object>item
        t = type(x)
        if t is slice:
            try:
                PySlice_Unpack(x, &start, &stop, &step)
            except TypeError:
                return 0  # NumPy looks at the other indices first
            length = PySlice_AdjustIndices(s.dims[axis], &start, &stop, step)
            if length > 0:
                w.offset += start * strides[axis]
            w.shape[out] = length
            w.strides[out] = strides[axis] * step
            out += 1
            axis += 1
            w.is_element = False
        elif t is int:
            if not -(1 << 62) < x < (1 << 62):
                return 0  # NumPy has words for it
            i = x
            if i < -s.dims[axis] or i >= s.dims[axis]:
                index_error(i, axis, s.dims[axis])
            if i < 0:
                i += s.dims[axis]
            w.offset += i * strides[axis]
            axis += 1
        elif x is None:
            if out >= 64:
                return 0
            w.shape[out] = 1
            w.strides[out] = 0
            out += 1
            w.is_element = False
        elif x is Ellipsis:
            for _ in range(missing):
                w.shape[out] = s.dims[axis]
                w.strides[out] = strides[axis]
                out += 1
                axis += 1
            missing = 0
        elif is_integer_index(x):
            i = operator.index(x)
            if i < -s.dims[axis] or i >= s.dims[axis]:
                index_error(i, axis, s.dims[axis])
            if i < 0:
                i += s.dims[axis]
            w.offset += i * strides[axis]
            axis += 1
        else:
            return 0
    while axis < ndim:
        if out >= 64:
            return 0
        w.shape[out] = s.dims[axis]
        w.strides[out] = strides[axis]
        out += 1
        axis += 1
    w.ndim = out
    return 1


cdef bint is_integer_index(object x) except -1:
    """What NumPy takes for one integer: not a bool, not an array."""
    t = type(x)
    if t is ndarray:
        return (<ndarray>x).bits & SCALAR and not (<ndarray>x).bits & FOREIGN \
            and dtype_kind(dtype_id(<ndarray>x)) in (KIND_INT, KIND_UINT)
    if t is bool or isinstance(x, (np_ndarray, np.bool)):
        return False
    return hasattr(t, "__index__")


cdef inline object window_view(ndarray g, Window* w):
    cdef Array a = view(g.a, w.shape, w.strides, w.ndim, w.offset)
    return make_view(g, a)


cdef object get_item(ndarray g, object key):
    global dispatches
    cdef Window w
    cdef Array a
    cdef ndarray r
    dispatches += 1
    if g.bits & PART:
        if parse_basic(g, key, &w) and not w.is_element:
            return complex_part(get_item(<ndarray>g.base_, key), g.bits & IMAGINARY != 0)
        part_to_alias(g)
    if not g.bits & FOREIGN:
        if parse_basic(g, key, &w):
            if w.ndim == 0 and w.is_element:
                if g.bits & SCALAR:
                    return g
                a = element(g.a, w.offset)
                r = make(a)
                r.bits = SCALAR | READONLY
                return r
            if g.bits & SCALAR:  # an array of its own, as np.float64(1)[...] is
                a = copy(view(g.a, w.shape, w.strides, w.ndim, w.offset))
                return make(a)
            return window_view(g, &w)
        result = get_fancy(g, key)
        if result is not NotImplemented:
            return result
        return forward_item(g, key)
    nd = <object>g.np_
    result = nd[unwrap(key)]
    if type(result) is np_ndarray:
        return wrap_borrowed(<PyObject*>result, 1)
    if isinstance(result, np_generic) and not nd.dtype.hasobject:
        return wrap_borrowed(<PyObject*>result, 1)
    return result


cdef object forward_item(ndarray g, object key):
    cdef uint64_t began = now_ticks()
    reason = fancy_reason(key)
    begin_forward("__getitem__", reason, True)
    nd = as_numpy_scalar(g) if g.bits & SCALAR else export(g)
    k = unwrap(key)
    result = nd[k]
    k = None
    result = wrap_borrowed(<PyObject*>result, 1)
    end_forward("__getitem__", reason, began, True)
    return result


cdef str fancy_reason(object key):
    items = key if type(key) is tuple else (key,)
    for k in items:
        if getattr(k, "dtype", None) == bool or type(k) is bool or type(k) is list and k and type(k[0]) is bool:
            return "boolean mask: the result's shape depends on data"
    return "index arrays of this form"


# ---- writes

cdef bint assigns_quietly(const Operand& value, int dtype) noexcept:
    """No error and no warning can come of this assignment that a recorded cast would not give."""
    cdef int kind = dtype_kind(dtype_of_operand(value))
    cdef int to = dtype_kind(dtype)
    if kind == KIND_COMPLEX and to != KIND_COMPLEX:
        return False
    if value.array != NULL or not value.scalar.is_weak:
        return True
    if kind == KIND_FLOAT and to < KIND_FLOAT:
        return False  # NumPy refuses NaN and infinity, and Python rounds
    return fits_dtype(value.scalar, dtype)


cdef bint narrows_scalar(ndarray g, object value) except -1:
    """A NumPy scalar, or what stands for one, that an integer may not hold: NumPy looks at it."""
    cdef int to = dtype_id(g)
    if dtype_kind(to) != KIND_INT:
        return False
    if type(value) is ndarray:
        return (<ndarray>value).bits & SCALAR and not np.can_cast(value.dtype, dtype_list[to])
    return isinstance(value, np_generic) and not np.can_cast(value.dtype, dtype_list[to])


cdef object numbers_of(object value, int dtype):
    """A sequence of numbers as an assignment takes it, each of them made a `dtype` by itself; None where NumPy
    must be asked, and says what does not fit."""
    if not keep_plain(value):
        return None
    try:
        return np.asarray(value, dtype_list[dtype])
    except (TypeError, ValueError, OverflowError):
        return None


cdef int set_item(ndarray g, object key, object value) except -1:
    global dispatches
    cdef Window w
    cdef Operand o
    cdef Array keep[3]
    cdef Array target
    cdef ndarray v
    dispatches += 1
    if g.bits & PART:
        part_to_alias(g)
    if not g.bits & FOREIGN and may_write(g):
        given = value
        if parse_basic(g, key, &w):
            if type(value) is list or type(value) is tuple:
                value = None if w.ndim == 0 else numbers_of(value, dtype_id(g))
                if value is None or cnp.PyArray_NDIM(value) > w.ndim:
                    return forward_set(g, key, given)
            if narrows_scalar(g, value):
                value = as_numpy_scalar(<ndarray>value) if type(value) is ndarray else value
            elif type(value) is ndarray and readable(<ndarray>value):
                v = <ndarray>value
                if w.is_element and value.ndim > 0:
                    pass  # NumPy asks the value for a number, and says what it thinks of that
                elif dtype_kind(dtype_id(v)) != KIND_COMPLEX or dtype_kind(dtype_id(g)) == KIND_COMPLEX:
                    o.array = &v.a
                    if w.is_element and w.ndim == 0 and write_element(g.a, w.offset, o):
                        return 0
                    write(view(g.a, w.shape, w.strides, w.ndim, w.offset), o)
                    return 0
            elif (type(value) is not np_ndarray or cnp.PyArray_NDIM(value) <= w.ndim) \
                    and as_operand(value, &o, &keep[0]) == 1 and assigns_quietly(o, dtype_id(g)):
                if w.is_element and w.ndim == 0 and write_element(g.a, w.offset, o):
                    return 0
                write(view(g.a, w.shape, w.strides, w.ndim, w.offset), o)
                return 0
        else:
            if type(value) is list or type(value) is tuple:
                value = numbers_of(value, dtype_id(g))
            if value is not None and set_fancy(g, key, value):
                return 0
        value = given
    elif g.bits & SCALAR and not g.bits & FOREIGN:
        t = np.dtype(dtype_list[dtype_id(g)]).type.__name__
        raise TypeError(f"'numpy.{t}' object does not support item assignment")
    forward_set(g, key, value)
    return 0


cdef int forward_set(ndarray g, object key, object value) except -1:
    """NumPy writes, into the same memory."""
    cdef uint64_t began = now_ticks()
    if g.bits & FOREIGN:
        (<object>g.np_)[unwrap(key)] = unwrap(value)
        return 0
    reason = fancy_reason(key)
    begin_forward("__setitem__", reason, True)
    nd = export(g)
    nd[unwrap(key)] = unwrap(value)
    nd = None
    end_forward("__setitem__", reason, began, True)
    return 0
