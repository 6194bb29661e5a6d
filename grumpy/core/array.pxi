# Making objects of the class, reading one value, evaluating.

# Objects that die are kept as they are, empty, for the next result: neither the allocator nor Cython's
# general teardown is in the common lane. The class has no __dealloc__: what it would do is done here.
cdef extern from "Python.h":
    object PyObject_Init(PyObject* o, PyTypeObject* t)
    void PyObject_ClearWeakRefs(PyObject* o) noexcept
    ctypedef void (*destructor)(PyObject*) noexcept

cdef extern from *:
    """
    static inline destructor grumpy_set_dealloc(PyTypeObject* t, destructor f) {
      destructor old = t->tp_dealloc;
      t->tp_dealloc = f;
      return old;
    }
    /* An object that has died, as a new one: it has kept its type. */
    static inline PyObject* grumpy_revive(PyObject* o) {
    #if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || defined(Py_GIL_DISABLED)
      return PyObject_Init(o, Py_TYPE(o));
    #else
      Py_SET_REFCNT(o, 1);
      return o;
    #endif
    }
    static inline bool grumpy_has_weakrefs(PyObject* o) {
      return *(PyObject**)((char*)o + Py_TYPE(o)->tp_weaklistoffset) != NULL;
    }
    """
    destructor grumpy_set_dealloc(PyTypeObject*, destructor) noexcept
    object grumpy_revive(PyObject* o)
    bint grumpy_has_weakrefs(PyObject* o) noexcept

cdef enum:
    MAX_SPARE = 256
cdef PyObject* spare[MAX_SPARE]
cdef int num_spare = 0
cdef destructor free_ndarray


cdef void dealloc_ndarray(PyObject* o) noexcept:
    global num_spare
    cdef PyObject* base = (<ndarray>o).base_
    cdef PyObject* np_ = (<ndarray>o).np_
    if grumpy_has_weakrefs(o):
        PyObject_ClearWeakRefs(o)
    if (<ndarray>o).out_ != NULL:
        (<_Export>(<ndarray>o).out_).owner = NULL
        (<ndarray>o).out_ = NULL
    clear_array((<ndarray>o).a)
    (<ndarray>o).base_ = NULL
    (<ndarray>o).np_ = NULL
    (<ndarray>o).bits = 0
    (<ndarray>o).version = 0
    if num_spare < MAX_SPARE:
        spare[num_spare] = o
        num_spare += 1
    else:
        free_ndarray(o)
    Py_XDECREF(np_)
    Py_XDECREF(base)


free_ndarray = grumpy_set_dealloc(<PyTypeObject*>ndarray, dealloc_ndarray)


cdef inline ndarray new_object():
    """An object without an array."""
    global num_spare
    if num_spare > 0:
        num_spare -= 1
        return <ndarray>grumpy_revive(spare[num_spare])
    return ndarray.__new__(ndarray)


cdef inline ndarray make(Array& a):
    cdef ndarray r = new_object()
    r.a = a
    return r


cdef inline ndarray make_result(Array& a):
    """What an operation gives: 0-d results stand for scalars."""
    cdef ndarray r = new_object()
    r.a = a
    if a.ndim() == 0:
        r.bits = SCALAR | READONLY
    return r


cdef inline ndarray finished(ndarray r):
    """A new object whose array has just been recorded: 0-d results stand for scalars."""
    if r.a.ndim() == 0:
        r.bits = SCALAR | READONLY
    return r


cdef inline ndarray make_scalar(const Scalar& s):
    cdef ndarray r = new_object()
    r.a = constant(s)
    r.bits = SCALAR | READONLY
    return r


cdef inline ndarray make_view(ndarray of, Array& a):
    """A view: shares memory, writeability and the owner with `of`."""
    cdef ndarray r = new_object()
    r.a = a
    r.bits = of.bits & (READONLY | WARNS)
    r.base_ = of.base_ if of.base_ != NULL else <PyObject*>of
    Py_INCREF(<object>r.base_)
    return r


cdef inline int dtype_id(ndarray g) noexcept:
    return dtype_of(g.a)


cdef inline bint is_native(object x) noexcept:
    return type(x) is ndarray and not (<ndarray>x).bits & (FOREIGN | PART)


cdef inline bint readable(ndarray g) except -1:
    """Is g.a there to be read, and up to date? False: g is FOREIGN."""
    if g.bits & (FOREIGN | PART):
        return g.bits & PART and refresh_part(g)
    return True


cdef inline bint viewable(ndarray g) except -1:
    """Is g.a there to be seen through another view, or written? False: g is FOREIGN."""
    if g.bits & (FOREIGN | PART):
        return g.bits & PART and part_to_alias(g)
    return True


cdef inline tuple shape_tuple(const Array& a):
    cdef const ShapeRep* s = a.shape().get()
    cdef int k
    return tuple([s.dims[k] for k in range(s.ndim)])


cdef inline bint same_shape(const Array& a, const Array& b) noexcept:
    cdef const ShapeRep* s = a.shape().get()
    cdef const ShapeRep* t = b.shape().get()
    cdef int k
    if s == t:
        return True
    if s.ndim != t.ndim:
        return False
    for k in range(s.ndim):
        if s.dims[k] != t.dims[k]:
            return False
    return True


# ---- evaluation, counted by the user's line

cdef inline int note_evaluation(uint64_t began) except -1:
    evaluation_counts.add(now_ticks() - began)
    return 0


cdef int evaluate_array(ndarray g) except -1:
    cdef uint64_t began
    if not readable(g) or not is_waiting(g.a):
        return 0
    began = now_ticks()
    evaluate_one(g.a)
    note_evaluation(began)
    return 0


cdef Scalar value_of(ndarray g) except *:
    """The value of a native array of one element."""
    cdef Array one
    evaluate_array(g)
    if g.a.ndim() == 0:
        return read_scalar(g.a)
    one = single(g.a)
    return read_scalar(one)


cdef Scalar value_at(ndarray g, int64_t place) except *:
    """The value of the element that is number `place` in C order; negative counts from the end."""
    cdef int64_t strides[64]
    cdef int64_t offset, extent
    cdef int k
    cdef Array one
    evaluate_array(g)
    if place < 0:
        place += g.a.size()
    window_of(g.a, strides, &offset)
    for k in range(g.a.ndim() - 1, -1, -1):
        extent = g.a.shape().get().dims[k]
        offset += place % extent * strides[k]
        place //= extent
    one = view(g.a, NULL, NULL, 0, offset)
    return read_scalar(one)


cdef Array single(const Array& a) except *:
    """The only element of an array as an array of ndim 0."""
    cdef int64_t strides[64]
    cdef int64_t offset
    window_of(a, strides, &offset)
    return view(a, NULL, NULL, 0, offset)


cdef inline object numpy_scalar(const Scalar& s):
    return PyArray_Scalar(<void*>s.bytes, <cnp.dtype>dtype_objects[dtype_of_scalar(s)], None)


cdef object as_numpy_scalar(ndarray g):
    if g.bits & FOREIGN:
        return (<object>g.np_)[()]
    return numpy_scalar(value_of(g))
