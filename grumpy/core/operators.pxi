# Operators, with NumPy's rules of deferring to other types.

cdef dict python_operators = {
    OP_ADD: operator.add, OP_SUBTRACT: operator.sub, OP_MULTIPLY: operator.mul,
    OP_DIVIDE: operator.truediv, OP_FLOOR_DIVIDE: operator.floordiv, OP_REMAINDER: operator.mod,
    OP_POWER: operator.pow, OP_BITWISE_AND: operator.and_, OP_BITWISE_OR: operator.or_,
    OP_BITWISE_XOR: operator.xor, OP_LEFT_SHIFT: operator.lshift, OP_RIGHT_SHIFT: operator.rshift,
    OP_EQUAL: operator.eq, OP_NOT_EQUAL: operator.ne, OP_LESS: operator.lt,
    OP_LESS_EQUAL: operator.le, OP_GREATER: operator.gt, OP_GREATER_EQUAL: operator.ge,
    OP_NEGATIVE: operator.neg, OP_POSITIVE: operator.pos, OP_ABSOLUTE: operator.abs,
    OP_INVERT: operator.invert}

PRIORITY = 1.0  # above ndarray's 0, below scipy.sparse's 10.1


cdef bint must_defer(object other, bint inplace) except -1:
    """NumPy's binop_should_defer, for an other that is neither ours, ndarray, number nor scalar."""
    t = type(other)
    if t is list or t is tuple or t is str or isinstance(other, (np_ndarray, np_generic)):
        return False
    override = getattr(t, "__array_ufunc__", NoValue)
    if override is not NoValue:
        return not inplace and override is None
    if inplace:
        return False
    priority = getattr(t, "__array_priority__", None)
    return priority is not None and PRIORITY < priority and not is_sparse(t)


cdef bint is_sparse(object t) except -1:
    """scipy.sparse speaks neither protocol: it must be given ndarrays."""
    return t.__module__.startswith("scipy.sparse")


cdef inline bint is_scalar(object x) except -1:
    t = type(x)
    if t is ndarray:
        return (<ndarray>x).bits & SCALAR
    return t is float or t is int or t is bool or t is complex or isinstance(x, np_generic)


cdef inline bint is_integral(object x) except -1:
    """An integer or bool: as scalars NumPy computes them with overflow checks."""
    t = type(x)
    if t is ndarray:
        return dtype_id(<ndarray>x) < FLOAT16
    return t is int or t is bool or isinstance(x, (np.integer, np.bool))


cdef object scalar_binary(int op, object x, object y):
    """An operator between scalars. Integers overflow loudly, so they are computed by NumPy's scalars
    at once; others are recorded."""
    cdef Operand o[2]
    cdef Array keep[3]
    cdef Array a
    if not (is_integral(x) and is_integral(y)) or op >= OP_EQUAL and op <= OP_GREATER_EQUAL:
        if as_operand(x, &o[0], &keep[0]) == 1 and as_operand(y, &o[1], &keep[1]) == 1 \
                and check_weak(op, o, 2) and infer(op, o, 2) >= 0:
            a = map_named(op, o, 2, kScalarSite)
            return make_result(a)
    function = python_operators[op]
    return wrap(function(unwrap(x), unwrap(y)))


cdef object repeated(object sequence, object x, object y):
    """A list times a scalar-like: NumPy's scalars repeat it, or refuse; its elements stay what they are."""
    return (x if x is sequence else as_numpy_scalar(x)) * (y if y is sequence else as_numpy_scalar(y))


cdef object square_and_kin(object x, object y):
    """`x ** number` as NumPy shortens it, or NotImplemented."""
    cdef double p
    cdef int kind
    cdef Array a
    cdef Scalar s
    if not is_native(x) or not weak_scalar(y, &s):
        return NotImplemented
    kind = dtype_kind(dtype_id(<ndarray>x))
    p = weak_real(s)
    if kind == KIND_FLOAT or kind == KIND_COMPLEX:
        if kind == KIND_FLOAT and dtype_of_scalar(s) == COMPLEX128:
            return NotImplemented
        if p == 2.0:
            a = map1(OP_SQUARE, (<ndarray>x).a)
        elif p == 0.5:
            a = map1(OP_SQRT, (<ndarray>x).a)
        elif p == 1.0:
            a = map1(OP_POSITIVE, (<ndarray>x).a)
        elif p == -1.0:
            a = map1(OP_RECIPROCAL, (<ndarray>x).a)
        else:
            return NotImplemented
        return make_result(a)
    if p == 2.0 and type(y) is int:
        a = map1(OP_SQUARE, (<ndarray>x).a)
        return make_result(a)
    return NotImplemented


