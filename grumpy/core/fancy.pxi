# Indexing by integer arrays and masks. Masks and index arrays are evaluated at the call, where a shape or a
# bounds check depends on their values; reads and writes of the elements are recorded where something is pending.


@cython.final
cdef class Fancy:
    """An index with arrays, ready for the core: index[k] runs over axis `axis` + k of `target`."""
    cdef Array target
    cdef list index
    cdef int axis
    cdef bint waits  # an index was evaluated
    cdef bint selects_nothing
    cdef vector[int] names  # g's axes that the arrays stand for, where bounds are checked in the evaluation; or empty


cdef vector[const Array*] pointers(list index) except *:
    cdef vector[const Array*] result
    for i in index:
        result.push_back(&(<ndarray>i).a)
    return result


cdef object as_index(object x):
    """An index item as a native integer or boolean array; None for what NumPy must judge."""
    cdef ndarray g
    cdef Array a
    t = type(x)
    if t is list:
        if not keep_plain(x):
            return None
        nd = np.asarray(x)
        x = nd if nd.size else nd.astype(np.intp)
    elif t is not ndarray and t is not np_ndarray:
        return None
    g = native_array(x)
    if g is None or dtype_kind(dtype_id(g)) > KIND_UINT:
        return None
    if dtype_id(g) != BOOL and dtype_id(g) != INT64:
        a = cast(g.a, INT64)
        return make(a)
    return g


cdef inline ndarray only_index(object key):
    """key as one index array of axes, boolean or integer; None where it is something else."""
    cdef ndarray m
    if type(key) is tuple and len(key) == 1:
        key = key[0]
    m = as_index(key)
    return None if m is None or m.a.ndim() == 0 else m


cdef bint mask_fits(ndarray g, ndarray mask) noexcept:
    """Does the mask stand over g's first axes?"""
    cdef const ShapeRep* s = mask.a.shape().get()
    cdef int k
    if s.ndim > g.a.ndim():
        return False
    for k in range(s.ndim):
        if s.dims[k] != extent(g.a, k):
            return False
    return True


cdef int joint_extents(list index, int64_t* dims) except -2:
    """The shape of index arrays together; -1 where they do not broadcast."""
    cdef int ndim = 0, k, n
    cdef int64_t e
    cdef ndarray i
    for i in index:
        n = i.a.ndim()
        while ndim < n:
            for k in range(ndim, 0, -1):
                dims[k] = dims[k - 1]
            dims[0] = 1
            ndim += 1
        for k in range(1, n + 1):
            e = extent(i.a, -k)
            if dims[ndim - k] == 1:
                dims[ndim - k] = e
            elif e != 1 and e != dims[ndim - k]:
                return -1
    return ndim


cdef bint selects_rows(ndarray g, ndarray m, vector[int]* names, bint* waits) except -1:
    """Whether m selects rows along g's first axis; where not, NumPy must judge. `names` and `waits` as of Fancy."""
    waits[0] = False
    if is_checked_late(g.a, m.a) and m.a.shape().get().size and g.a.shape().get().size:
        names.push_back(0)
    else:
        waits[0] = is_waiting(m.a)
        if not in_bounds(m.a, extent(g.a, 0)):
            return False
    return g.a.ndim() + m.a.ndim() <= 65


cdef bint fits_rows(const Operand& value, ndarray g, ndarray m) noexcept:
    """Does the value broadcast to the rows that m selects?"""
    cdef int k, inner = g.a.ndim() - 1
    cdef int64_t e
    if value.array == NULL:
        return True
    if value.array.ndim() > inner + m.a.ndim():
        return False  # NumPy drops leading ones; the core takes the shape as it is
    for k in range(1, value.array.ndim() + 1):
        e = extent(g.a, -k) if k <= inner else extent(m.a, inner - k)
        if extent(value.array[0], -k) != 1 and extent(value.array[0], -k) != e:
            return False
    return True


