# __array_function__: the tables from NumPy's functions to ours, and to their own code that runs on
# grumpy arrays. What is in neither is forwarded.

cdef dict functions = {}  # NumPy function -> ours, of the same signature
cdef dict retold = {}     # NumPy function -> its own Python code with our names in its globals, or None
                          # before its first call
cdef set retold_late = set()  # "module.name" of those in modules that may not be imported yet
cdef dict implementations = {}  # NumPy function -> what its dispatcher calls, or itself; and it is not late
cdef object make_retold = None
cdef set readers = set()  # those of both that look at values, for the documents
cdef set writers = set()  # those of the latter that write, or call the user: never run twice


class Forward(Exception):
    """Raised by an implementation whose arguments only NumPy can handle; its text is the reason."""


cdef object array_function(object function, object types, object args, object kwargs):
    global dispatches
    cdef PyObject* found
    cdef PyObject* code
    cdef bint plain = True
    dispatches += 1
    for t in types:
        if t is not ndarray and t is not np_ndarray:
            plain = False
            if not issubclass(t, np_ndarray):
                return NotImplemented
    if type(args) is not tuple or type(kwargs) is not dict:
        raise TypeError("args must be a tuple, kwargs must be a dict")
    found = PyDict_GetItem(functions, function)
    reason = NO_NATIVE
    if found != NULL:
        if type(<object>found) is NativeReduce:
            result = call_reduce(<NativeReduce>found, <tuple>args, <dict>kwargs)
        else:
            try:
                if type(<object>found) is Quick:
                    result = call_quick(<Quick>found, <tuple>args, <dict>kwargs)
                else:
                    result = PyObject_Call(<object>found, args, kwargs)
            except Forward as e:
                result = NotImplemented
                if e.args:
                    reason = e.args[0]
            except (TypeError, ValueError, IndexError):  # NumPy says it in its own words
                result = NotImplemented
                reason = "an error of NumPy's"
        if result is not NotImplemented:
            return result
    if plain:
        found = PyDict_GetItem(retold, function)
        if found == NULL:
            code = PyDict_GetItem(implementations, function)
            if code != NULL:
                return forward_function(function, args, kwargs, reason, <object>code)
            if name_of(function) in retold_late:
                retold[function] = None
                found = <PyObject*>None
            else:
                implementations[function] = getattr(function, "_implementation", function)
        if found != NULL:
            result = retell(function, <object>found, <tuple>args, <dict>kwargs)
            if result is not NotImplemented:
                return result
    return forward_function(function, args, kwargs, reason)


cdef object retell(object function, object code, tuple args, dict kwargs):
    """NumPy's own code on grumpy arrays: what it is made of is recorded. NotImplemented where an
    argument is of another dtype, or where it fails, so that NumPy raises its own error."""
    if has_foreign(args) or kwargs and has_foreign(tuple(kwargs.values())):
        return NotImplemented
    if code is None:
        code = retold[function] = make_retold(function)
    if function in writers:
        return wrap(PyObject_Call(code, args, kwargs))
    try:
        result = PyObject_Call(code, args, kwargs)
    except Exception:
        return NotImplemented
    return wrap(result)


cdef bint has_foreign(object arguments):
    """Is there an array among them, or in a list of theirs, that is not of a native dtype?"""
    for x in arguments:
        t = type(x)
        if t is ndarray:
            if (<ndarray>x).bits & FOREIGN:
                return True
        elif t is np_ndarray:
            if native_id(<PyObject*>x) < 0:
                return True
        elif t is list or t is tuple:
            if has_foreign(x):
                return True
    return False


cdef object forward_function(object function, tuple args, dict kwargs, str reason, object code=None):
    """NumPy's own; an out= that was given comes back as it was given."""
    out = kwargs.get("out") if kwargs else None
    for x in args:
        if type(x) is ndarray and (<ndarray>x).bits & FOREIGN:
            reason = f"dtype {(<object>(<ndarray>x).np_).dtype}"
            break
    return forward(function, args, kwargs, reason, None, out if isinstance(out, np_ndarray) else None, code)


@cython.final
cdef class NativeReduce:
    """A named reduction with a signature of its own: parsed without a Python frame."""
    cdef str name
    cdef int rop
    cdef tuple parameters

    def __call__(self, *args, **kwargs):
        return call_reduce(self, args, kwargs)