cdef object binary(int op, object x, object y):
    """x op y where one of them is ours."""
    global dispatches
    cdef ndarray r
    dispatches += 1
    # The common lanes: native arrays, and such numbers as need no questions.
    if type(x) is ndarray and not (<ndarray>x).bits & (FOREIGN | SCALAR | PART):
        if type(y) is ndarray:
            if not (<ndarray>y).bits & (FOREIGN | SCALAR | PART) and op != OP_POWER:
                r = new_object()
                if try_map2(op, (<ndarray>x).a, (<ndarray>y).a, &r.a):
                    return finished(r)
                return binary_general(op, x, y)
        elif op != OP_POWER:
            r = new_object()
            if try_map_number(op, (<ndarray>x).a, <PyObject*>y, False, &r.a):
                return r
    elif op != OP_POWER and type(y) is ndarray and not (<ndarray>y).bits & (FOREIGN | SCALAR | PART):
        r = new_object()
        if try_map_number(op, (<ndarray>y).a, <PyObject*>x, True, &r.a):
            return r
    return binary_mixed(op, x, y)


cdef object binary_mixed(int op, object x, object y):
    """The same of a native array and a Python number, and of all else."""
    cdef ndarray r
    cdef Scalar s
    if type(x) is ndarray:
        if not (<ndarray>x).bits & (FOREIGN | SCALAR | PART):
            if op == OP_POWER:
                result = square_and_kin(x, y)
                if result is not NotImplemented:
                    return result
            elif weak_scalar(y, &s) and fits_dtype(s, dtype_id(<ndarray>x)):
                r = new_object()
                if try_map2_scalar(op, (<ndarray>x).a, s, False, &r.a):
                    return finished(r)
    elif op != OP_POWER and not (<ndarray>y).bits & (FOREIGN | SCALAR | PART) and weak_scalar(x, &s) \
            and fits_dtype(s, dtype_id(<ndarray>y)):
        r = new_object()
        if try_map2_scalar(op, (<ndarray>y).a, s, True, &r.a):
            return finished(r)
    return binary_general(op, x, y)


cdef inline bint known_scalar(object x, Scalar* s) except -1:
    """Is x a number whose value need not be computed first?"""
    if type(x) is ndarray:
        return (<ndarray>x).bits & SCALAR and not (<ndarray>x).bits & (FOREIGN | PART) \
            and known_value((<ndarray>x).a, s)
    return weak_scalar(x, s)


cdef object binary_general(int op, object x, object y):
    cdef Operand o[2]
    cdef Array keep[3]
    cdef UFunc u
    cdef Scalar s, t, r
    if known_scalar(x, &s) and known_scalar(y, &t) and compute_known(op, s, t, &r):
        return make_scalar(r)
    other = y if type(x) is ndarray else x
    if type(other) is not ndarray:
        if must_defer(other, False):
            return NotImplemented
        if is_foreign_override(other):
            return op_ufuncs[op](x, y)
        if op == OP_MULTIPLY and isinstance(other, (list, tuple)) and is_scalar(y if other is x else x):
            return repeated(other, x, y)
    if op == OP_POWER and not (is_scalar(x) and is_integral(x)):
        result = square_and_kin(x, y)
        if result is not NotImplemented:
            return result
    if is_scalar(x) and is_scalar(y) and not is_foreign_dtype(x) and not is_foreign_dtype(y):
        return scalar_binary(op, x, y)
    if not isinstance(other, np_ndarray) or type(other) is np_ndarray:
        if as_operand(x, &o[0], &keep[0]) == 1 and as_operand(y, &o[1], &keep[1]) == 1:
            u = <UFunc>ufuncs[op_ufuncs[op]]
            result = map_native(u, o, 2)
            if result is not NotImplemented:
                return result
    return forward_operator(op, x, y)


cdef bint is_foreign_dtype(object x) except -1:
    return type(x) is ndarray and (<ndarray>x).bits & FOREIGN


cdef object forward_operator(int op, object x, object y):
    name = f"numpy.{op_ufuncs[op].__name__}"
    if is_sparse(type(x)) or is_sparse(type(y)):
        reason = "an operand is sparse"
    else:
        reason = forward_reason((x, y), {})
    return forward(python_operators[op], (x, y), {}, reason, name)


