# Views of other shapes, copies and casts.


cdef int read_shape(object shape, int64_t* dims) except -1:
    """A shape= argument: an int or a sequence of ints; its length. Raises as NumPy does."""
    cdef int k
    if type(shape) is not tuple and type(shape) is not list:
        if hasattr(shape, "__index__") and getattr(shape, "ndim", 0) == 0:
            if isinstance(shape, (bool, np.bool)):
                raise TypeError(f"expected a sequence of integers or a single integer, got '{shape!r}'")
            dims[0] = extent_of(shape)
            return 1
        shape = tuple(shape)
    if len(shape) > 64:
        raise ValueError(f"maximum supported dimension for an ndarray is currently 64, found {len(shape)}")
    for k in range(len(shape)):
        if type(shape[k]) is not int and isinstance(shape[k], (bool, np.bool)):
            raise TypeError("an integer is required")
        dims[k] = extent_of(shape[k])
    return <int>len(shape)


cdef int64_t extent_of(object x) except? -1:
    try:
        return operator.index(x)
    except OverflowError:
        raise ValueError("Maximum allowed dimension exceeded") from None


cdef int solve_shape(int64_t* dims, int n, int64_t size) except -1:
    """Replaces a -1; 1 when the element count agrees, else 0."""
    cdef int k, unknown = -1
    cdef int64_t known = 1
    for k in range(n):
        if dims[k] < 0:
            if unknown >= 0 or dims[k] != -1:
                return 0
            unknown = k
        else:
            if known > 0 and dims[k] > INT64_MAX // known:
                return 0
            known *= dims[k]
    if unknown >= 0:
        if known == 0 or size % known:
            return 0
        dims[unknown] = size // known
        return 1
    return known == size


cdef Array transposed(const Array& a) except *:
    cdef int64_t steps[64]
    cdef int64_t shape[64]
    cdef int64_t strides[64]
    cdef int64_t offset
    cdef int k, n = a.ndim()
    window_of(a, steps, &offset)
    for k in range(n):
        shape[k] = a.shape().get().dims[n - 1 - k]
        strides[k] = steps[n - 1 - k]
    return view(a, shape, strides, n, offset)


cdef Array permuted_axes(const Array& a, const int* order) except *:
    cdef int64_t steps[64]
    cdef int64_t shape[64]
    cdef int64_t strides[64]
    cdef int64_t offset
    cdef int k
    window_of(a, steps, &offset)
    for k in range(a.ndim()):
        shape[k] = a.shape().get().dims[order[k]]
        strides[k] = steps[order[k]]
    return view(a, shape, strides, a.ndim(), offset)


cdef object reshape_native(ndarray g, object shape, object order, object must_copy):
    """g.reshape, or NotImplemented where NumPy must raise."""
    cdef int64_t dims[64]
    cdef int64_t back[64]
    cdef int n, k
    cdef Array a, r
    cdef bint fortran = False
    if order not in ("C", "F", "A"):
        return NotImplemented
    n = read_shape(shape, dims)
    if not solve_shape(dims, n, g.a.size()):
        return NotImplemented
    a = g.a
    if order == "F" or order == "A" and is_f_contiguous(a) and not is_c_contiguous(a):
        fortran = True
        a = transposed(a)
        for k in range(n):
            back[k] = dims[n - 1 - k]
    else:
        for k in range(n):
            back[k] = dims[k]
    if must_copy is not True:
        r = try_reshape(a, back, n)
    if r.storage.get() == NULL:
        if must_copy is False:
            raise ValueError("Unable to avoid creating a copy while reshaping.")
        r = try_reshape(copy(a), back, n)
        if fortran:
            r = transposed(r)
        return make(r)
    if fortran:
        r = transposed(r)
    if g.bits & SCALAR:
        r = copy(r)
        return make(r)
    return make_view(g, r)


cdef object transpose_native(ndarray g, object axes):
    cdef int order[64]
    cdef int k, n = g.a.ndim()
    cdef uint64_t seen
    cdef Array a
    if axes is None:
        a = transposed(g.a)
        return g if g.bits & SCALAR else make_view(g, a)
    axes = tuple(axes)
    if len(axes) != n or not parse_axes(axes, n, &seen):
        return NotImplemented
    for k in range(n):
        order[k] = operator.index(axes[k])
        if order[k] < 0:
            order[k] += n
    a = permuted_axes(g.a, order)
    return g if g.bits & SCALAR else make_view(g, a)


cdef ndarray copy_of(ndarray g, str order):
    """A native copy in memory order 'C', 'F', 'A' or 'K'."""
    cdef Array a
    if order == "F" or order == "A" and is_f_contiguous(g.a) and not is_c_contiguous(g.a):
        a = transposed(copy(transposed(g.a)))
    elif order == "K":
        a = copy_keeping_order(g.a)
    else:
        a = copy(g.a)
    return make(a)


cdef ndarray cast_to(ndarray g, int dtype, str order):
    """A native copy as another dtype."""
    cdef Array a
    if dtype == dtype_id(g):
        return copy_of(g, order)
    if dtype_kind(dtype_id(g)) == KIND_COMPLEX and dtype_kind(dtype) != KIND_COMPLEX and dtype != BOOL:
        warnings.warn("Casting complex values to real discards the imaginary part",
                      ComplexWarning, stacklevel=1)
    if order == "F" or order == "A" and is_f_contiguous(g.a) and not is_c_contiguous(g.a):
        a = transposed(cast(transposed(g.a), dtype))
    else:
        a = cast(g.a, dtype)
        if order == "C" and not is_c_contiguous(a):
            a = copy(a)
    return make(a)


cdef ndarray make_filled(tuple shape, int dtype, object value):
    """An array of one value; `value` is a Python number."""
    cdef int64_t dims[64]
    cdef Scalar s
    cdef int n = read_shape(shape, dims)
    cdef Array a
    nd = np.asarray(value, dtype_list[dtype])
    s = scalar_at(dtype, cnp.PyArray_DATA(nd))
    a = filled(s, dims, n)
    return make(a)