cdef int index_of(tuple names, object name) except -2:
    cdef int k
    for k in range(<int>PyTuple_GET_SIZE(names)):
        if PyTuple_GET_ITEM(names, k) == <PyObject*>name:
            return k
    for k in range(<int>PyTuple_GET_SIZE(names)):
        if names[k] == name:
            return k
    return -1


cdef object call_reduce(NativeReduce f, tuple args, dict kwargs):
    """np.sum(a, axis, dtype, out, keepdims, initial, where) and its kin."""
    cdef PyObject* given[9]
    cdef PyObject* key = NULL
    cdef PyObject* value = NULL
    cdef Py_ssize_t position = 0
    cdef int k
    cdef ndarray x
    for k in range(9):
        given[k] = NULL
    for k in range(<int>PyTuple_GET_SIZE(args)):
        given[k] = PyTuple_GET_ITEM(args, k)
    while PyDict_Next(kwargs, &position, &key, &value):
        k = index_of(f.parameters, <object>key)
        if k < 0:
            return NotImplemented
        given[k] = value
    x = native_array(<object>given[0])
    if x is None:
        return NotImplemented
    axis = <object>given[1] if given[1] != NULL else None
    if f.name == "sum" or f.name == "prod":  # a, axis, dtype, out, keepdims, initial, where
        return reduce_native(
            f.rop, x, axis, optional(given[2], None), optional(given[3], None),
            optional(given[4], False), optional(given[5], NoValue), optional_where(given[6]))
    if f.name == "min" or f.name == "max":  # a, axis, out, keepdims, initial, where
        return reduce_native(
            f.rop, x, axis, None, optional(given[2], None), optional(given[3], False),
            optional(given[4], NoValue), optional_where(given[5]))
    if f.name == "all" or f.name == "any":  # a, axis, out, keepdims, where
        return reduce_native(
            f.rop, x, axis, None, optional(given[2], None), optional(given[3], False), NoValue,
            optional_where(given[4]))
    if f.name == "mean":  # a, axis, dtype, out, keepdims, where
        if optional_where(given[5]) is not True:
            return NotImplemented
        return mean_native(x, axis, optional(given[2], None), optional(given[3], None), optional(given[4], False))
    if f.name == "var" or f.name == "std":  # a, axis, dtype, out, ddof, keepdims, where, mean, correction
        if optional_where(given[6]) is not True or is_given(given[7]) or is_given(given[8]):
            return NotImplemented
        return var_native(x, axis, optional(given[2], None), optional(given[3], None),
                          optional(given[4], 0), optional(given[5], False), f.name == "std")
    if f.name == "argmin" or f.name == "argmax":  # a, axis, out, keepdims
        return arg_native(f.rop, x, axis, optional(given[2], None), truth(given[3]))
    return scan_native(f.rop, x, axis, optional(given[2], None), optional(given[3], None))


cdef inline bint is_given(PyObject* x) noexcept:
    return x != NULL and x != <PyObject*>NoValue


cdef inline object optional(PyObject* x, object default):
    return <object>x if is_given(x) else default


cdef inline object optional_where(PyObject* x):
    return <object>x if is_given(x) else True


cdef inline bint truth(PyObject* x) except -1:
    return bool(<object>x) if is_given(x) else False


cdef int build_reductions() except -1:
    cdef NativeReduce f
    plain = ("a", "axis", "out", "keepdims", "initial", "where")
    wide = ("a", "axis", "dtype", "out", "keepdims", "initial", "where")
    moments = ("a", "axis", "dtype", "out", "ddof", "keepdims", "where", "mean", "correction")
    for names, rop, parameters in (
            (("sum",), RED_ADD, wide), (("prod",), RED_MULTIPLY, wide),
            (("min", "amin"), RED_MINIMUM, plain), (("max", "amax"), RED_MAXIMUM, plain),
            (("all",), RED_AND, ("a", "axis", "out", "keepdims", "where")),
            (("any",), RED_OR, ("a", "axis", "out", "keepdims", "where")),
            (("mean",), RED_ADD, ("a", "axis", "dtype", "out", "keepdims", "where")),
            (("var",), RED_MOMENTS, moments), (("std",), RED_MOMENTS, moments),
            (("argmin",), RED_ARGMIN, ("a", "axis", "out", "keepdims")),
            (("argmax",), RED_ARGMAX, ("a", "axis", "out", "keepdims")),
            (("cumsum",), RED_ADD, ("a", "axis", "dtype", "out")),
            (("cumprod",), RED_MULTIPLY, ("a", "axis", "dtype", "out"))):
        f = NativeReduce.__new__(NativeReduce)
        f.name = names[0]
        f.rop = rop
        f.parameters = tuple([sys.intern(p) for p in parameters])
        for name in names:
            functions[getattr(np, name)] = f
    return 0


