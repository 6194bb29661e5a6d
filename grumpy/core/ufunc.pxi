# __array_ufunc__: calls of ufuncs, with and without out=, where=, dtype=, casting=, order=.

cdef enum UFuncKind:
    UF_MAP       # a row of the op table
    UF_DIVMOD
    UF_MODF
    UF_MATMUL
    UF_MATVEC
    UF_VECMAT
    UF_VECDOT
    UF_LOOP      # somebody's ufunc: its own inner loops, block by block
    UF_FORWARD   # generalized, too wide, or without loops for native dtypes


@cython.final
cdef class UFunc:
    """What grumpy knows of one ufunc."""
    cdef object ufunc
    cdef int kind
    cdef int op      # UF_MAP, else -1
    cdef int rop     # the reduction of its .reduce, or -1
    cdef int nin
    cdef int nout
    cdef dict loops  # UF_LOOP: operand types -> Loop or None
    cdef bint grows  # UF_LOOP: called for other types, it may get more loops


@cython.final
cdef class Loop:
    cdef const InnerLoop* loop


cdef dict ufuncs = {}            # ufunc -> UFunc
cdef list op_ufuncs = []         # op -> its ufunc or None
cdef dict op_numbers = {}        # name -> op
cdef dict reduce_numbers = {}    # name -> reduction


cdef UFunc new_ufunc(object ufunc, int kind, int op=-1, int rop=-1):
    cdef UFunc u = UFunc.__new__(UFunc)
    u.ufunc = ufunc
    u.kind = kind
    u.op = op
    u.rop = rop
    u.nin = ufunc.nin
    u.nout = ufunc.nout
    u.loops = {}
    return u


cdef UFunc add_ufunc(object ufunc, int kind, int op=-1, int rop=-1):
    cdef UFunc u = new_ufunc(ufunc, kind, op, rop)
    ufuncs[ufunc] = u
    return u


cdef bint is_of_python(object ufunc) except -1:
    """Made of a Python function, by numpy.frompyfunc: there may be many, and they die."""
    return ufunc.types == ["O" * ufunc.nin + "->" + "O" * ufunc.nout]


cdef int build_tables() except -1:
    cdef int k
    for k in range(kReduceCount):
        reduce_numbers[reduce_name(k).decode()] = k
    for k in range(kOpCount):
        name = op_name(k).decode()
        op_numbers[name] = k
        ufunc = None
        if not op_is_scipy(k):
            ufunc = getattr(np, name, None)
            if name == "clip":
                ufunc = getattr(np._core.umath, "clip", None)
            if not isinstance(ufunc, np.ufunc) or op_is_internal(k) and name != "clip":
                ufunc = None
        op_ufuncs.append(ufunc)
        if ufunc is not None:
            if ufunc not in ufuncs:
                add_ufunc(ufunc, UF_MAP, k, reduce_numbers.get(name, -1))
            register_loops(k, <PyObject*>ufunc)
        elif name.endswith("_int64_uint64"):
            ufunc = getattr(np, name.removesuffix("_int64_uint64"))
            register_loops(k, <PyObject*>ufunc)
    for name, kind in (("divmod", UF_DIVMOD), ("modf", UF_MODF), ("matmul", UF_MATMUL),
                       ("matvec", UF_MATVEC), ("vecmat", UF_VECMAT), ("vecdot", UF_VECDOT)):
        if hasattr(np, name):
            add_ufunc(getattr(np, name), kind)
    return 0


build_tables()


cdef bint is_numpys(object ufunc) except -1:
    """NumPy's own ufuncs without a row (those of its tests too) are NumPy's to call."""
    name = ufunc.__name__
    for module, contents in list(sys.modules.items()):
        if module.partition(".")[0] == "numpy" and getattr(contents, name, None) is ufunc:
            return True
    return False


