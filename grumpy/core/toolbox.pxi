# What functions/*.py are written with, and the rest of the module's Python functions.


def implements(*numpy_functions, reads=False):
    """Decorator: the function stands for these NumPy functions on grumpy arrays. It has their
    signature, and raises Forward for arguments that only NumPy can handle. `reads`: it looks at values."""
    def register(function):
        for f in numpy_functions:
            quick = functions.get(f)
            if type(quick) is Quick:
                (<Quick>quick).code = function
            else:
                functions[f] = function
            if reads:
                readers.add(f)
        return function
    return register


def retells(numpy_functions, writes=False, reads=False):
    """The own code of these functions of NumPy's, with globals of ours, stands for them where no other
    implementation takes the arguments; a name stands for a function of a module that need not be imported
    yet. `writes`: it writes into an argument, or calls the user's code; `reads`: it looks at values."""
    for f in numpy_functions:
        if type(f) is str:
            retold_late.add(f)
            continue
        retold[f] = None
        if writes:
            writers.add(f)
        if reads:
            readers.add(f)


def set_reteller(function):
    """Gives the function that makes that code, at the first call of each."""
    global make_retold
    make_retold = function


def native(x):
    """An array_like as a native grumpy array; raises Forward where it cannot be one. A list of arrays is
    stacked."""
    g = native_array(x)
    if g is None and (type(x) is list or type(x) is tuple) and not keep_plain(x):
        g = np.stack([native(i) for i in x]) if len(x) <= MOST_STACKED else None
    if g is None:
        raise Forward(forward_reason((x,), {}) if type(x) is ndarray else "an argument of this type")
    return g


def is_array(x):
    """True for a grumpy array of native dtype."""
    return type(x) is ndarray and not (<ndarray>x).bits & FOREIGN


def joined_at_once(arrays, int axis, bint stacks=False):
    """A list of arrays joined along `axis` (or, stacked, along a new one there) from memory to memory; None
    where not all are known, alike and small, or where NumPy may have to raise its error."""
    cdef const Array* parts[MOST_AT_ONCE]
    cdef int64_t shape[64]
    cdef ndarray g
    cdef Array out
    cdef const ShapeRep* s
    cdef int n, k, j, ndim = 0
    if type(arrays) is not list and type(arrays) is not tuple:
        return None
    n = <int>len(arrays)
    if not 0 < n <= MOST_AT_ONCE:
        return None
    for k in range(n):
        x = arrays[k]
        if type(x) is not ndarray or not readable(<ndarray>x) or is_waiting((<ndarray>x).a):
            return None
        g = <ndarray>x
        s = g.a.shape().get()
        parts[k] = &g.a
        if k == 0:
            ndim = s.ndim
            if ndim == 0 or ndim > 8:
                return None
            if axis < 0:
                axis += ndim + stacks
            if not 0 <= axis < ndim + stacks:
                return None
            for j in range(ndim):
                shape[j] = s.dims[j]
            continue
        if s.ndim != ndim:
            return None
        for j in range(ndim):
            if j == axis and not stacks:
                shape[j] += s.dims[j]
            elif s.dims[j] != shape[j]:
                return None
    if stacks:
        for j in range(ndim, axis, -1):
            shape[j] = shape[j - 1]
        shape[axis] = n
        ndim += 1
    if not join_known(parts, n, axis, shape, ndim, out):
        return None
    return make(out)


cdef enum:
    MOST_AT_ONCE = 64
    MOST_STACKED = 512  # beyond which one conversion is cheaper than that many recorded writes


def stands_for_scalar(x):
    """Is x a grumpy array where NumPy would have a scalar?"""
    return type(x) is ndarray and bool((<ndarray>x).bits & SCALAR)


def record(name, *inputs):
    """Records the operation of this name in the op table, as its ufunc would; raises Forward where
    the inputs are not for it."""
    cdef Operand o[3]
    cdef Array keep[3]
    cdef int k
    cdef int op = op_numbers[name]
    cdef int n = <int>len(inputs)
    cdef Array a
    for k in range(n):
        if as_operand(inputs[k], &o[k], &keep[k]) != 1:
            raise Forward(forward_reason(inputs, {}))
    if not check_weak(op, o, n):
        raise Forward("a Python number outside the dtype's range")
    a = map_operands(op, o, n)
    return make_result(a)