cdef Fancy plan_fancy(ndarray g, object key):
    """Slices, new axes and integers as a view of g, and the index arrays over its consecutive axes;
    None where NumPy must judge. Index arrays that are not neighbours move to the front, as NumPy
    has it."""
    cdef int64_t steps[64]
    cdef int64_t shape[64]
    cdef int64_t strides[64]
    cdef int64_t offset
    cdef int order[64]
    cdef int axis = 0, out = 0, used = 0, missing, k, j
    cdef int state = 0  # 0 no array yet, 1 within the arrays, 2 behind them, 3 they are apart
    cdef bint late = False
    cdef Py_ssize_t start, stop, step, length
    cdef Fancy plan = Fancy.__new__(Fancy)
    cdef ndarray m
    cdef vector[Array] found
    cdef int64_t joint[64]
    cdef int njoint
    cdef bint is_empty = False
    cdef list items = list(key) if type(key) is tuple else [key]
    cdef list places = []
    plan.index = []
    for k in range(len(items)):
        x = items[k]
        if x is None or type(x) is slice:
            used += x is not None
        elif x is Ellipsis:
            pass
        elif is_integer_index(x):
            items[k] = operator.index(x)
            used += 1
        else:
            m = as_index(x)
            if m is None or dtype_id(m) == BOOL and m.a.ndim() == 0:
                return None
            items[k] = m
            used += m.a.ndim() if dtype_id(m) == BOOL else 1
    missing = g.a.ndim() - used
    if missing < 0 or len([x for x in items if x is Ellipsis]) > 1:
        return None
    window_of(g.a, steps, &offset)
    for x in items:
        if x is None or x is Ellipsis or type(x) is slice:
            if state == 1:
                state = 2
            if x is None:
                if out >= 64:
                    return None
                shape[out] = 1
                strides[out] = 0
                out += 1
            elif x is Ellipsis:
                for _ in range(missing):
                    shape[out] = extent(g.a, axis)
                    strides[out] = steps[axis]
                    out += 1
                    axis += 1
                missing = 0
            else:
                PySlice_Unpack(x, &start, &stop, &step)
                length = PySlice_AdjustIndices(extent(g.a, axis), &start, &stop, step)
                if length > 0:
                    offset += start * steps[axis]
                shape[out] = length
                strides[out] = steps[axis] * step
                out += 1
                axis += 1
            continue
        state = 1 if state <= 1 else 3
        if type(x) is ndarray and dtype_id(<ndarray>x) == BOOL:
            m = x
            for k in range(m.a.ndim()):
                if extent(m.a, k) != extent(g.a, axis + k):
                    return None
            plan.waits |= is_waiting(m.a)
            found = nonzero(m.a)
            parts = [make(found[k]) for k in range(<int>found.size())]
        elif type(x) is ndarray:
            if is_checked_late(g.a, (<ndarray>x).a):
                late = True
            else:
                plan.waits |= is_waiting((<ndarray>x).a)
                if not in_bounds((<ndarray>x).a, extent(g.a, axis)):
                    return None
            parts = [x]
        else:
            if not -extent(g.a, axis) <= x < extent(g.a, axis):
                return None
            parts = [native_array(np.asarray(x, np.int64))]
        for m in parts:
            if out >= 64:
                return None
            places.append(out)
            plan.index.append(m)
            plan.names.push_back(axis)
            shape[out] = extent(g.a, axis)
            strides[out] = steps[axis]
            out += 1
            axis += 1
    while axis < g.a.ndim():
        if out >= 64:
            return None
        shape[out] = extent(g.a, axis)
        strides[out] = steps[axis]
        out += 1
        axis += 1
    if not late:
        plan.names.clear()
    if not 0 < len(plan.index) < 64:
        return None  # NumPy takes no more, and says so
    njoint = joint_extents(plan.index, joint)
    if njoint < 0 or out - len(plan.index) + njoint > 64:
        return None
    for k in range(njoint):
        is_empty |= joint[k] == 0
    plan.target = view(g.a, shape, strides, out, offset)
    plan.selects_nothing = is_empty or not plan.target.shape().get().size
    if late and plan.selects_nothing:
        # Nothing is touched that could be looked at in the evaluation.
        for k in range(len(plan.index)):
            m = plan.index[k]
            if is_empty and m.a.ndim():
                continue
            plan.waits |= is_waiting(m.a)
            if not in_bounds(m.a, extent(g.a, plan.names[k])):
                return None
        plan.names.clear()
    plan.axis = places[0]
    if state == 3:
        j = 0
        for k in places:
            order[j] = k
            j += 1
        for k in range(out):
            if k not in places:
                order[j] = k
                j += 1
        plan.target = permuted_axes(plan.target, order)
        plan.axis = 0
    return plan