cdef UFunc meet_compiler(object compiler):
    """A callable around a ufunc, which it may add loops to, as numba.vectorize makes."""
    cdef UFunc u
    ufunc = getattr(compiler, "ufunc", None)
    if not isinstance(ufunc, np.ufunc):
        raise TypeError("__array_ufunc__: the first argument must be a ufunc")
    is_wide = ufunc.nin > 3 or ufunc.nin + ufunc.nout > 8
    u = new_ufunc(ufunc, UF_FORWARD if is_wide or is_generalized(<PyObject*>ufunc) else UF_LOOP)
    u.grows = True
    ufuncs[compiler] = u
    return u


cdef UFunc meet_ufunc(object ufunc):
    """Looks once at a ufunc that is not NumPy's own or has no row."""
    cdef int op
    if not isinstance(ufunc, np.ufunc):
        return meet_compiler(ufunc)
    if is_of_python(ufunc):
        return new_ufunc(ufunc, UF_FORWARD)
    name = ufunc.__name__
    # SciPy's public names are functions around its ufuncs where SCIPY_ARRAY_API is set.
    special = sys.modules.get("scipy.special._ufuncs")
    if special is not None and getattr(special, name, None) is ufunc:
        op = op_numbers.get(name, -1)
        if op >= 0 and op_is_scipy(op):
            register_loops(op, <PyObject*>ufunc)
            op_ufuncs[op] = ufunc
            return add_ufunc(ufunc, UF_MAP, op)
    if not is_ufunc(<PyObject*>ufunc) or is_generalized(<PyObject*>ufunc) or ufunc.nin > 3 \
            or ufunc.nin + ufunc.nout > 8 or is_numpys(ufunc):
        return add_ufunc(ufunc, UF_FORWARD)
    return add_ufunc(ufunc, UF_LOOP)


cdef struct Met:
    PyObject* ufunc
    PyObject* u
cdef Met recent_ufuncs[64]  # borrowed from `ufuncs`, which forgets none


cdef inline UFunc find_ufunc(object ufunc):
    cdef Met* met = &recent_ufuncs[(<size_t><PyObject*>ufunc >> 4 ^ <size_t><PyObject*>ufunc >> 10) % 64]
    if met.ufunc != <PyObject*>ufunc:
        return look_up_ufunc(ufunc, met)
    return <UFunc>met.u


cdef UFunc look_up_ufunc(object ufunc, Met* met):
    cdef PyObject* found = PyDict_GetItem(ufuncs, ufunc)
    if found == NULL:
        u = meet_ufunc(ufunc)
        if ufunc not in ufuncs:
            return u
        found = <PyObject*>u
    met.ufunc = <PyObject*>ufunc
    met.u = found
    return <UFunc>found


cdef extern from *:
    """
    // NumPy makes the method's name anew at each call: equal, but not the same object.
    static inline int grumpy_is_call(PyObject* name) {
      return PyUnicode_GET_LENGTH(name) == 8 && PyUnicode_IS_COMPACT_ASCII(name) &&
             memcmp(PyUnicode_DATA(name), "__call__", 8) == 0;
    }
    """
    bint grumpy_is_call(PyObject* name) noexcept


cdef bint numpy_raises(object ufunc, Operand* o, int n) except -1:
    """Asks NumPy about operands of the same dtypes and shapes, but no memory: raises the error that
    NumPy has for them. True when it has none."""
    cdef int k
    cdef list shaped = []
    cdef list dtypes = []
    cdef bint weak
    for k in range(n):
        weak = o[k].array == NULL and o[k].scalar.is_weak
        if weak:
            shaped.append(scalar_item(o[k].scalar))
            dtypes.append(shaped[k])
            continue
        dummy = np.zeros((), <object>dtype_objects[dtype_of_operand(o[k])])
        shape = shape_tuple(o[k].array[0]) if o[k].array != NULL else ()
        shaped.append(np.broadcast_to(dummy, shape))
        dtypes.append(dummy[np.newaxis][:0] if shape else dummy)
    with np.errstate(all="ignore"):
        try:
            np.broadcast_shapes(*[np.shape(s) for s in shaped])
        except ValueError:
            ufunc(*shaped)
        ufunc(*dtypes)
    return True