def reduction(name, x, axis=None, keepdims=False, dtype=None, initial=NoValue, where=True):
    """A reduction of the reduce table; raises Forward where NumPy must decide."""
    result = reduce_native(reduce_numbers[name], native(x), axis, dtype, None, keepdims, initial, where)
    if result is NotImplemented:
        raise Forward("arguments of a reduction that only NumPy handles")
    return result


def strided(x, tuple shape, tuple strides, offset):
    """A view of x: strides and offset in elements of its storage (see `layout`)."""
    cdef int64_t dims[64]
    cdef int64_t steps[64]
    cdef int k
    cdef ndarray g = x
    cdef Array a
    if not viewable(g):
        raise Forward(forward_reason((x,), {}))
    for k in range(len(shape)):
        dims[k] = shape[k]
        steps[k] = strides[k]
    a = view(g.a, dims, steps, <int>len(shape), offset)
    return make_view(g, a)


def layout(x):
    """(strides, offset) of an array, in elements of its storage."""
    cdef int64_t steps[64]
    cdef int64_t offset
    cdef int k
    cdef ndarray g = x
    if not viewable(g):
        raise Forward(forward_reason((x,), {}))
    window_of(g.a, steps, &offset)
    return tuple([steps[k] for k in range(g.a.ndim())]), offset


def read_only(x):
    """x, made read-only."""
    (<ndarray>x).bits |= READONLY
    return x


def new_array(shape, dtype):
    """Uninitialised memory of native dtype, or an array of whatever dtype NumPy makes."""
    cdef int id = id_of_dtype(dtype)
    cdef int64_t dims[64]
    cdef int n
    cdef Array a
    if id < 0:
        return wrap(np.empty(unwrap(shape), dtype))
    n = read_shape(shape, dims)
    a = empty(id, dims, n)
    return make(a)


cdef tuple memory_axes(list arrays):
    """The axes of arrays of one ndim, outermost first, as NumPy orders those of a new array made of them
    (PyArray_CreateMultiSortedStridePerm): an insertion sort by stride, where C order wins."""
    steps = [[None if n == 1 else abs(s) for n, s in zip(x.shape, layout(x)[0])] for x in arrays]
    order = []
    for axis in range(len(steps[0])):
        place = len(order)
        for k in range(len(order) - 1, -1, -1):
            pairs = [(row[axis], row[order[k]]) for row in steps
                     if row[axis] is not None and row[order[k]] is not None]
            if not pairs:
                continue
            if any([inner <= outer for inner, outer in pairs]):
                break
            place = k
        order.insert(place, axis)
    return tuple(order)


def joined(list arrays, int axis):
    """Native arrays of one shape but along `axis`, one after another in new memory of their common dtype,
    in their memory order; None where shapes differ."""
    cdef ndarray g = arrays[0]
    cdef bint in_c_order = True
    cdef int ndim = g.a.ndim()
    cdef int id = dtype_id(g)
    cdef int k
    cdef int64_t total = 0, step = 1
    cdef int64_t dims[64]
    cdef int64_t part[64]
    cdef int64_t steps[64]
    cdef Array whole, place
    cdef Operand o
    for k in range(ndim):
        dims[k] = g.a.shape().get().dims[k]
    for x in arrays:
        g = x
        if g.a.ndim() != ndim:
            return None
        in_c_order = in_c_order and is_c_contiguous(g.a)
        for k in range(ndim):
            if k != axis and g.a.shape().get().dims[k] != dims[k]:
                return None
        total += g.a.shape().get().dims[axis]
        id = dtype_promote(id, dtype_id(g))
    if ndim > 1 and not in_c_order:
        order = memory_axes(arrays)
        if order != tuple(range(ndim)):
            turned = joined([x.transpose(order) for x in arrays], order.index(axis))
            return turned.transpose([order.index(k) for k in range(ndim)])
    dims[axis] = total
    whole = empty(id, dims, ndim)
    for k in range(ndim - 1, -1, -1):
        steps[k] = step
        step *= dims[k]
        part[k] = dims[k]
    total = 0
    for x in arrays:
        g = x
        part[axis] = g.a.shape().get().dims[axis]
        if g.a.size() > 0:
            place = view(whole, part, steps, ndim, total * steps[axis])
            o.array = &g.a
            write(place, o)
        total += part[axis]
    return make(whole)


def full_array(shape, dtype, value):
    """An array of one value, computed when needed."""
    cdef int id = id_of_dtype(dtype)
    if id < 0:
        return wrap(np.full(unwrap(shape), unwrap(value), dtype))
    cdef int64_t dims[64]
    cdef int n = read_shape(shape, dims)
    return make_filled(tuple([dims[k] for k in range(n)]), id, value)


