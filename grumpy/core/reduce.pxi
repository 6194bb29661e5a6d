# reduce, accumulate, outer, and the named reductions.


cdef int parse_axes(object axis, int ndim, uint64_t* axes) except -1:
    """axis= as a bit mask: 1; 0 where NumPy must raise its error."""
    cdef Py_ssize_t k
    if axis is None:
        axes[0] = all_axes(ndim)
        return 1
    if type(axis) is bool:
        return 0
    if type(axis) is tuple:
        axes[0] = 0
        for i in axis:
            if type(i) is bool or not hasattr(i, "__index__"):
                return 0
            k = operator.index(i)
            if k < 0:
                k += ndim
            if k < 0 or k >= ndim or axes[0] >> k & 1:
                return 0
            axes[0] |= <uint64_t>1 << k
        return 1
    try:
        k = operator.index(axis)
    except TypeError:
        return 0
    if k < 0:
        k += ndim
    if k < 0 or k >= ndim:
        if ndim == 0 and k in (-1, 0):  # NumPy lets 0-d arrays be reduced over an axis they lack
            axes[0] = 0
            return 1
        return 0
    axes[0] = <uint64_t>1 << k
    return 1


cdef bint is_flag(object x) noexcept:
    """True, False or an int, which NumPy takes for one too; the rest it must judge."""
    return type(x) is bool or type(x) is int


cdef bint is_empty_over(const Array& a, uint64_t axes) noexcept:
    cdef const ShapeRep* s = a.shape().get()
    cdef int k
    for k in range(s.ndim):
        if axes >> k & 1 and s.dims[k] == 0:
            return True
    return False


cdef int64_t count_over(const Array& a, uint64_t axes) noexcept:
    cdef const ShapeRep* s = a.shape().get()
    cdef int k
    cdef int64_t n = 1
    for k in range(s.ndim):
        if axes >> k & 1:
            n *= s.dims[k]
    return n


cdef int reduce_types(int rop, int dtype, object wanted, int* accumulate, int* out) except -1:
    """Dtypes of a reduction: 1, or 0 where NumPy must decide."""
    cdef int w
    if wanted is not None:
        w = id_of_dtype(wanted)
        if w < 0:
            return 0
        if rop == RED_AND or rop == RED_OR:
            if w != BOOL:
                return 0
        elif not op_takes(op_numbers[reduce_name(rop).decode()], w):
            return 0
        if not (can_cast_same_kind(dtype, w)):
            return 0
        accumulate[0] = out[0] = w
        return 1
    if rop in (RED_ARGMIN, RED_ARGMAX):
        accumulate[0] = dtype
    else:
        try:
            accumulate[0] = reduce_dtype(rop, dtype)
        except TypeError:
            return 0
    out[0] = reduce_dtype(rop, dtype)
    return 1


cdef object identity_scalar(int rop, bint inexact):
    """What an element outside where= counts as, or None: then `initial` must say."""
    if rop == RED_ADD:
        return -0.0 if inexact else 0
    if rop == RED_MULTIPLY:
        return 1
    if rop == RED_AND:
        return True
    if rop == RED_OR:
        return False
    return None


cdef Array reduced(int rop, const Array& a, uint64_t axes, bint keepdims, int accumulate, int out) except *:
    """The reduction itself; over no axis it is a cast."""
    if axes == 0 and rop not in (RED_ARGMIN, RED_ARGMAX, RED_MOMENTS):
        if dtype_of(a) == out:
            return copy_keeping_order(a)
        return cast(a, out)
    return reduce(rop, a, axes, keepdims, accumulate, out)