cdef object map_native(UFunc u, Operand* o, int n):
    """A ufunc of one output over native operands; NotImplemented where NumPy must be asked."""
    cdef ndarray r
    if not check_weak(u.op, o, n):
        return NotImplemented
    if u.op == OP_POWER and power_is_refused(o[0], o[1]):
        raise ValueError("Integers to negative integer powers are not allowed.")
    r = new_object()
    if not try_map(u.op, o, n, &r.a):
        numpy_raises(u.ufunc, o, n)
        map_operands(u.op, o, n)  # NumPy has no objection: our own words
    return finished(r)


cdef object call_loop(UFunc u, Operand* o, int n):
    """Somebody's ufunc, recorded as its own inner loop."""
    cdef int k
    cdef int dtypes[8]
    cdef Loop found
    cdef Array out[8]
    key = tuple([dtype_of_operand(o[k]) + (32 if o[k].array == NULL and o[k].scalar.is_weak else 0)
                 for k in range(n)])
    entry = u.loops.get(key)
    if entry is None and key not in u.loops:
        weak = {KIND_INT: int, KIND_UINT: int, KIND_FLOAT: float, KIND_COMPLEX: complex}
        given = tuple([weak.get(dtype_kind(t - 32), dtype_list[t % 32]) if t >= 32 else dtype_list[t]
                       for t in key])
        try:
            resolved = u.ufunc.resolve_dtypes(given + (None,) * u.nout)
        except TypeError:
            if u.grows:
                return NotImplemented
            numpy_raises(u.ufunc, o, n)
            resolved = (object,)
        native = [id_of_dtype(t) for t in resolved]
        if min(native) >= 0:
            for k in range(len(native)):
                dtypes[k] = native[k]
            found = Loop.__new__(Loop)
            found.loop = keep_loop(<PyObject*>u.ufunc, dtypes)
            entry = found if found.loop != NULL else None
        if entry is not None or not u.grows:
            u.loops[key] = entry
    if entry is None:
        return NotImplemented
    found = entry
    try:
        foreign(found.loop, o, n, out, u.nout)
    except ValueError:
        numpy_raises(u.ufunc, o, n)
        raise
    if u.nout == 1:
        return make_result(out[0])
    return tuple([make_result(out[k]) for k in range(u.nout)])


cdef object map_parts(UFunc u, Operand* o, int n):
    """divmod and modf: two recorded operations that report as one."""
    cdef Array parts[2]
    try:
        if u.kind == UF_DIVMOD:
            if not check_weak(OP_FLOOR_DIVIDE, o, n):
                return NotImplemented
            map_pair(OP_FLOOR_DIVIDE, OP_REMAINDER, o, n, kDivmodSite, parts)
        else:
            map_pair(OP_MODF_FRACTION, OP_MODF_WHOLE, o, n, 0, parts)
    except (TypeError, ValueError, OverflowError):
        numpy_raises(u.ufunc, o, n)
        raise
    return make_result(parts[0]), make_result(parts[1])


cdef object call_plain(UFunc u, PyObject** inputs, int n):
    """ufunc(*inputs) without keywords; NotImplemented where NumPy must be asked."""
    cdef Operand o[3]
    cdef Array keep[3]
    cdef int k
    if n > 3 or n != u.nin:
        return NotImplemented
    if u.kind == UF_MAP or u.kind == UF_LOOP or u.kind == UF_DIVMOD or u.kind == UF_MODF:
        for k in range(n):
            if as_operand(<object>inputs[k], &o[k], &keep[k]) != 1:
                return NotImplemented
        if u.kind == UF_MAP:
            return map_native(u, o, n)
        if u.kind == UF_LOOP:
            return call_loop(u, o, n)
        return map_parts(u, o, n)
    if u.kind == UF_FORWARD:
        return NotImplemented
    return product(u.kind, <object>inputs[0], <object>inputs[1])


