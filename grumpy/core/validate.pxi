# GRUMPY_VALIDATE: the core describes what it is about to compute, NumPy computes it too
# (grumpy/validation.py), and what was stored is compared.


cdef object elements_at(const void* data, int dtype, tuple shape):
    """A dense ndarray's copy of memory of ours."""
    cdef object a = np.empty(shape, <object>dtype_objects[dtype])
    if a.nbytes:
        memcpy(cnp.PyArray_DATA(<cnp.ndarray>a), data, a.nbytes)
    return a


cdef object described(const NodeFacts& n):
    cdef int line = 0
    cdef PyObject* file = site_file(n.site, &line) if n.site.code != NULL else NULL
    place = ""
    if file != NULL:
        place = f"{<object>file}:{line}"
        Py_DECREF(<object>file)
    shape = tuple(n.shape)
    return {
        "kind": n.kind.decode(), "operation": n.operation.decode(), "dtype": <object>dtype_objects[n.dtype],
        "shape": shape, "inputs": list(n.inputs), "window": tuple(n.window), "offset": n.offset,
        "axes": n.axes, "axis": n.axis, "part": n.part, "place": place,
        "data": elements_at(n.data, n.dtype, shape) if n.data != NULL else None,
    }


cdef void* expect_nodes(const vector[NodeFacts]& nodes) noexcept:
    cdef size_t k
    try:
        from grumpy import validation
        described_nodes = [described(nodes[k]) for k in range(nodes.size())]
        state = (described_nodes, validation.compute(described_nodes))
    except Exception as e:
        state = ([], e)
    Py_INCREF(state)
    return <void*>state


cdef string compare_nodes(void* handle, const vector[uint32_t]& stored,
                          const vector[const void*]& elements) noexcept:
    cdef size_t k
    state = <object>handle
    Py_DECREF(state)
    try:
        nodes, expected = state
        if isinstance(expected, Exception):
            return f"NumPy's computation failed: {expected!r}".encode()
        if not nodes:
            return b""
        from grumpy import validation
        got = {stored[k]: elements_at(elements[k], id_of_descr(nodes[stored[k]]["dtype"]), nodes[stored[k]]["shape"])
               for k in range(stored.size())}
        return validation.first_difference(nodes, expected, got).encode()
    except Exception as e:
        return f"the comparison failed: {e!r}".encode()