cdef object reduce_native(int rop, ndarray x, object axis, object dtype, object out, object keep_axes,
                          object initial, object where):
    """One reduction with NumPy's keywords; NotImplemented where NumPy must be asked."""
    cdef uint64_t axes
    cdef int accumulate, result
    cdef Array a = x.a
    cdef Array r
    cdef ndarray mask, filled_x
    cdef Operand three[3]
    cdef Operand two[2]
    cdef Array keep[3]
    if not is_flag(keep_axes):
        return NotImplemented
    keepdims = bool(keep_axes)
    if not readable(x) or not parse_axes(axis, a.ndim(), &axes):
        return NotImplemented
    if not reduce_types(rop, dtype_id(x), dtype, &accumulate, &result):
        return NotImplemented
    if out is not None:
        if not is_native(out) or dtype is None and dtype_id(<ndarray>out) != result:
            return NotImplemented
    if initial is NoValue:
        initial = None
        if not reduce_has_identity(rop) and (where is not True or is_empty_over(a, axes)):
            return NotImplemented
    elif initial is None:
        return NotImplemented  # the caller refuses an identity: only NumPy knows what for
    if where is not True:
        mask = native_array(where)
        neutral = identity_scalar(rop, accumulate >= FLOAT16)
        if neutral is None:
            neutral = initial
        if mask is None or dtype_id(mask) != BOOL or neutral is None \
                or not broadcasts_into(mask.a, a):
            return NotImplemented
        if dtype_id(x) != accumulate:
            a = cast(a, accumulate)
        filled_x = make(a)
        three[0].array = &mask.a
        three[1].array = &filled_x.a
        if as_operand(neutral, &three[2], &keep[2]) != 1 or three[2].array != NULL \
                or not weak_fits(three[2], accumulate, -1):
            return NotImplemented
        three[2].scalar.is_weak = True
        a = map_operands(OP_WHERE, three, 3)
        if initial is None and rop == RED_ADD and accumulate >= FLOAT16:
            initial = 0.0  # of nothing the sum is +0, of negative zeros too
    if initial is not None:
        if as_operand(initial, &two[1], &keep[1]) != 1 or two[1].array != NULL and two[1].array.ndim() \
                or is_empty_over(a, axes) and not reduce_has_identity(rop):
            return NotImplemented
        if rop == RED_ADD and accumulate >= FLOAT16 and two[1].array == NULL and has_negative_zero(initial):
            return NotImplemented  # our sums start from +0
        if two[1].array == NULL and two[1].scalar.is_weak and not weak_fits(two[1], result, -1):
            return NotImplemented
    r = reduced(rop, a, axes, keepdims, accumulate, result)
    if initial is not None:
        two[0].array = &r
        if infer(op_numbers[reduce_name(rop).decode()], two, 2) != result:
            return NotImplemented
    if initial is not None and is_empty_over(a, axes):
        r = filled_like(r, two[1])
    elif initial is not None:
        r = map_operands(op_numbers[reduce_name(rop).decode()], two, 2)
    return reduce_result(r, out)


cdef bint has_negative_zero(object number) except *:
    cdef double complex z = complex(number)
    return z == 0 and (signbit(z.real) or signbit(z.imag))


cdef Array filled_like(const Array& a, const Operand& value) except *:
    """An array of a's shape and dtype, every element the value."""
    cdef Array r = filled(value.scalar, &a.shape().get().dims[0], a.ndim()) if value.array == NULL \
        else broadcast_to(value.array[0], &a.shape().get().dims[0], a.ndim())
    return copy(r) if dtype_of(r) == dtype_of(a) else cast(r, dtype_of(a))


cdef object reduce_result(const Array& r, object out):
    cdef Array a = r
    if out is None:
        return make_result(a)
    if not is_native(out) or not same_shape(r, (<ndarray>out).a) \
            or not stores_into(<ndarray>out, r, "same_kind"):
        return NotImplemented
    store(<ndarray>out, r)
    return out


cdef object single_out(dict kwargs):
    out = kwargs.get("out")
    if type(out) is tuple:
        return out[0] if len(out) == 1 else NotImplemented
    return out


cdef object ufunc_reduce(UFunc u, tuple inputs, dict kwargs):
    """ufunc.reduce(a, axis=0, dtype=None, out=None, keepdims=False, initial=..., where=True)."""
    cdef ndarray x
    if u.rop < 0 or len(inputs) != 1:
        return NotImplemented
    for key in kwargs:
        if key not in ("axis", "dtype", "out", "keepdims", "initial", "where"):
            return NotImplemented
    x = native_array(inputs[0])
    out = single_out(kwargs)
    if x is None or out is NotImplemented:
        return NotImplemented
    axis = kwargs.get("axis", 0)
    if x.a.ndim() == 0 and "axis" not in kwargs:
        axis = None
    return reduce_native(u.rop, x, axis, kwargs.get("dtype"), out, kwargs.get("keepdims", False),
                         kwargs.get("initial", NoValue), kwargs.get("where", True))