cdef object get_fancy(ndarray g, object key, bint in_c_order=False):
    """A read by index arrays or a mask; NotImplemented where NumPy must be asked."""
    cdef ndarray mask
    cdef Fancy plan
    cdef Array a
    cdef vector[const Array*] one
    cdef vector[int] names
    cdef uint64_t began = now_ticks()
    cdef bint waits = is_waiting(g.a), mask_waits
    if g.bits & SCALAR or g.a.ndim() == 0:
        return NotImplemented
    mask = only_index(key)
    if mask is not None and dtype_id(mask) != BOOL:
        if not selects_rows(g, mask, &names, &mask_waits):
            return NotImplemented
        one.push_back(&mask.a)
        a = gather(g.a, one, 0, names, in_c_order)
        if mask_waits or (waits and not is_waiting(g.a)):
            note_evaluation(began)
        return make(a)
    if mask is not None:
        if not mask_fits(g, mask):
            return NotImplemented
        mask_waits = is_waiting(mask.a)
        a = compress(g.a, mask.a, in_c_order)
        if mask_waits or (waits and not is_waiting(g.a)):
            note_evaluation(began)
        return make(a)
    plan = plan_fancy(g, key)
    if plan is None:
        return NotImplemented
    a = gather(plan.target, pointers(plan.index), plan.axis, plan.names, in_c_order)
    if plan.waits or (waits and not is_waiting(g.a)):
        note_evaluation(began)
    return make(a) if has_ellipsis(key) else make_result(a)


cdef object take_rows(ndarray g, object index):
    """g.take(index, 0) for an array of integers; NotImplemented for what np.take must look at."""
    if type(index) is ndarray:
        if dtype_kind(dtype_id(<ndarray>index)) not in (KIND_INT, KIND_UINT):
            return NotImplemented
    elif type(index) is not np_ndarray or index.dtype.kind not in "iu":
        return NotImplemented
    return get_fancy(g, index, True)


cdef bint has_ellipsis(object key) noexcept:
    """An index with an ellipsis gives an array, of no axes too."""
    if type(key) is not tuple:
        return key is Ellipsis
    for x in key:
        if x is Ellipsis:
            return True
    return False


cdef bint set_fancy(ndarray g, object key, object value) except -1:
    """A write by index arrays or a mask; False where NumPy must do it."""
    cdef ndarray mask
    cdef Fancy plan
    cdef Operand o
    cdef Array keep[3]
    cdef int k, extra
    cdef int64_t dims[64]
    cdef Array wide
    cdef vector[const Array*] one
    cdef vector[int] names
    cdef uint64_t began = now_ticks()
    cdef bint waits = is_waiting(g.a), mask_waits
    if g.a.ndim() == 0 or as_operand(value, &o, &keep[0]) != 1 or not assigns_quietly(o, dtype_id(g)):
        return False
    mask = only_index(key)
    if mask is not None and dtype_id(mask) != BOOL:
        if not selects_rows(g, mask, &names, &mask_waits) or not fits_rows(o, g, mask):
            return False
        if not mask.a.shape().get().size or not g.a.shape().get().size:
            return True
        waits = waits or operand_waits(o)
        one.push_back(&mask.a)
        scatter(g.a, one, 0, names, o)
        if mask_waits or (waits and not is_waiting(g.a)):
            note_evaluation(began)
        return True
    if mask is None:
        plan = plan_fancy(g, key)
        if plan is None or not value_fits(o, plan) or narrows_scalar(g, value) and has_no_axes(plan.index):
            return False
        if plan.selects_nothing:
            return True
        waits = waits or operand_waits(o)
        scatter(plan.target, pointers(plan.index), plan.axis, plan.names, o)
        if plan.waits or (waits and not is_waiting(g.a)):
            note_evaluation(began)
        return True
    if not mask_fits(g, mask):
        return False
    mask_waits = is_waiting(mask.a)
    extra = g.a.ndim() - mask.a.ndim()
    if o.array != NULL and o.array.ndim() > extra:
        if o.array.ndim() > extra + 1 or not trailing_fits(o.array[0], g.a, extra):
            return False
        if extent(o.array[0], 0) != 1 or extra:
            if extent(o.array[0], 0) not in (1, count_true(mask.a)):
                return False
        waits = waits or operand_waits(o)
        put_masked(g.a, mask.a, o)
        if mask_waits or (waits and not is_waiting(g.a)):
            note_evaluation(began)
        return True
    if o.array != NULL and not trailing_fits(o.array[0], g.a, o.array.ndim()):
        return False
    wide = mask.a
    if extra:
        for k in range(g.a.ndim()):
            dims[k] = extent(mask.a, k) if k < mask.a.ndim() else 1
        wide = reshaped(mask.a, dims, g.a.ndim())
    write_where(g.a, wide, o)
    return True