cdef object call_into(UFunc u, PyObject** inputs, int n, tuple outs):
    """ufunc(*inputs, out=...) of native arrays and Python numbers, the lane of programs that write in
    place; NotImplemented for everything else."""
    if n > 3 or n != u.nin or u.kind != UF_MAP or u.op == OP_POWER or len(outs) != 1 or not is_native(outs[0]):
        return NotImplemented
    if not hold_events():
        return map_into(u.op, inputs, n, <ndarray>outs[0])
    try:
        return map_into(u.op, inputs, n, <ndarray>outs[0])
    finally:
        let_events_go()


cdef object map_into(int op, PyObject** inputs, int n, ndarray out):
    cdef Operand o[3]
    cdef Array a
    cdef int k, result
    for k in range(n):
        x = <object>inputs[k]
        if is_native(x):
            o[k].array = &(<ndarray>x).a
        elif not weak_scalar(x, &o[k].scalar):
            return NotImplemented
    if not check_weak(op, o, n):
        return NotImplemented
    result = infer(op, o, n)
    if result < 0 or not takes_result(out, o, n, result, "same_kind"):
        return NotImplemented
    try:
        a = map_operands(op, o, n)
    except (TypeError, ValueError, OverflowError):
        return NotImplemented
    store(out, a, op)
    return out


cdef object array_ufunc(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* kwnames):
    """__array_ufunc__ as a METH_FASTCALL | METH_KEYWORDS method: ufunc, method, *inputs, **kwargs."""
    global dispatches
    cdef UFunc u
    cdef Scalar s
    cdef Py_ssize_t k
    cdef ndarray x, r
    cdef bint done = False
    cdef dict kwargs
    if n < 2:
        raise TypeError("__array_ufunc__ takes a ufunc, a method and its inputs")
    dispatches += 1
    u = find_ufunc(<object>args[0])
    if type(<object>args[1]) is not str:
        raise TypeError("__array_ufunc__: the second argument must be the name of a method")
    if kwnames == NULL and grumpy_is_call(args[1]):
        if u.kind == UF_MAP and u.op != OP_POWER and is_native(<object>args[2]):
            # The common lanes: native arrays and Python numbers.
            x = <ndarray>args[2]
            r = new_object()
            if n == 3:
                done = try_map1(u.op, x.a, &r.a)
            elif n == 4 and is_native(<object>args[3]):
                done = try_map2(u.op, x.a, (<ndarray>args[3]).a, &r.a)
            elif n == 4:
                done = try_map_number(u.op, x.a, args[3], False, &r.a)
                if not done and weak_scalar(<object>args[3], &s) and fits_dtype(s, dtype_id(x)):
                    done = try_map2_scalar(u.op, x.a, s, False, &r.a)
            if done:
                return finished(r)
        result = call_plain(u, <PyObject**>args + 2, n - 2)
        if result is not NotImplemented:
            return result
    elif kwnames != NULL and PyTuple_GET_SIZE(<object>kwnames) == 1 and grumpy_is_call(args[1]) \
            and <str>PyTuple_GET_ITEM(<object>kwnames, 0) == "out":
        result = call_into(u, <PyObject**>args + 2, n - 2, <tuple>args[n])
        if result is not NotImplemented:
            return result
    kwargs = {}
    if kwnames != NULL:
        for k in range(PyTuple_GET_SIZE(<object>kwnames)):
            kwargs[<object>PyTuple_GET_ITEM(<object>kwnames, k)] = <object>args[n + k]
    inputs = tuple([<object>args[k] for k in range(2, n)])
    return call_full(u, <object>args[0], <object>args[1], inputs, kwargs)