cdef object ufunc_accumulate(UFunc u, tuple inputs, dict kwargs):
    """ufunc.accumulate(array, axis=0, dtype=None, out=None)."""
    if u.rop < 0 or len(inputs) != 1:
        return NotImplemented
    for key in kwargs:
        if key not in ("axis", "dtype", "out"):
            return NotImplemented
    x = native_array(inputs[0])
    out = single_out(kwargs)
    if x is None or out is NotImplemented or "axis" in kwargs and kwargs["axis"] is None:
        return NotImplemented
    return scan_native(u.rop, x, kwargs.get("axis", 0), kwargs.get("dtype"), out)


cdef object scan_native(int rop, ndarray x, object axis, object dtype, object out):
    cdef uint64_t axes
    cdef int accumulate, result, k
    cdef Array a = x.a
    cdef Array r
    cdef int64_t flat
    if not readable(x) or not reduce_can_scan(rop):
        return NotImplemented
    if axis is None:
        flat = a.size()
        a = reshaped(a, &flat, 1)
        axis = 0
    if type(axis) is tuple or a.ndim() == 0 or not parse_axes(axis, a.ndim(), &axes):
        return NotImplemented
    if not reduce_types(rop, dtype_id(x), dtype, &accumulate, &result) or accumulate != result:
        return NotImplemented
    if out is not None and (not is_native(out) or dtype is None and dtype_id(<ndarray>out) != result):
        return NotImplemented
    for k in range(a.ndim()):
        if axes >> k & 1:
            break
    r = scan(rop, a, k, result)
    return reduce_result(r, out)


cdef object ufunc_outer(UFunc u, tuple inputs):
    cdef int64_t dims[64]
    cdef int k
    cdef ndarray a, b, wide
    cdef Array w
    cdef PyObject* two[2]
    if len(inputs) != 2 or u.nin != 2:
        return NotImplemented
    a = native_array(inputs[0])
    b = native_array(inputs[1])
    if a is None or b is None or a.a.ndim() + b.a.ndim() > 64:
        return NotImplemented
    for k in range(a.a.ndim()):
        dims[k] = a.a.shape().get().dims[k]
    for k in range(b.a.ndim()):
        dims[a.a.ndim() + k] = 1
    w = try_reshape(a.a, dims, a.a.ndim() + b.a.ndim())
    if w.storage.get() == NULL:
        return NotImplemented
    wide = make(w)
    two[0] = <PyObject*>wide
    two[1] = <PyObject*>b
    return call_plain(u, two, 2)


cdef Array reshaped(const Array& a, const int64_t* dims, int ndim) except *:
    """a.reshape(dims): a view where NumPy gives one, else of a copy. The size is checked."""
    cdef Array r = try_reshape(a, dims, ndim)
    if r.storage.get() == NULL:
        r = try_reshape(copy(a), dims, ndim)
    return r


# ---- mean, var, std

cdef object mean_native(ndarray x, object axis, object dtype, object out, object keep_axes):
    cdef uint64_t axes
    cdef int t, accumulate, result
    cdef int64_t n
    cdef Array r
    cdef Scalar count
    if not is_flag(keep_axes):
        return NotImplemented
    keepdims = bool(keep_axes)
    if not readable(x) or not parse_axes(axis, x.a.ndim(), &axes):
        return NotImplemented
    if x.a.ndim() == 0 and axis is not None:
        return NotImplemented  # sums over axis 0 of a scalar there are, means there are not
    t = dtype_id(x)
    n = count_over(x.a, axes)
    if n == 0:
        return NotImplemented
    result = accumulate = t
    if dtype is not None:
        result = accumulate = id_of_dtype(dtype)
        if result < FLOAT16:
            return NotImplemented
        if not can_cast_same_kind(t, result):
            return NotImplemented
    elif t < FLOAT16:
        result = accumulate = FLOAT64
    elif t == FLOAT16:
        accumulate = FLOAT32
    if out is not None and (not is_native(out) or dtype_id(<ndarray>out) != result or t == FLOAT16):
        return NotImplemented
    r = reduced(RED_ADD, x.a, axes, keepdims, accumulate, accumulate)
    r = divided(r, n)
    if dtype_of(r) != result:
        r = cast(r, result)
    return reduce_result(r, out)


