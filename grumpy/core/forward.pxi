# What is not native is forwarded: arguments evaluated, NumPy called, results wrapped (semantics.md S9).

cdef object unwrap(object x):
    """Undoes `wrap`, also inside tuples, lists and dicts; what holds no grumpy array keeps its
    identity."""
    cdef ndarray g
    cdef list items
    cdef Py_ssize_t k
    t = type(x)
    if t is ndarray:
        g = <ndarray>x
        if g.bits & SCALAR:
            return as_numpy_scalar(g)
        return export(g)
    if x is ndarray:  # as in x.view(type(x))
        return np_ndarray
    if t is tuple:
        return unwrap_tuple(<tuple>x)
    if t is list:
        items = (<list>x)[:]
        changes = False
        for k in range(len(items)):
            i = unwrap(items[k])
            if i is not items[k]:
                items[k] = i
                changes = True
        return items if changes else x
    if t is dict:
        return unwrap_dict(<dict>x)
    if t is Flat:
        return (<Flat>x).it
    return x


cdef tuple unwrap_tuple(tuple x):
    cdef Py_ssize_t k, j, n = PyTuple_GET_SIZE(x)
    cdef tuple items = None
    for k in range(n):
        i = unwrap(<object>PyTuple_GET_ITEM(x, k))
        if items is None:
            if <PyObject*>i == PyTuple_GET_ITEM(x, k):
                continue
            items = PyTuple_New(n)
            for j in range(k):
                keep_item(items, j, <object>PyTuple_GET_ITEM(x, j))
        keep_item(items, k, i)
    return x if items is None else items


cdef inline void keep_item(tuple items, Py_ssize_t k, object x) noexcept:
    Py_INCREF(x)
    PyTuple_SET_ITEM(items, k, x)


cdef dict unwrap_dict(dict x):
    cdef dict changed = None
    if not x:
        return x
    for key, value in list(x.items()):
        v = unwrap(value)
        if v is not value:
            if changed is None:
                changed = x.copy()
            changed[key] = v
    return x if changed is None else changed


cdef object wrap_borrowed(PyObject* p, Py_ssize_t held):
    cdef Py_ssize_t k
    cdef int native
    x = <object>p
    held += 1  # x
    t = type(x)
    if t is np_ndarray:
        return wrap_ndarray(p, held)
    if t is tuple or t is list or isinstance(x, tuple):
        fresh = Py_REFCNT(p) <= held
        if t is list:
            items = [wrap_borrowed(PyList_GET_ITEM_(x, k), 1 if fresh else 0) for k in range(len(x))]
        else:
            items = [wrap_borrowed(PyTuple_GET_ITEM_(x, k), 1 if fresh else 0) for k in range(len(x))]
        for i, j in zip(items, x):
            if i is not j:
                return items if t is list else t(*items) if hasattr(x, "_fields") else tuple(items)
        return x
    if isinstance(x, np_generic):
        native = id_of_descr(PyArray_DescrFromScalar(x))
        if native >= 0:
            return scalar_like(x, native)
    return x


cdef extern from "Python.h":
    tuple PyTuple_New(Py_ssize_t)
    void PyTuple_SET_ITEM(object, Py_ssize_t, object)
    PyObject* PyTuple_GET_ITEM_ "PyTuple_GET_ITEM"(object, Py_ssize_t)
    PyObject* PyList_GET_ITEM_ "PyList_GET_ITEM"(object, Py_ssize_t)


cdef object scalar_like(object x, int native):
    """A NumPy scalar as the array that stands for it."""
    cdef char data[16]
    PyArray_ScalarAsCtype(x, data)
    return make_scalar(scalar_at(native, data))


cdef object wrap(object x):
    """Wraps what NumPy has given: ndarrays and native scalars, also in tuples and lists. The caller
    holds one reference."""
    return wrap_borrowed(<PyObject*>x, 1)


cdef str name_of(object function):
    name = getattr(function, "__name__", None) or repr(function)
    if isinstance(function, np.ufunc):
        return f"numpy.{name}"
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module}.{getattr(function, '__qualname__', name)}"


