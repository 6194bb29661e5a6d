# NumPy functions that do next to nothing: their plainest calls, by position and on a native array, are
# answered before a Python function is entered, which would cost more than what they do.

cdef enum QuickKind:
    QUICK_SHAPE
    QUICK_NDIM
    QUICK_SIZE
    QUICK_EMPTY
    QUICK_ZEROS
    QUICK_ONES
    QUICK_COPY
    QUICK_ATLEAST  # and its number
    QUICK_RAVEL
    QUICK_TRANSPOSE
    QUICK_FLIP
    QUICK_EXPAND
    QUICK_FULL
    QUICK_SWAP
    QUICK_MOVE
    QUICK_CONCATENATE
    QUICK_STACK
    QUICK_VSTACK
    QUICK_HSTACK


@cython.final
cdef class Quick:
    """A function in two: `code` takes what the plain lane does not."""
    cdef QuickKind kind
    cdef int number
    cdef object code


cdef object call_quick(Quick f, tuple args, dict kwargs):
    result = NotImplemented
    if not kwargs:
        result = quick_result(f, args)
    elif len(kwargs) == 1 and PyTuple_GET_SIZE(args) == 1 and "axis" in kwargs:
        result = quick_result(f, (args[0], kwargs["axis"]))
    if result is NotImplemented:
        result = PyObject_Call(f.code, args, kwargs)
    return result


cdef object quick_result(Quick f, tuple args):
    """The answer to a plain call, else NotImplemented."""
    cdef ndarray g
    cdef Array a
    cdef Scalar s
    cdef const ShapeRep* shape
    cdef int64_t dims[1]
    cdef int64_t wide[64]
    cdef int n = <int>PyTuple_GET_SIZE(args)
    cdef int id, j, k = 0
    if n == 0 or n > 3:
        return NotImplemented
    x = <object>PyTuple_GET_ITEM(args, 0)
    if f.kind >= QUICK_CONCATENATE:
        return quick_join(f.kind, x, 0 if n == 1 else <object>PyTuple_GET_ITEM(args, 1)) if n < 3 else NotImplemented
    if type(x) is not ndarray:
        return NotImplemented
    g = <ndarray>x
    if f.kind <= QUICK_SIZE:
        if n > 1:
            return NotImplemented
        return g.shape if f.kind == QUICK_SHAPE else g.ndim if f.kind == QUICK_NDIM else g.size
    if g.bits & SCALAR or not viewable(g):
        return NotImplemented
    shape = g.a.shape().get()
    if n == 1:
        if f.kind <= QUICK_COPY:
            if not readable(g) or not is_c_contiguous(g.a):
                return NotImplemented
            id = dtype_id(g)
            if f.kind == QUICK_EMPTY:
                a = empty(id, &shape.dims[0], shape.ndim)
            elif f.kind == QUICK_COPY:
                if shape.ndim == 0:
                    return NotImplemented
                a = copy(g.a)
            else:
                weak_scalar(0 if f.kind == QUICK_ZEROS else 1, &s)
                a = filled(as_dtype(s, id), &shape.dims[0], shape.ndim)
            return make(a)
        if f.kind == QUICK_ATLEAST:
            if shape.ndim >= f.number:
                return x if readable(g) else NotImplemented
            if f.number != 2 or shape.ndim != 1:
                return NotImplemented
            a = with_axis(g.a, 0)
            return make_view(g, a)
        if f.kind == QUICK_RAVEL:
            if not is_c_contiguous(g.a):
                return NotImplemented
            dims[0] = shape.size
            a = try_reshape(g.a, dims, 1)
            return make_view(g, a)
        if f.kind == QUICK_TRANSPOSE:
            return transpose_native(g, None)
        return reversed_view(g, all_axes(shape.ndim)) if f.kind == QUICK_FLIP else NotImplemented
    if f.kind == QUICK_FULL:
        id = dtype_id(g)
        if n > 2 or not readable(g) or not is_c_contiguous(g.a) or not weak_scalar(args[1], &s) or not is_exact_in(s, id):
            return NotImplemented
        a = filled(as_dtype(s, id), &shape.dims[0], shape.ndim)
        return make(a)
    if f.kind < QUICK_FLIP or not plain_axis(args[1], shape.ndim + (f.kind == QUICK_EXPAND), &k):
        return NotImplemented
    if f.kind == QUICK_FLIP:
        return reversed_view(g, <uint64_t>1 << k) if n == 2 else NotImplemented
    if f.kind == QUICK_EXPAND:
        if n > 2 or shape.ndim == 64:
            return NotImplemented
        for j in range(shape.ndim + 1):
            wide[j] = 1 if j == k else shape.dims[j - (j > k)]
        a = try_reshape(g.a, wide, shape.ndim + 1)
        return make_view(g, a)
    if n < 3 or not plain_axis(args[2], shape.ndim, &j):
        return NotImplemented
    a = moved_axis(g.a, k, j, f.kind == QUICK_SWAP)
    return make_view(g, a)