cdef object compare(object x, object y, int op):
    """Rich comparison; op as in Py_LT ... Py_GE."""
    if op == 0:
        return binary(OP_LESS, x, y)
    if op == 1:
        return binary(OP_LESS_EQUAL, x, y)
    if op == 2:
        return binary(OP_EQUAL, x, y)
    if op == 3:
        return binary(OP_NOT_EQUAL, x, y)
    if op == 4:
        return binary(OP_GREATER, x, y)
    return binary(OP_GREATER_EQUAL, x, y)


cdef object unary(int op, ndarray x):
    global dispatches
    cdef ndarray r
    dispatches += 1
    # Integer scalars overflow loudly: NumPy's own do it.
    if readable(x) and not (x.bits & SCALAR and dtype_id(x) < FLOAT16 and op != OP_INVERT
                            and op != OP_POSITIVE):
        r = new_object()
        if try_map1(op, x.a, &r.a):
            return finished(r)
    return forward(python_operators[op], (x,), {}, forward_reason((x,), {}),
                   f"numpy.{op_ufuncs[op].__name__}")


cdef object in_place(int op, ndarray x, object y):
    """x op= y: a write through every view; a scalar-like is rebound instead."""
    global dispatches
    if not x.bits:  # the common lanes
        if type(y) is ndarray:
            if not (<ndarray>y).bits & (FOREIGN | SCALAR | PART) and write_plain(op, x.a, (<ndarray>y).a):
                dispatches += 1
                return x
        elif write_plain_number(op, x.a, <PyObject*>y):
            dispatches += 1
            return x
    if x.bits & SCALAR:
        return binary(op, x, y)
    if not hold_events():
        return write_in_place(op, x, y)
    try:
        return write_in_place(op, x, y)
    finally:
        let_events_go()


cdef object write_in_place(int op, ndarray x, object y):
    global dispatches
    cdef Operand o[2]
    cdef Array keep[3]
    cdef Array a
    cdef int result
    dispatches += 1
    if type(y) is not ndarray and is_foreign_override(y):
        return op_ufuncs[op](x, y, out=(x,))
    if viewable(x) and may_write(x) and not (
            isinstance(y, np_ndarray) and type(y) is not np_ndarray):
        o[0].array = &x.a
        if as_operand(y, &o[1], &keep[1]) == 1 and check_weak(op, o, 2):
            try:
                result = infer(op, o, 2)
                if result >= 0 and takes_result(x, o, 2, result, "same_kind") \
                        and not (op == OP_POWER and power_is_refused(o[0], o[1])):
                    short = square_and_kin(x, y) if op == OP_POWER else NotImplemented
                    a = (<ndarray>short).a if short is not NotImplemented else map_operands(op, o, 2)
                    write_result(x.a, a, op)
                    return x
            except (TypeError, ValueError, OverflowError):
                pass  # NumPy says it in its own words
    # What cannot be recorded NumPy does on the same memory, and raises its own errors.
    forward(op_ufuncs[op], (x, y), {"out": x}, forward_reason((x, y), {}))
    return x


cdef object matmul_operator(object x, object y):
    global dispatches
    dispatches += 1
    other = y if type(x) is ndarray else x
    if type(other) is not ndarray:
        if must_defer(other, False):
            return NotImplemented
        if is_foreign_override(other):
            return np.matmul(x, y)
    if not isinstance(other, np_ndarray) or type(other) is np_ndarray:
        result = product(UF_MATMUL, x, y)
        if result is not NotImplemented:
            return result
    return forward(operator.matmul, (x, y), {}, forward_reason((x, y), {}), "numpy.matmul")


cdef object divmod_operator(object x, object y):
    global dispatches
    cdef PyObject* two[2]
    dispatches += 1
    other = y if type(x) is ndarray else x
    if type(other) is not ndarray:
        if must_defer(other, False):
            return NotImplemented
        if is_foreign_override(other):
            return np.divmod(x, y)
    if is_scalar(x) and is_scalar(y):
        return wrap(divmod(unwrap(x), unwrap(y)))
    if not isinstance(other, np_ndarray) or type(other) is np_ndarray:
        two[0] = <PyObject*>x
        two[1] = <PyObject*>y
        result = call_plain(find_ufunc(np.divmod), two, 2)
        if result is not NotImplemented:
            return result
    return forward(divmod, (x, y), {}, forward_reason((x, y), {}), "numpy.divmod")