cdef object call_full(UFunc u, object ufunc, str method, tuple inputs, dict kwargs):
    """Any method of any ufunc: natively where it can be, else by NumPy."""
    for x in inputs:
        if is_foreign_override(x):
            return NotImplemented
    for x in kwargs.get("out", ()):
        if is_foreign_override(x):
            return NotImplemented
    if is_foreign_override(kwargs.get("where")):
        return NotImplemented
    if ("out" in kwargs or method == "at") and hold_events():
        try:
            return call_method(u, ufunc, method, inputs, kwargs)
        finally:
            let_events_go()
    return call_method(u, ufunc, method, inputs, kwargs)


cdef object call_method(UFunc u, object ufunc, str method, tuple inputs, dict kwargs):
    result = NotImplemented
    if method == "__call__":
        if kwargs:
            result = call_keywords(u, inputs, kwargs)
            if result is NotImplemented and "where" in kwargs and "out" not in kwargs:
                warn_uninitialised(kwargs["where"])
                kwargs = dict(kwargs, out=None if u.nout == 1 else (None,) * u.nout)
                result = call_keywords(u, inputs, kwargs)
    elif method == "reduce":
        result = ufunc_reduce(u, inputs, kwargs)
    elif method == "accumulate":
        result = ufunc_accumulate(u, inputs, kwargs)
    elif method == "outer" and not kwargs:
        result = ufunc_outer(u, inputs)
    elif method == "at":
        result = ufunc_at(u, inputs)
        if result is DONE:
            return None
    if result is not NotImplemented:
        return result
    return forward_ufunc(ufunc, method, inputs, kwargs)


cdef object forward_ufunc(object ufunc, str method, tuple inputs, dict kwargs):
    """NumPy's own, on evaluated operands; what was given as out= comes back as it was given."""
    outs = kwargs.get("out")
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    name = f"numpy.{ufunc.__name__}" + ("" if method == "__call__" else "." + method)
    if outs is not None and method != "__call__" and type(outs) is tuple and len(outs) == 1:
        kwargs = dict(kwargs, out=outs[0])
    result = forward(function, inputs, kwargs, forward_reason(inputs, kwargs), name)
    if outs is None:
        return result
    if type(outs) is not tuple:
        outs = (outs,)
    if type(result) is tuple:
        return tuple([r if o is None else o for r, o in zip(result, outs)])
    return result if outs[0] is None else outs[0]


cdef str forward_reason(tuple inputs, dict kwargs):
    for x in inputs:
        if type(x) is ndarray:
            if (<ndarray>x).bits & FOREIGN:
                return f"dtype {(<object>(<ndarray>x).np_).dtype}"
        elif isinstance(x, np_ndarray) and type(x) is not np_ndarray:
            return f"an operand is a {type(x).__name__}"
    out = kwargs.get("out")
    for x in out if type(out) is tuple else (out,):
        if isinstance(x, np_ndarray):
            return "out= is a numpy.ndarray"
    return NO_NATIVE


# ---- keywords

cdef int warn_uninitialised(object where) except -1:
    if where is not True:
        warnings.warn("'where' used without 'out', expect unitialized memory in output. If this is "
                      "intentional, use out=None.", UserWarning, stacklevel=1)
    return 0


cdef bint stores_into(ndarray out, const Array& result, str casting) except -1:
    """Can `result` be written into `out` under this casting, as a ufunc's output?"""
    cdef const ShapeRep* have = result.shape().get()
    cdef const ShapeRep* want
    cdef int k, lead
    if not viewable(out):
        return False
    want = out.a.shape().get()
    lead = want.ndim - have.ndim
    if lead < 0:
        return False
    for k in range(have.ndim):
        if have.dims[k] != want.dims[k + lead] and have.dims[k] != 1:
            return False
    if dtype_of(result) == dtype_id(out):
        return True
    if casting == "same_kind":
        return can_cast_same_kind(dtype_of(result), dtype_id(out))
    return np.can_cast(dtype_list[dtype_of(result)], dtype_list[dtype_id(out)], casting)