cdef object quick_join(QuickKind kind, object arrays, object axis):
    if type(axis) is not int or type(arrays) is not list and type(arrays) is not tuple or not arrays:
        return NotImplemented
    first = arrays[0]
    if type(first) is not ndarray or (<ndarray>first).bits & FOREIGN:
        return NotImplemented
    stacks = kind == QUICK_STACK or kind == QUICK_VSTACK and (<ndarray>first).a.ndim() == 1
    if kind == QUICK_HSTACK:
        axis = 0 if (<ndarray>first).a.ndim() == 1 else 1
    result = joined_at_once(arrays, axis, stacks)
    return NotImplemented if result is None else result


cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1


cdef bint plain_axis(object x, int ndim, int* axis) except -1:
    """An axis= that is a Python int and within bounds."""
    cdef long long k
    cdef int overflow = 0
    if type(x) is not int:
        return False
    k = PyLong_AsLongLongAndOverflow(x, &overflow)
    if overflow or k < -ndim or k >= ndim:
        return False
    axis[0] = <int>(k + ndim if k < 0 else k)
    return True


cdef object reversed_view(ndarray g, uint64_t axes):
    """g with these axes, as bits, the other way round."""
    cdef int64_t steps[64]
    cdef int64_t offset
    cdef const ShapeRep* shape = g.a.shape().get()
    cdef int k
    cdef Array a
    if shape.size == 0 or shape.ndim == 0:
        return NotImplemented
    window_of(g.a, steps, &offset)
    for k in range(shape.ndim):
        if axes >> k & 1:
            offset += steps[k] * (shape.dims[k] - 1)
            steps[k] = -steps[k]
    a = view(g.a, &shape.dims[0], steps, shape.ndim, offset)
    return make_view(g, a)


cdef Array moved_axis(const Array& a, int source, int destination, bint swaps) except *:
    """a with one axis at another place, or with two of them exchanged."""
    cdef int order[64]
    cdef int k, n = a.ndim()
    for k in range(n):
        order[k] = k
    if swaps:
        order[source] = destination
        order[destination] = source
    elif source < destination:
        for k in range(source, destination):
            order[k] = k + 1
        order[destination] = source
    else:
        for k in range(source, destination, -1):
            order[k] = k - 1
        order[destination] = source
    return permuted_axes(a, order)


cdef int build_quick() except -1:
    cdef Quick f
    for function, kind, number in (
            (np.shape, QUICK_SHAPE, 0), (np.ndim, QUICK_NDIM, 0), (np.size, QUICK_SIZE, 0),
            (np.empty_like, QUICK_EMPTY, 0), (np.zeros_like, QUICK_ZEROS, 0), (np.ones_like, QUICK_ONES, 0),
            (np.full_like, QUICK_FULL, 0),
            (np.copy, QUICK_COPY, 0), (np.atleast_1d, QUICK_ATLEAST, 1), (np.atleast_2d, QUICK_ATLEAST, 2),
            (np.atleast_3d, QUICK_ATLEAST, 3), (np.ravel, QUICK_RAVEL, 0), (np.transpose, QUICK_TRANSPOSE, 0),
            (np.flip, QUICK_FLIP, 0), (np.expand_dims, QUICK_EXPAND, 0), (np.swapaxes, QUICK_SWAP, 0),
            (np.moveaxis, QUICK_MOVE, 0), (np.concatenate, QUICK_CONCATENATE, 0), (np.stack, QUICK_STACK, 0),
            (np.vstack, QUICK_VSTACK, 0), (np.hstack, QUICK_HSTACK, 0)):
        f = Quick.__new__(Quick)
        f.kind = kind
        f.number = number
        functions[function] = f
    return 0


build_quick()
