# Matrix products: matmul and its kin, dot.

cdef int product_dtype(int a, int b) noexcept:
    return dtype_promote(a, b)


cdef Array multiply_add(const Array& a, const Array& b, int dtype, bint conjugate, uint16_t named) except *:
    """sum(a * b) over the last axis, in `dtype`, as a product of vectors: integers keep their
    width, halves are added in single."""
    cdef Array x = a
    cdef Array p
    cdef Operand o[2]
    cdef uint64_t last
    if conjugate and dtype_kind(dtype_of(a)) == KIND_COMPLEX:
        x = map1(OP_CONJUGATE, a)
    o[0].array = &x
    o[1].array = &b
    p = map_named(OP_MULTIPLY, o, 2, named)
    last = <uint64_t>1 << (p.ndim() - 1)
    if dtype == BOOL:
        return reduce(RED_OR, p, last, False, BOOL, BOOL)
    if dtype == FLOAT16:
        return cast(reduce_named(RED_ADD, p, last, False, FLOAT32, FLOAT32, named), FLOAT16)
    return reduce_named(RED_ADD, p, last, False, dtype, dtype, named)


cdef Array with_axis(const Array& a, int place) except *:
    """a with an axis of extent 1 put in at `place`."""
    cdef int64_t dims[64]
    cdef int64_t strides[64]
    cdef int64_t shape[64]
    cdef int64_t steps[64]
    cdef int64_t offset
    cdef int k, j = 0
    window_of(a, steps, &offset)
    for k in range(a.ndim() + 1):
        if k == place:
            shape[k] = 1
            strides[k] = 0
        else:
            shape[k] = a.shape().get().dims[j]
            strides[k] = steps[j]
            j += 1
    return view(a, shape, strides, a.ndim() + 1, offset)


cdef Array without_axis(const Array& a, int place) except *:
    """a without its axis of extent 1 at `place`."""
    cdef int64_t shape[64]
    cdef int k, j = 0
    for k in range(a.ndim()):
        if k != place:
            shape[j] = a.shape().get().dims[k]
            j += 1
    return try_reshape(a, shape, j)


cdef inline int64_t extent(const Array& a, int axis) noexcept:
    """Extent of an axis, counted from the end when negative."""
    return a.shape().get().dims[axis if axis >= 0 else a.ndim() + axis]


cdef object product(int kind, object x, object y):
    """matmul, matvec, vecmat or vecdot of two array_likes; NotImplemented where NumPy must be asked
    (and for every error, whose words are its own)."""
    cdef ndarray g = native_array(x)
    cdef ndarray h = native_array(y)
    cdef Array a, b, r
    cdef int t, na, nb
    if g is None or h is None:
        return NotImplemented
    a = g.a
    b = h.a
    na = a.ndim()
    nb = b.ndim()
    if na == 0 or nb == 0:
        return NotImplemented
    t = product_dtype(dtype_of(a), dtype_of(b))
    if kind == UF_VECDOT or kind == UF_MATMUL and na == 1 and nb == 1:
        if extent(a, -1) != extent(b, -1) or not batches_agree(a, 1, b, 1):
            return NotImplemented
        r = multiply_add(a, b, t, kind == UF_VECDOT, kVecdotSite if kind == UF_VECDOT else kMatmulSite)
        return make_result(r)
    if kind == UF_MATVEC:
        if na < 2 or extent(a, -1) != extent(b, -1) or not batches_agree(a, 2, b, 1):
            return NotImplemented
        r = matmul(a, with_axis(b, nb), t, kMatvecSite)
        r = without_axis(r, r.ndim() - 1)
        return make_result(r)
    if kind == UF_VECMAT:
        if nb < 2 or extent(a, -1) != extent(b, -2) or not batches_agree(a, 1, b, 2):
            return NotImplemented
        if dtype_kind(dtype_of(a)) == KIND_COMPLEX:
            a = map1(OP_CONJUGATE, a)
        r = matmul(with_axis(a, na - 1), b, t, kVecmatSite)
        r = without_axis(r, r.ndim() - 2)
        return make_result(r)
    if na == 1:
        a = with_axis(a, 0)
    if nb == 1:
        b = with_axis(b, 1)
    if extent(a, -1) != extent(b, -2) or not batches_agree(a, 2, b, 2):
        return NotImplemented
    r = matmul(a, b, t, kMatmulSite)
    if nb == 1:
        r = without_axis(r, r.ndim() - 1)
    if na == 1:
        r = without_axis(r, r.ndim() - (1 if nb == 1 else 2))
    return make_result(r)


cdef bint batches_agree(const Array& a, int core_a, const Array& b, int core_b) noexcept:
    """Do the axes in front of the core ones broadcast?"""
    cdef int na = a.ndim() - core_a
    cdef int nb = b.ndim() - core_b
    cdef int k
    cdef int64_t p, q
    for k in range(1, min(na, nb) + 1):
        p = extent(a, na - k)
        q = extent(b, nb - k)
        if p != q and p != 1 and q != 1:
            return False
    return True


cdef object dot_native(object x, object y):
    """numpy.dot without out=."""
    cdef ndarray g = native_array(x)
    cdef ndarray h = native_array(y)
    cdef Array a, b, r
    cdef int t, na, nb, k, j
    cdef int64_t dims[64]
    cdef int64_t steps[64]
    cdef int64_t flat[64]
    cdef int64_t offset
    if g is None or h is None:
        return NotImplemented
    a = g.a
    b = h.a
    na = a.ndim()
    nb = b.ndim()
    if na == 0 or nb == 0:
        r = map2(OP_MULTIPLY, a, b)
        return make_result(r)
    if extent(a, -1) != extent(b, -2 if nb > 1 else -1):
        return NotImplemented
    t = product_dtype(dtype_of(a), dtype_of(b))
    if na == 1 and nb == 1:
        r = multiply_add(a, b, t, False, kDotSite)
        return make_result(r)
    if na <= 2 and nb <= 2:
        if na == 1:
            a = with_axis(a, 0)
        if nb == 1:
            b = with_axis(b, 1)
        r = matmul(a, b, t, kDotSite)
        if nb == 1:
            r = without_axis(r, r.ndim() - 1)
        if na == 1:
            r = without_axis(r, 0)
        return make_result(r)
    if na + nb - 2 > 64:
        return NotImplemented
    # dot(a, b)[i, j, m, n] = sum(a[i, j, :] * b[m, :, n]): one product of matrices.
    j = 0
    for k in range(na - 1):
        dims[j] = extent(a, k)
        j += 1
    for k in range(nb):
        if k != nb - 2 and not (nb == 1):
            dims[j] = extent(b, k)
            j += 1
    flat[0] = 1
    for k in range(na - 1):
        flat[0] *= extent(a, k)
    flat[1] = extent(a, -1)
    a = reshaped(a, flat, 2)
    if nb == 1:
        b = with_axis(b, 1)
    elif nb > 2:
        window_of(b, steps, &offset)
        flat[0] = extent(b, nb - 2)
        steps[63] = steps[nb - 2]
        for k in range(nb - 2, 0, -1):
            flat[k] = extent(b, k - 1)
            steps[k] = steps[k - 1]
        steps[0] = steps[63]
        flat[nb - 1] = extent(b, nb - 1)
        b = view(b, flat, steps, nb, offset)
        for k in range(2, nb):
            flat[1] *= flat[k]
        b = reshaped(b, flat, 2)
    r = matmul(a, b, t, kDotSite)
    r = try_reshape(r, dims, j)
    return make_result(r)
