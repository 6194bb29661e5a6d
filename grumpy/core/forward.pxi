# What is not native is forwarded: arguments evaluated, NumPy called, results wrapped (semantics.md S9).

cdef object unwrap(object x):
    """Undoes `wrap`, also inside tuples, lists and dicts; what holds no grumpy array keeps its
    identity."""
    cdef ndarray g
    t = type(x)
    if t is ndarray:
        g = <ndarray>x
        if g.bits & SCALAR:
            return as_numpy_scalar(g)
        return export(g)
    if x is ndarray:  # as in x.view(type(x))
        return np_ndarray
    if t is tuple or t is list:
        items = [unwrap(i) for i in x]
        for i, j in zip(items, x):
            if i is not j:
                return t(items)
    elif t is dict:
        changed = {k: unwrap(v) for k, v in x.items()}
        for k, v in x.items():
            if changed[k] is not v:
                return changed
    elif t is Flat:
        return (<Flat>x).it
    return x


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


cdef int begin_forward(str name, str reason) except -1:
    if log_forwards:
        print(f"grumpy: {name} forwarded to NumPy: {reason}", file=sys.stderr)
    if forward_policy == FORWARD_ALLOW:
        return 0
    if forward_policy == FORWARD_ERROR:
        raise forward_error(f"{name} would be forwarded to NumPy: {reason}")
    file, line = user_line()
    warnings.warn_explicit(f"{name} is forwarded to NumPy: {reason}", RuntimeWarning, file, line)
    return 0


cdef int end_forward(str name, str reason, uint64_t began) except -1:
    file, line = user_line()
    key = (name, reason, file, line)
    entry = forwards.get(key)
    if entry is None:
        forwards[key] = [1, now_ns() - began]
    else:
        entry[0] += 1
        entry[1] += now_ns() - began
    return 0


cdef object forward(object function, tuple args, dict kwargs, str reason, str name=None, object kept=None):
    """NumPy's own answer, wrapped; `kept`, where it is that, as it is."""
    cdef uint64_t began = now_ns()
    if name is None:
        name = name_of(function)
    begin_forward(name, reason)
    a = unwrap(args)
    k = unwrap(kwargs)
    result = PyObject_Call(function, a, k)
    a = k = None
    if kept is None or result is not kept:
        result = wrap_borrowed(<PyObject*>result, 1)
    end_forward(name, reason, began)
    return result


cdef object forward_method(ndarray g, str method, tuple args, dict kwargs, str reason):
    cdef uint64_t began = now_ns()
    name = "numpy.ndarray." + method
    begin_forward(name, reason)
    nd = as_numpy_scalar(g) if g.bits & SCALAR else export(g)
    result = PyObject_Call(getattr(nd, method), unwrap(args), unwrap(kwargs))
    if g.bits & FOREIGN and (isinstance(result, np_generic) or type(result) in (tuple, list)) \
            and nd.dtype.hasobject:
        return result  # an object array's elements are the objects themselves
    result = wrap_borrowed(<PyObject*>result, 1)
    end_forward(name, reason, began)
    return result


cdef object NO_NATIVE = "not expressed by recorded operations"