cdef Array divided(const Array& sum, int64_t n) except *:
    """sum / n in the sum's dtype, as NumPy's mean divides: in double where single cannot hold n."""
    cdef Scalar count
    cdef int t = dtype_of(sum)
    if n > 1 << 24 and t in (FLOAT32, COMPLEX64) or t == FLOAT16:
        return cast(divided(cast(sum, COMPLEX128 if t == COMPLEX64 else FLOAT64), n), t)
    number = float(n)
    weak_scalar(number, &count)
    return map2_scalar(OP_DIVIDE, sum, count, False)


cdef object var_native(ndarray x, object axis, object dtype, object out, object ddof, object keep_axes,
                       bint root):
    """var and std by moments, which no cancellation spoils (semantics.md S6)."""
    cdef uint64_t axes
    cdef int t, accumulate, result
    cdef int64_t n
    cdef double degrees
    cdef Array r, part
    cdef Scalar count
    if not is_flag(keep_axes):
        return NotImplemented
    keepdims = bool(keep_axes)
    if not readable(x) or not parse_axes(axis, x.a.ndim(), &axes) or x.a.ndim() == 0:
        return NotImplemented
    if type(ddof) is not int and type(ddof) is not float:
        return NotImplemented
    t = dtype_id(x)
    n = count_over(x.a, axes)
    degrees = n - ddof
    if degrees <= 0 or n == 0 or axes == 0:
        return NotImplemented
    accumulate = t
    if dtype is not None:
        accumulate = id_of_dtype(dtype)
        if accumulate < FLOAT16 or dtype_kind(t) == KIND_COMPLEX or dtype_kind(accumulate) == KIND_COMPLEX:
            return NotImplemented  # with a complex dtype= the result is complex too
    elif t < FLOAT16:
        accumulate = FLOAT64
    result = dtype_real(accumulate)
    if out is not None and (not is_native(out) or dtype_id(<ndarray>out) != result):
        return NotImplemented
    if dtype_kind(accumulate) == KIND_COMPLEX:
        part = x.a
        if dtype_of(part) != accumulate:
            part = cast(part, accumulate)
        r = map2(OP_ADD,
                 reduce(RED_MOMENTS, map1(OP_REAL, part), axes, keepdims, result, result),
                 reduce(RED_MOMENTS, map1(OP_IMAG, part), axes, keepdims, result, result))
    elif result == FLOAT16:
        r = reduce(RED_MOMENTS, x.a, axes, keepdims, FLOAT32, FLOAT32)
    else:
        r = reduce(RED_MOMENTS, x.a, axes, keepdims, accumulate, result)
    number = degrees
    weak_scalar(number, &count)
    r = map2_scalar(OP_DIVIDE, r, count, False)
    if root:
        r = map1(OP_SQRT, r)
    if dtype_of(r) != result:
        r = cast(r, result)
    return reduce_result(r, out)


cdef object arg_native(int rop, ndarray x, object axis, object out, object keepdims):
    """argmin, argmax: one axis or all."""
    cdef uint64_t axes
    cdef Array a = x.a
    cdef Array r
    cdef int64_t dims[64]
    cdef int k
    if not readable(x) or type(axis) is tuple or a.size() == 0:
        return NotImplemented
    if a.ndim() == 0 and not (axis is None or axis == 0 or axis == -1):
        return NotImplemented
    if not parse_axes(axis, a.ndim(), &axes):
        return NotImplemented
    if out is not None and (not is_native(out) or dtype_id(<ndarray>out) != INT64):
        return NotImplemented
    if axis is None and a.ndim() > 1:
        dims[0] = a.size()
        a = reshaped(a, dims, 1)
        axes = 1
    elif a.ndim() == 0:
        dims[0] = 1
        a = try_reshape(a, dims, 1)
        axes = 1
    r = reduce(rop, a, axes, False, dtype_of(a), INT64)
    if keepdims is True:
        for k in range(x.a.ndim()):
            dims[k] = 1 if axis is None or axes >> k & 1 else x.a.shape().get().dims[k]
        r = try_reshape(r, dims, x.a.ndim())
    elif keepdims is not False and keepdims is not NoValue:
        return NotImplemented
    return reduce_result(r, out)
