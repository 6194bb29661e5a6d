# What the methods of ndarray are made of.


cdef object method_forward(ndarray g, str name, tuple args, dict kwargs):
    global dispatches
    dispatches += 1
    return forward_method(g, name, args, kwargs, forward_reason((g,), {}))


cdef object method_reduce(ndarray g, str name, int rop, axis, dtype, out, keepdims, initial, where):
    global dispatches
    dispatches += 1
    result = NotImplemented
    if readable(g):
        result = reduce_native(rop, g, axis, dtype, out, keepdims, initial, where)
    if result is not NotImplemented:
        return result
    kwargs = {"axis": axis, "out": out, "keepdims": keepdims}
    if name in ("sum", "prod") or dtype is not None:
        kwargs["dtype"] = dtype
    if initial is not NoValue:
        kwargs["initial"] = initial
    kwargs.update(where_only(where))
    return forward_method(g, name, (), kwargs, forward_reason((g,), {}))


cdef dict where_only(object where):
    return {} if where is True else {"where": where}


cdef object scalar_attribute(ndarray g, str name):
    if not g.bits & SCALAR:
        raise AttributeError(f"'grumpy.ndarray' object has no attribute '{name}'")
    return getattr(as_numpy_scalar(g), name)


def wrap_element(x):
    """An element of an iterated array of a dtype that is not native."""
    return wrap_borrowed(<PyObject*>x, 0) if type(x) is np_ndarray else x


def restore_array(nd):
    """Unpickles an array from its values."""
    return asarray(nd)


def restore_scalar(x):
    """Unpickles an array that stands for a scalar."""
    return wrap(x)


cdef int forget_export(ndarray g) except -1:
    """The ndarray that is out no longer has g's shape."""
    if g.out_ != NULL:
        (<_Export>g.out_).owner = NULL
        g.out_ = NULL
    return 0


cdef int become(ndarray g, ndarray other) except -1:
    """g takes on other's memory, dtype and shape; it stays the same object."""
    forget_export(g)
    g.a = other.a
    g.bits = other.bits
    Py_XDECREF(g.np_)
    g.np_ = other.np_
    if g.np_ != NULL:
        Py_INCREF(<object>g.np_)
        live[id(<object>g.np_)] = g
    return 0


cdef object resize_array(ndarray g, tuple new_shape, refcheck):
    cdef ndarray r
    if type(refcheck) not in (bool, int):
        raise TypeError(f"'{type(refcheck).__name__}' object cannot be interpreted as an integer")
    if not new_shape:
        return None
    if len(new_shape) == 1 and not hasattr(new_shape[0], "__index__"):
        new_shape = new_shape[0]
        if new_shape is None:
            return None
    new_shape = np.empty(0).reshape(0, *new_shape).shape[1:]  # or NumPy's error
    if not g.flags.forc:
        raise ValueError("resize only works on single-segment arrays")
    if math.prod(new_shape) == g.size and g.flags.c_contiguous:
        g.shape = new_shape
        return None
    # The caller's name and the stack of the call make two; the table of wrappers refers weakly.
    if refcheck and (Py_REFCNT(<PyObject*>g) > 2 or weakref.getweakrefcount(g) > (g.np_ != NULL)
                     or g.out_ != NULL and exported(<_Export>g.out_) is not None):
        held = np.empty(1)
        also = [held, held]
        held.resize(2)  # raises NumPy's error
        del also
    if g.bits & FOREIGN:
        (<object>g.np_).resize(new_shape, refcheck=False)
        return None
    if g.base_ != NULL or g.bits & ALIAS:
        raise ValueError("cannot resize this array: it does not own its data")
    if g.bits & SCALAR or not may_write(g):
        raise ValueError("cannot resize this array: it is read-only")
    if g.out_ != NULL and exported(<_Export>g.out_) is not None:
        raise ValueError("cannot resize an array that references or is referenced\n"
                         "by another array in this way.\n"
                         "Use the np.resize function or refcheck=False")
    nd = np.array(export(g))
    nd.resize(new_shape, refcheck=False)
    r = snapshot(nd)
    become(g, r)


# ---- complex parts

cdef object real_part(ndarray g):
    cdef Array a
    cdef ndarray r
    if g.bits & FOREIGN:
        return wrap_part((<object>g.np_).real)
    if dtype_kind(dtype_id(g)) != KIND_COMPLEX:
        return g
    return complex_part(g, False)


cdef object imag_part(ndarray g):
    cdef int64_t dims[64]
    cdef ndarray r
    if g.bits & FOREIGN:
        return wrap_part((<object>g.np_).imag)
    if dtype_kind(dtype_id(g)) != KIND_COMPLEX:
        r = make_filled(shape_tuple(g.a), dtype_id(g), 0)
        r.bits = READONLY | (g.bits & SCALAR)
        return r
    return complex_part(g, True)


cdef object wrap_part(object x):
    return wrap_borrowed(<PyObject*>x, 0) if type(x) is np_ndarray else x