cdef str shown_name(object subject, bint is_method):
    """The name under which report() shows a function, a method or what is a name already."""
    if is_method:
        return "numpy.ndarray." + <str>subject
    return <str>subject if type(subject) is str else name_of(subject)


cdef inline int begin_forward(object subject, str reason, bint is_method=False) except -1:
    if log_forwards or forward_policy != FORWARD_ALLOW:
        announce_forward(shown_name(subject, is_method), reason)
    return 0


cdef int announce_forward(str name, str reason) except -1:
    if log_forwards:
        print(f"grumpy: {name} forwarded to NumPy: {reason}", file=sys.stderr)
    if forward_policy == FORWARD_ALLOW:
        return 0
    if forward_policy == FORWARD_ERROR:
        raise forward_error(f"{name} would be forwarded to NumPy: {reason}")
    file, line = user_line()
    warnings.warn_explicit(f"{name} is forwarded to NumPy: {reason}", RuntimeWarning, file, line)
    return 0


cdef int end_forward(object subject, str reason, uint64_t began, bint is_method=False) except -1:
    """Counts a forward that took as long as since `began`, in ticks."""
    cdef uint64_t ticks = now_ticks() - began
    cdef Place place = user_place()
    cdef ForwardSlot* slot = forward_slot(place)
    while not slot.is_of(place, <PyObject*>subject, <PyObject*>reason, is_method):
        if slot.count:
            tell_forward(slot)
        else:
            slot.start(place, <PyObject*>subject, <PyObject*>reason, is_method)
            break
    slot.count += 1
    slot.ticks += ticks
    return 0


cdef int tell_forward(ForwardSlot* slot) except -1:
    """Adds what a slot has counted to `forwards`, and empties it."""
    cdef int line = 0
    cdef ForwardSlot old = slot.taken()
    cdef PyObject* file
    try:
        file = old.file(&line)
        key = (shown_name(<object>old.subject, old.is_method), <object>old.reason,
               "<unknown>" if file == NULL else <object>file, line)
        Py_XDECREF(file)
        entry = forwards.setdefault(key, [0, 0])
        entry[0] += old.count
        entry[1] += tick_rate.ns_of(old.ticks)
    finally:
        old.drop()
    return 0


cdef int tell_forwards() except -1:
    cdef int k
    for k in range(kForwardSlots):
        if forward_slots[k].count:
            tell_forward(&forward_slots[k])
    return 0


cdef int drop_forwards() except -1:
    cdef int k
    for k in range(kForwardSlots):
        forward_slots[k].drop()
    forwards.clear()
    return 0


cdef object forward(object function, tuple args, dict kwargs, str reason, str name=None, object kept=None,
                    object code=None):
    """NumPy's own answer, wrapped; `kept`, where it is that, as it is. `code`: what the function runs
    where none of the arguments has a say in it. Without a name the function is NumPy's own: it is kept."""
    cdef uint64_t began = now_ticks()
    subject = function if name is None else name
    begin_forward(subject, reason)
    a = unwrap_tuple(args)
    k = unwrap_dict(kwargs)
    result = PyObject_Call(function if code is None else code, a, k)
    a = k = None
    if kept is None or result is not kept:
        result = wrap_borrowed(<PyObject*>result, 1)
    end_forward(subject, reason, began)
    return result


cdef object forward_method(ndarray g, str method, tuple args, dict kwargs, str reason):
    cdef uint64_t began = now_ticks()
    begin_forward(method, reason, True)
    nd = as_numpy_scalar(g) if g.bits & SCALAR else export(g)
    result = PyObject_Call(getattr(nd, method), unwrap_tuple(args), unwrap_dict(kwargs))
    if g.bits & FOREIGN and (isinstance(result, np_generic) or type(result) in (tuple, list)) \
            and nd.dtype.hasobject:
        return result  # an object array's elements are the objects themselves
    result = wrap_borrowed(<PyObject*>result, 1)
    end_forward(method, reason, began, True)
    return result


cdef object NO_NATIVE = "not expressed by recorded operations"