cdef bint takes_result(ndarray out, const Operand* o, int n, int result, str casting) except -1:
    """Can an operation on these operands be written into `out`? Asked before it is recorded: NumPy
    refuses before it computes, and warns of nothing."""
    cdef int k
    if not viewable(out):
        return False
    for k in range(n):
        if o[k].array != NULL and not broadcasts_into(o[k].array[0], out.a):
            return False
    return result == dtype_id(out) or (
        can_cast_same_kind(result, dtype_id(out)) if casting == "same_kind"
        else casting in ("no", "equiv", "safe", "unsafe")
        and np.can_cast(dtype_list[result], dtype_list[dtype_id(out)], casting))


cdef int store(ndarray out, const Array& result, int op=-1) except -1:
    if not may_write(out):
        raise ValueError("output array is read-only")
    if dtype_kind(dtype_of(result)) == KIND_COMPLEX and dtype_kind(dtype_id(out)) != KIND_COMPLEX:
        warnings.warn("Casting complex values to real discards the imaginary part",
                      ComplexWarning, stacklevel=1)
    if op < 0:
        write_array(out.a, result)
    else:
        write_result(out.a, result, op)
    return 0


cdef object call_keywords(UFunc u, tuple inputs, dict kwargs):
    """ufunc(*inputs, out=, where=, dtype=, casting=, order=, signature=, subok=)."""
    cdef Operand o[3]
    cdef Array keep[3]
    cdef int k
    cdef int n = <int>len(inputs)
    cdef ndarray out = None
    cdef ndarray mask = None
    cdef Array a
    if u.kind != UF_MAP or n != u.nin or n > 3:
        return NotImplemented
    for key in kwargs:
        if key not in ("out", "where", "casting", "dtype", "order", "subok", "signature", "sig"):
            return NotImplemented
    casting = kwargs.get("casting", "same_kind")
    order = kwargs.get("order", "K")
    if order not in ("K", "C", "A") or type(casting) is not str:
        return NotImplemented
    outs = kwargs.get("out")
    if outs is not None:
        if len(outs) != 1 or (outs[0] is not None and not is_native(outs[0])):
            return NotImplemented
        out = outs[0]
    for k in range(n):
        if as_operand(inputs[k], &o[k], &keep[k]) != 1:
            return NotImplemented
    where = kwargs.get("where", True)
    if where is not True:
        if "out" not in kwargs:
            return NotImplemented  # NumPy warns that the rest is not initialised
        mask = native_array(where)
        if mask is None or dtype_id(mask) != BOOL:
            return NotImplemented
    if not check_weak(u.op, o, n) or u.op == OP_POWER and power_is_refused(o[0], o[1]):
        return NotImplemented
    typed = kwargs.get("signature", kwargs.get("sig")) is not None or kwargs.get("dtype") is not None \
        or casting != "same_kind"
    if typed:
        types = resolve(u, o, n, kwargs, casting)
        if types is None:
            return NotImplemented
        compute, result = types
        for k in range(n):  # NumPy warns of parts that are lost
            if dtype_kind(dtype_of_operand(o[k])) == KIND_COMPLEX and dtype_kind(compute) != KIND_COMPLEX:
                return NotImplemented
    else:
        result = infer(u.op, o, n)
        if result < 0:
            return NotImplemented
    if out is not None and not takes_result(out, o, n, result, casting):
        return NotImplemented
    if mask is not None:
        return masked_call(u, o, n, out, mask, casting, types if typed else None)
    try:
        if typed:
            a = map_as(u.op, compute, result, o, n)
        else:
            a = map_operands(u.op, o, n)
    except (TypeError, ValueError, OverflowError):
        return NotImplemented
    if out is None:
        if order == "C" and not is_c_contiguous(a):
            a = copy(a)
        return make_result(a)
    store(out, a, u.op)
    return out