cdef object complex_part(ndarray g, bint imaginary):
    """z.real, z.imag: a recorded operation, which fuses, that follows the memory it belongs to."""
    cdef Array a
    cdef ndarray r
    if g.bits & SCALAR:
        a = map1(OP_IMAG if imaginary else OP_REAL, g.a)
        return make_result(a)
    r = new_object()
    r.bits = PART | (g.bits & READONLY) | (IMAGINARY if imaginary else 0)
    r.base_ = <PyObject*>g
    Py_INCREF(g)
    record_part(r)
    return r


cdef int record_part(ndarray r) except -1:
    cdef ndarray g = <ndarray>r.base_
    r.version = version_to_keep(g.a)  # first: another thread may write while the GIL is away
    r.a = map1(OP_IMAG if r.bits & IMAGINARY else OP_REAL, g.a)
    return 0


cdef bint refresh_part(ndarray r) except -1:
    """Before a PART is read."""
    cdef ndarray g = <ndarray>r.base_
    if r.version != current_version(g.a):
        record_part(r)
    return True


cdef bint part_to_alias(ndarray r) except -1:
    """The PART as a strided array over the complex memory itself."""
    cdef ndarray g = <ndarray>r.base_
    nd = export(g)
    nd = nd.imag if r.bits & IMAGINARY else nd.real
    r.a = adopt_ndarray(nd, native_id(<PyObject*>nd), bool(r.bits & READONLY), True)
    r.bits = ALIAS | (r.bits & READONLY)
    r.np_ = <PyObject*>nd
    Py_INCREF(nd)
    live[id(nd)] = r
    return True


cdef int set_part(ndarray g, object value, bint imaginary) except -1:
    """g.real = value, g.imag = value: recorded as one write of both parts."""
    global dispatches
    cdef Operand two[2]
    cdef Operand o
    cdef Array keep[3]
    cdef Array part, whole
    dispatches += 1
    if g.bits & SCALAR:
        raise AttributeError(
            f"attribute '{'imag' if imaginary else 'real'}' of 'numpy.generic' objects is not writable")
    if not g.bits & FOREIGN and not imaginary and dtype_kind(dtype_id(g)) != KIND_COMPLEX:
        g[...] = value
        return 0
    if not g.bits & (FOREIGN | PART) and may_write(g) and dtype_kind(dtype_id(g)) == KIND_COMPLEX \
            and as_operand(value, &o, &keep[0]) == 1 \
            and assigns_quietly(o, dtype_real(dtype_id(g))) \
            and (o.array == NULL or broadcasts_into(o.array[0], g.a)):
        part = map1(OP_REAL if imaginary else OP_IMAG, g.a)
        if o.array != NULL and dtype_of(o.array[0]) != dtype_real(dtype_id(g)):
            keep[1] = cast(o.array[0], dtype_real(dtype_id(g)))
            o.array = &keep[1]
        elif o.array == NULL:
            o.scalar.is_weak = True
        two[1 if not imaginary else 0].array = &part
        two[1 if imaginary else 0] = o
        whole = map_operands(OP_MAKE_COMPLEX, two, 2)
        write_array(g.a, whole)
        return 0
    nd = export(g)
    if imaginary:
        nd.imag = unwrap(value)
    else:
        nd.real = unwrap(value)
    return 0


cdef object diagonal_native(ndarray g, object offset, object axis1, object axis2):
    """A read-only view of a diagonal; NotImplemented where NumPy must raise."""
    cdef int64_t steps[64]
    cdef int64_t shape[64]
    cdef int64_t strides[64]
    cdef int64_t start, rows, columns, k
    cdef int n = g.a.ndim(), j = 0, axis, first, second
    cdef Array a
    cdef ndarray r
    first = operator.index(axis1)
    second = operator.index(axis2)
    k = operator.index(offset)
    if not (-n <= first < n and -n <= second < n) or first % n == second % n:
        return NotImplemented
    if first < 0:
        first += n
    if second < 0:
        second += n
    window_of(g.a, steps, &start)
    rows = extent(g.a, first)
    columns = extent(g.a, second)
    if k >= 0:
        columns -= k
        if columns > 0 and rows > 0:
            start += k * steps[second]
    else:
        rows += k
        if columns > 0 and rows > 0:
            start -= k * steps[first]
    for axis in range(n):
        if axis != first and axis != second:
            shape[j] = extent(g.a, axis)
            strides[j] = steps[axis]
            j += 1
    shape[j] = max(0, min(rows, columns))
    strides[j] = steps[first] + steps[second]
    a = view(g.a, shape, strides, n - 1, start)
    r = make_view(g, a)
    r.bits |= READONLY
    return r


cdef object in_place_matmul(ndarray x, object y):
    """x @= y: NumPy's axes rule makes it the product written back."""
    global dispatches
    cdef ndarray r
    dispatches += 1
    if type(y) is not ndarray and is_foreign_override(y):
        return np.matmul(x, y, out=(x,))
    if viewable(x) and not x.bits & SCALAR and x.a.ndim() >= 2 and may_write(x):
        other = native_array(y)
        if other is not None and (<ndarray>other).a.ndim() >= 2:
            result = product(UF_MATMUL, x, other)
            if result is not NotImplemented:
                r = result
                if same_shape(r.a, x.a) and can_cast_same_kind(dtype_id(r), dtype_id(x)):
                    write_array(x.a, r.a)
                    return x
    nd = export(x)
    nd @= unwrap(y)
    return x