build_reductions()


def where_(condition, x=NoValue, y=NoValue, /):
    """numpy.where."""
    cdef Operand three[3]
    cdef Array keep[3]
    cdef ndarray c
    cdef Array a
    if x is NoValue and y is NoValue:
        return nonzero_positions(condition)
    if x is NoValue or y is NoValue:
        return NotImplemented
    c = native_array(condition)
    if c is None:
        return NotImplemented
    if dtype_id(c) != BOOL:
        a = cast(c.a, BOOL)
        c = make(a)
    three[0].array = &c.a
    if as_operand(x, &three[1], &keep[1]) != 1 or as_operand(y, &three[2], &keep[2]) != 1:
        return NotImplemented
    if not check_weak_pair(three[1], three[2]):
        return NotImplemented
    try:
        a = map_operands(OP_WHERE, three, 3)
    except ValueError:
        return NotImplemented
    return make(a)


cdef bint check_weak_pair(const Operand& x, const Operand& y) noexcept:
    cdef bint wx = x.array == NULL and x.scalar.is_weak
    cdef bint wy = y.array == NULL and y.scalar.is_weak
    if wx and not wy:
        return weak_fits(x, dtype_of_operand(y), -1)
    if wy and not wx:
        return weak_fits(y, dtype_of_operand(x), -1)
    return True


def dot_(a, b, out=None):
    """numpy.dot."""
    if out is not None:
        return NotImplemented
    return dot_native(a, b)


functions[np.where] = where_
functions[np.dot] = dot_


# __array_ufunc__ is put into the type by hand: Cython has no METH_FASTCALL for *args, **kwargs.

cdef extern from "Python.h":
    ctypedef void* PyCFunction
    ctypedef struct PyMethodDef:
        const char* ml_name
        PyCFunction ml_meth
        int ml_flags
        const char* ml_doc
    int METH_FASTCALL
    int METH_KEYWORDS
    object PyDescr_NewMethod(PyTypeObject* type, PyMethodDef* method)
    void PyType_Modified(PyTypeObject* type)


cdef extern from *:
    """
    static inline PyObject* grumpy_type_dict(PyTypeObject* t) {
    #if PY_VERSION_HEX >= 0x030C0000
      return PyType_GetDict(t);
    #else
      Py_INCREF(t->tp_dict);
      return t->tp_dict;
    #endif
    }
    """
    object grumpy_type_dict(PyTypeObject* t)

cdef PyMethodDef ufunc_method
ufunc_method.ml_name = "__array_ufunc__"
ufunc_method.ml_meth = <PyCFunction><void*>array_ufunc
ufunc_method.ml_flags = METH_FASTCALL | METH_KEYWORDS
ufunc_method.ml_doc = "__array_ufunc__(ufunc, method, *inputs, **kwargs)"
grumpy_type_dict(<PyTypeObject*>ndarray)["__array_ufunc__"] = PyDescr_NewMethod(
    <PyTypeObject*>ndarray, &ufunc_method)
PyType_Modified(<PyTypeObject*>ndarray)


# ndarray(shape, dtype, buffer, offset, strides, order) is NumPy's too: the type's slot is set by
# hand, because the objects that the core itself makes take no arguments.

cdef extern from *:
    """
    static inline void grumpy_set_new(PyTypeObject* type, PyObject* (*f)(PyTypeObject*, PyObject*, PyObject*)) {
      type->tp_new = f;
      type->tp_vectorcall = NULL;
    }
    """
    void grumpy_set_new(PyTypeObject* type, object (*f)(PyTypeObject*, PyObject*, PyObject*))


cdef object construct(PyTypeObject* type, PyObject* args, PyObject* kwargs):
    return wrap(PyObject_Call(np_ndarray, unwrap(<object>args),
                              unwrap(<object>kwargs) if kwargs != NULL else {}))


grumpy_set_new(<PyTypeObject*>ndarray, construct)