cdef bint has_no_axes(list index) noexcept:
    """Do these index arrays stand for integers?"""
    for i in index:
        if (<ndarray>i).a.ndim():
            return False
    return True


cdef inline bint operand_waits(const Operand& o) noexcept:
    return o.array != NULL and is_waiting(o.array[0])


cdef bint trailing_fits(const Array& value, const Array& target, int n) noexcept:
    """Do the last n axes of value broadcast to those of target?"""
    cdef int k
    for k in range(1, n + 1):
        if extent(value, -k) != 1 and extent(value, -k) != extent(target, -k):
            return False
    return True


cdef bint value_fits(const Operand& value, Fancy plan) except -1:
    """Does the value broadcast to what the index selects?"""
    cdef int k, n = 0, njoint
    cdef int64_t shape[130]
    if value.array == NULL:
        return True
    for k in range(plan.axis):
        shape[n] = extent(plan.target, k)
        n += 1
    njoint = joint_extents(plan.index, &shape[n])
    n += njoint
    for k in range(plan.axis + <int>len(plan.index), plan.target.ndim()):
        shape[n] = extent(plan.target, k)
        n += 1
    if value.array.ndim() > n:
        return False  # NumPy drops leading ones; the core takes the shape as it is
    for k in range(1, value.array.ndim() + 1):
        if extent(value.array[0], -k) != 1 and extent(value.array[0], -k) != shape[n - k]:
            return False
    return True


cdef object ufunc_at(UFunc u, tuple inputs):
    """ufunc.at(a, indices, b) where the core counts every repetition; else NotImplemented."""
    cdef Fancy plan
    cdef Operand o[2]
    cdef Array keep[3]
    cdef ndarray g
    cdef uint64_t began = now_ticks()
    cdef bint waits
    if u.rop < 0 or len(inputs) != 3 or type(inputs[0]) is not ndarray:
        return NotImplemented
    g = inputs[0]
    if not viewable(g) or g.a.ndim() == 0 or not may_write(g):
        return NotImplemented
    o[0].array = &g.a
    if as_operand(inputs[2], &o[1], &keep[1]) != 1 or not check_weak(u.op, o, 2) \
            or infer(u.op, o, 2) != dtype_id(g) or not assigns_quietly(o[1], dtype_id(g)):
        return NotImplemented
    if o[1].array == NULL and o[1].scalar.is_weak \
            and (dtype_id(g) == UINT64 or not is_exact_in(o[1].scalar, dtype_id(g))):
        return NotImplemented  # at alone takes Python's numbers as int64 and float64, and computes in that
    plan = plan_fancy(g, inputs[1])
    if plan is None or not value_fits(o[1], plan):
        return NotImplemented
    waits = is_waiting(g.a) or operand_waits(o[1])
    if not scatter_reduce(u.rop, plan.target, pointers(plan.index), plan.axis, plan.names, o[1]):
        return NotImplemented
    if plan.waits or (waits and not is_waiting(g.a)):
        note_evaluation(began)
    return DONE


cdef object DONE = object()  # what a method that returns None gives, beside NotImplemented