def broadcast_view(x, shape, bint warns=False):
    """A read-only view of x with another shape; raises Forward where it does not broadcast. warns: one
    that is writeable where x is, after a DeprecationWarning."""
    cdef int64_t dims[64]
    cdef int n = read_shape(shape, dims)
    cdef int k
    cdef ndarray g = x
    cdef Array a
    cdef ndarray r
    if not viewable(g):
        raise Forward(forward_reason((x,), {}))
    for k in range(g.a.ndim()):
        if n < g.a.ndim() or extent(g.a, -1 - k) not in (1, dims[n - 1 - k]):
            raise Forward("shapes that do not broadcast")
    for k in range(n):
        if dims[k] < 0:
            raise Forward("a negative extent")
    a = broadcast_to(g.a, dims, n)
    r = make_view(g, a)
    r.bits = READONLY if not warns or g.bits & (READONLY | WARNS) == READONLY else READONLY | WARNS
    return r


def take_along(x, index, axis):
    """Elements of x at integer positions along one axis, bounds checked; raises Forward."""
    cdef ndarray g = native(x)
    if not 0 <= axis < g.a.ndim():
        raise Forward("an axis out of bounds")
    if type(index) is not ndarray and type(index) is not np_ndarray:
        index = np.asarray(unwrap(index))
        if index.size == 0:
            index = index.astype(np.intp)
    if index.dtype.kind not in "iu":
        raise Forward("an index that is not an array of integers")
    result = get_fancy(g, (slice(None),) * axis + (index,) if axis else index, True)
    if result is NotImplemented:
        raise Forward("an error of NumPy's")
    return result


def compress_array(x, mask):
    """x[mask] for a mask over the first axes of x; raises Forward."""
    cdef ndarray g = native(x)
    cdef ndarray m = native(mask)
    cdef Array a
    cdef uint64_t began = now_ticks()
    cdef bint waits = is_waiting(g.a), mask_waits = is_waiting(m.a)
    if dtype_id(m) != BOOL or m.a.ndim() == 0 or not mask_fits(g, m):
        raise Forward("a mask of another kind")
    a = compress(g.a, m.a, True)
    if mask_waits or (waits and not is_waiting(g.a)):
        note_evaluation(began)
    return make(a)


def nonzero_positions(x):
    """A tuple of index arrays, one for each axis of x."""
    cdef ndarray g = native(x)
    cdef Array a = g.a
    cdef vector[Array] found
    cdef size_t k
    cdef uint64_t began = now_ticks()
    cdef bint waits
    if g.a.ndim() == 0:
        raise Forward("an error of NumPy's")
    if dtype_id(g) != BOOL:
        a = cast(g.a, BOOL)
    waits = is_waiting(a)
    found = nonzero(a)
    if waits:
        note_evaluation(began)
    return tuple([make(found[k]) for k in range(found.size())])


def write_masked(dst, mask, value):
    """dst[mask] = value for a mask and a value that broadcast to dst; raises Forward."""
    cdef ndarray d = dst
    cdef ndarray m = native(mask)
    cdef Operand o
    cdef Array keep[3]
    if not viewable(d) or not may_write(d) or as_operand(value, &o, &keep[0]) != 1 \
            or not assigns_quietly(o, dtype_id(d)) or not broadcasts_into(m.a, d.a) \
            or o.array != NULL and not broadcasts_into(o.array[0], d.a):
        raise Forward("a masked write that only NumPy handles")
    write_where(d.a, m.a, o)


def can_store(dst, dtype, casting="same_kind"):
    """May values of `dtype` be written into the native array dst?"""
    return is_array(dst) and bool(np.can_cast(dtype, dst.dtype, casting))


def wrapped(x, /):  # by position, so that the call holds no reference of its own
    """Wraps what a NumPy function has returned, also in tuples and lists."""
    return wrap(x)


def to_numpy(x):
    """Undoes `wrapped`: ndarrays over the same memory, NumPy scalars for scalar-likes."""
    return unwrap(x)


def evaluate(*arrays):
    """Computes the values of these arrays now, in one evaluation.

    Parameters
    ----------
    *arrays : grumpy.ndarray
        Without arguments everything that is pending and still reachable is computed.
    """
    cdef vector[const Array*] wanted
    cdef uint64_t began = now_ticks()
    for x in arrays:
        if type(x) is not ndarray:
            raise TypeError(f"evaluate: expected grumpy arrays, got {type(x).__name__}")
        if not (<ndarray>x).bits & FOREIGN:
            wanted.push_back(&(<ndarray>x).a)
    if arrays:
        evaluate_many(wanted)
    else:
        evaluate_pending()
    note_evaluation(began)