cdef object resolve(UFunc u, Operand* o, int n, dict kwargs, str casting):
    """(compute, result) dtypes as NumPy decides them under dtype=, signature= or casting=; None when
    they are not what one operation computes. Raises NumPy's error."""
    cdef int k
    cdef list given = []
    weak = {KIND_INT: int, KIND_UINT: int, KIND_FLOAT: float, KIND_COMPLEX: complex}
    for k in range(n):
        kind = dtype_kind(dtype_of_operand(o[k]))
        if o[k].array == NULL and o[k].scalar.is_weak and kind != KIND_BOOL:
            given.append(weak[kind])
        else:
            given.append(dtype_list[dtype_of_operand(o[k])])
    signature = kwargs.get("signature", kwargs.get("sig"))
    if kwargs.get("dtype") is not None:
        if signature is not None:
            return None
        wanted = kwargs["dtype"]
        if not (isinstance(wanted, type) and issubclass(wanted, np.dtype)):  # a class stands for itself
            wanted = np.dtype(wanted)
        signature = (None,) * n + (wanted,)
    try:
        types = u.ufunc.resolve_dtypes((*given, None), signature=signature, casting=casting)
    except TypeError:
        return None  # the whole call by NumPy has the right words
    native = [id_of_dtype(t) for t in types]
    if min(native) < 0 or len(set(native[:-1])) != 1:
        return None
    if not op_takes(u.op, native[0]) or op_result(u.op, native[0]) != native[-1]:
        return None
    return native[0], native[-1]


cdef object masked_call(UFunc u, Operand* o, int n, ndarray out, ndarray mask, str casting, tuple types):
    """where=: elements outside the mask are neither stored nor reported."""
    cdef int k
    cdef Operand three[3]
    cdef Operand value
    cdef Array a
    cdef Array safe[3]
    cdef int computes = types[0] if types is not None else infer(u.op, o, n)
    if out is not None and (not broadcasts_into(mask.a, out.a) or out.bits & (READONLY | WARNS) == READONLY):
        return NotImplemented
    # Where the mask is false the operation works on an operand that raises nothing.
    if op_fpe(u.op) & current_errstate().watch:
        for k in range(n):
            kind = dtype_kind(dtype_of_operand(o[k]))
            number = True if kind == KIND_BOOL else (
                0.5 if kind in (KIND_FLOAT, KIND_COMPLEX) and u.ufunc is not np.arccosh else 1)
            three[0].array = &mask.a
            three[1] = o[k]
            three[2] = Operand()
            weak_scalar(number, &three[2].scalar)
            if o[k].array == NULL and o[k].scalar.is_weak:
                if u.op == OP_POWER or computes <= BOOL:
                    continue
                safe[k] = map_as(OP_WHERE, computes, computes, three, 3)  # which is no longer weak: so, of that dtype
            else:
                safe[k] = map_operands(OP_WHERE, three, 3)
            o[k] = Operand()
            o[k].array = &safe[k]
    try:
        if types is not None:
            a = map_as(u.op, types[0], types[1], o, n)
        else:
            a = map_operands(u.op, o, n)
    except (TypeError, ValueError, OverflowError):
        return NotImplemented
    if out is None:
        shape = np.broadcast_shapes(shape_tuple(a), shape_tuple(mask.a))
        out = new_empty(shape, dtype_of(a))
        if out.a.ndim() == 0:
            out.bits = SCALAR | READONLY
    else:
        may_write(out)
    value.array = &a
    write_where(out.a, mask.a, value)
    return out


cdef bint broadcasts_into(const Array& a, const Array& b) noexcept:
    cdef const ShapeRep* have = a.shape().get()
    cdef const ShapeRep* want = b.shape().get()
    cdef int k, lead = want.ndim - have.ndim
    if lead < 0:
        return False
    for k in range(have.ndim):
        if have.dims[k] != want.dims[k + lead] and have.dims[k] != 1:
            return False
    return True


cdef ndarray new_empty(tuple shape, int dtype):
    cdef int64_t dims[64]
    cdef int k
    cdef Array a
    for k in range(len(shape)):
        dims[k] = shape[k]
    a = empty(dtype, dims, <int>len(shape))
    return make(a)