def is_pending(x):
    """True when the values of x have not been computed yet."""
    return type(x) is ndarray and not (<ndarray>x).bits & FOREIGN and is_waiting((<ndarray>x).a)


def show_text(arrays, what):
    """The text of csrc's show: what an evaluation of these arrays would do."""
    cdef vector[const Array*] wanted
    for x in arrays:
        if type(x) is not ndarray:
            raise TypeError(f"show: expected grumpy arrays, got {type(x).__name__}")
        if not (<ndarray>x).bits & FOREIGN:
            wanted.push_back(&(<ndarray>x).a)
    return show_arrays(wanted, what.encode()).decode()


def op_table():
    """The rows of the op table, as dicts."""
    kinds = ("bool", "int", "uint", "float", "complex")
    return [{"name": op_name(k).decode(), "nin": op_nin(k), "doc": op_doc(k).decode(), "ulp": op_ulp(k),
             "domain": tuple([kinds[b] for b in range(5) if op_domain(k) >> b & 1]),
             "flags": op_flags(k), "fpe": op_fpe(k),
             "identity": op_identity(k) if op_has_identity(k) else None,
             "internal": op_is_internal(k), "scipy": op_is_scipy(k), "loop": op_is_loop(k)}
            for k in range(kOpCount)]


def infer_map(str name, operands):
    """Names of the dtypes an operation computes in and gives.

    Parameters
    ----------
    name : str
        A row of the op table.
    operands : sequence of str or Python numbers
        The operands' dtypes; a Python number stands for itself (NEP 50).

    Raises
    ------
    TypeError
        Where NumPy's ufunc has no loop for these dtypes, in NumPy's words.
    """
    cdef int codes[3]
    cdef int k, found
    if not 0 < len(operands) <= 3:
        raise ValueError(f"infer_map: expected 1 to 3 operands, got {len(operands)}")
    for k, x in enumerate(operands):
        if isinstance(x, str):
            codes[k] = dtype_list.index(np.dtype(x))
        else:
            codes[k] = kWeak + dtype_list.index(np.result_type(type(x)) if not isinstance(x, bool) else np.dtype(bool))
    found = infer_types(op_numbers[name], codes, len(operands))
    return dtype_name(found & 255).decode(), dtype_name(found >> 8).decode()


def reduce_table():
    """The names of the reductions that are native."""
    return [reduce_name(k).decode() for k in range(kReduceCount)]


def native_dtypes():
    """The dtypes whose operations are recorded."""
    return list(dtype_list)


def native_functions():
    """The NumPy functions that have an implementation here."""
    return {f: (<Quick>code).code if type(code) is Quick else code for f, code in functions.items()}


def reading_functions():
    """Those of both that evaluate at the call, because they look at values."""
    return set(readers)


def retold_functions():
    """The NumPy functions whose own code runs on grumpy arrays, and names of such functions."""
    return set(retold) | retold_late


def config_facts():
    """name -> (variable, type, default, choices, doc) of every setting."""
    return config_rows_as_dict()


cdef dict config_rows_as_dict():
    cdef vector[ConfigText] rows = config_texts()
    cdef size_t k
    return {rows[k].name.decode(): (rows[k].variable.decode(), rows[k].type.decode(),
                                    rows[k].default_text.decode(), rows[k].choices.decode(),
                                    rows[k].doc.decode())
            for k in range(rows.size())}


def check_settings():
    """Raises ValueError that names the first malformed GRUMPY_* variable."""
    check_environment()
    check_core_settings()


def set_setting(name, value):
    """Sets one setting from its text."""
    set_core_setting(name.encode(), value.encode())
    apply_settings()


def get_setting(name):
    """The text of one setting."""
    return get_config(name.encode()).decode()


def apply_settings():
    """Takes over the settings that the binding itself obeys."""
    global forward_policy, log_forwards
    cdef bytes policy = get_config(b"forward")
    cdef bytes log = get_config(b"log")
    forward_policy = (FORWARD_ERROR if policy == b"error" else
                      FORWARD_WARN if policy == b"warn" else FORWARD_ALLOW)
    log_forwards = b"fallback" in log
    set_warnings_at_call(<bytes>get_config(b"fp_warnings") == b"call")


apply_settings()
