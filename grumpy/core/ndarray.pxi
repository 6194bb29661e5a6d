# The class: what an object holds, operators, attributes, methods.

cdef enum:
    FOREIGN = 1   # not native: np_ is the array, `a` is empty, everything is forwarded
    SCALAR = 2    # stands for a NumPy scalar: a value, read-only, hashable (semantics.md S1)
    READONLY = 4
    ALIAS = 8     # native, over memory that np_ (a plain ndarray) hands out: asarray gives np_
    PART = 16     # z.real or z.imag: a view of base_'s memory whose `a` is recorded anew when that
    IMAGINARY = 32  # has been written; becomes an ALIAS as soon as somebody writes or looks closer
    WARNS = 64    # READONLY until somebody writes: then a DeprecationWarning, and it is not any more


cdef tuple API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")  # of the standard


@cython.final
@cython.no_gc  # an ndarray never takes part in a reference cycle that CPython could break: NumPy's
# own object arrays, the only way back to us, are not traversed either
cdef class ndarray:
    """An n-dimensional array whose operations are recorded, fused and compiled.

    It has the operators, methods and attributes of numpy.ndarray, and NumPy's functions take it.
    Values are computed when they are read. Make one with grumpy.asarray or grumpy.array.
    """
    cdef Array a
    cdef unsigned int bits
    cdef PyObject* np_    # owned, or NULL
    cdef PyObject* base_  # owned, or NULL: the ndarray this is a view of
    cdef unsigned int version  # PART: of base_'s memory when `a` was recorded
    cdef PyObject* out_   # borrowed, or NULL: the _Export that holds our memory out; it clears this
    cdef object __weakref__

    __array_priority__ = 1.0

    # ---- operators

    def __add__(x, y):
        return binary(OP_ADD, x, y)

    def __sub__(x, y):
        return binary(OP_SUBTRACT, x, y)

    def __mul__(x, y):
        return binary(OP_MULTIPLY, x, y)

    def __truediv__(x, y):
        return binary(OP_DIVIDE, x, y)

    def __floordiv__(x, y):
        return binary(OP_FLOOR_DIVIDE, x, y)

    def __mod__(x, y):
        return binary(OP_REMAINDER, x, y)

    def __pow__(x, y, z):
        if z is not None:
            return NotImplemented
        return binary(OP_POWER, x, y)

    def __and__(x, y):
        return binary(OP_BITWISE_AND, x, y)

    def __or__(x, y):
        return binary(OP_BITWISE_OR, x, y)

    def __xor__(x, y):
        return binary(OP_BITWISE_XOR, x, y)

    def __lshift__(x, y):
        return binary(OP_LEFT_SHIFT, x, y)

    def __rshift__(x, y):
        return binary(OP_RIGHT_SHIFT, x, y)

    def __matmul__(x, y):
        return matmul_operator(x, y)

    def __divmod__(x, y):
        return divmod_operator(x, y)

    def __richcmp__(self, other, int op):
        return compare(self, other, op)

    def __neg__(self):
        return unary(OP_NEGATIVE, self)

    def __pos__(self):
        return unary(OP_POSITIVE, self)

    def __abs__(self):
        return unary(OP_ABSOLUTE, self)

    def __invert__(self):
        return unary(OP_INVERT, self)

    def __iadd__(self, y):
        return in_place(OP_ADD, self, y)

    def __isub__(self, y):
        return in_place(OP_SUBTRACT, self, y)

    def __imul__(self, y):
        return in_place(OP_MULTIPLY, self, y)

    def __itruediv__(self, y):
        return in_place(OP_DIVIDE, self, y)

    def __ifloordiv__(self, y):
        return in_place(OP_FLOOR_DIVIDE, self, y)

    def __imod__(self, y):
        return in_place(OP_REMAINDER, self, y)

    def __ipow__(self, y):
        return in_place(OP_POWER, self, y)

    def __iand__(self, y):
        return in_place(OP_BITWISE_AND, self, y)

    def __ior__(self, y):
        return in_place(OP_BITWISE_OR, self, y)

    def __ixor__(self, y):
        return in_place(OP_BITWISE_XOR, self, y)

    def __ilshift__(self, y):
        return in_place(OP_LEFT_SHIFT, self, y)

    def __irshift__(self, y):
        return in_place(OP_RIGHT_SHIFT, self, y)

    def __imatmul__(self, y):
        return in_place_matmul(self, y)

    # ---- values

    def __bool__(self):
        global dispatches
        dispatches += 1
        if not self.bits & FOREIGN and self.a.size() == 1:
            return bool(scalar_item(value_of(self)))
        return bool(export(self))

    def __int__(self):
        global dispatches
        dispatches += 1
        if not self.bits & FOREIGN and self.a.ndim() == 0 and dtype_id(self) < COMPLEX64:
            return int(scalar_item(value_of(self)))
        return int(unwrap(self))

    def __float__(self):
        global dispatches
        dispatches += 1
        if not self.bits & FOREIGN and self.a.ndim() == 0 and dtype_id(self) < COMPLEX64:
            return float(scalar_item(value_of(self)))
        return float(unwrap(self))

    def __complex__(self):
        global dispatches
        dispatches += 1
        return complex(unwrap(self))

    def __index__(self):
        global dispatches
        dispatches += 1
        if not self.bits & FOREIGN and self.a.ndim() == 0 and KIND_INT <= dtype_kind(dtype_id(self)) <= KIND_UINT:
            return scalar_item(value_of(self))
        return operator.index(unwrap(self))

    def __round__(self, ndigits=None):
        return wrap(round(unwrap(self), *(() if ndigits is None else (ndigits,))))

    def __trunc__(self):
        return unwrap(self).__trunc__()

    def __floor__(self):
        return unwrap(self).__floor__()

    def __ceil__(self):
        return unwrap(self).__ceil__()

    def __hash__(self):
        if self.bits & SCALAR:
            return hash(as_numpy_scalar(self))
        raise TypeError("unhashable type: 'numpy.ndarray'")

    def __repr__(self):
        return repr(unwrap(self))

    def __str__(self):
        return str(unwrap(self))

    def __format__(self, spec):
        return format(unwrap(self), spec)

    def __len__(self):
        global dispatches
        dispatches += 1
        if self.bits & FOREIGN:
            return len(<object>self.np_)
        if self.a.ndim() == 0:
            if self.bits & SCALAR:
                raise TypeError(f"object of type 'numpy.{self.dtype.type.__name__}' has no len()")
            raise TypeError("len() of unsized object")
        return self.a.shape().get().dims[0]

    def __iter__(self):
        global dispatches
        dispatches += 1
        if not viewable(self):
            return map(wrap_element, iter(<object>self.np_))
        if self.a.ndim() == 0:
            if self.bits & SCALAR:
                raise TypeError(f"'numpy.{self.dtype.type.__name__}' object is not iterable")
            raise TypeError("iteration over a 0-d array")
        if self.a.ndim() == 1:
            evaluate_array(self)
        return (self[i] for i in range(len(self)))

    def __contains__(self, x):
        global dispatches
        dispatches += 1
        return unwrap(x) in export(self)

    def __getitem__(self, key):
        return get_item(self, key)

    def __setitem__(self, key, value):
        set_item(self, key, value)

    def __delitem__(self, key):
        raise ValueError("cannot delete array elements")

    def __setattr__(self, name, value):
        try:
            PyObject_GenericSetAttr(self, name, value)
        except AttributeError as e:
            if "grumpy._core.ndarray" not in str(e):
                raise
            raise AttributeError(str(e).replace("grumpy._core.ndarray", "numpy.ndarray")) from None

    def __delattr__(self, name):
        delattr(np.empty(0), name)  # raises

    def item(self, *args):
        """Copy one element to a standard Python scalar; as numpy.ndarray.item."""
        global dispatches
        dispatches += 1
        if not args and not self.bits & FOREIGN and self.a.size() == 1:
            return scalar_item(value_of(self))
        if len(args) == 1 and type(args[0]) is int and not self.bits & (FOREIGN | PART) \
                and -self.a.size() <= args[0] < self.a.size():
            return scalar_item(value_at(self, args[0]))
        return export(self).item(*unwrap(args))

    def tolist(self):
        """The array as nested lists of Python scalars; as numpy.ndarray.tolist."""
        global dispatches
        dispatches += 1
        return unwrap(self).tolist()

    def tobytes(self, order="C"):
        """The elements' bytes; as numpy.ndarray.tobytes."""
        global dispatches
        dispatches += 1
        return export(self).tobytes(order)

    # ---- protocols

    def __array__(self, dtype=None, copy=None):
        """The array as a numpy.ndarray over the same memory; evaluates it (semantics.md S5)."""
        if self.bits & SCALAR and copy is not False:  # as of a NumPy scalar: a new array, writeable
            conversion_counts.add(0)
            return np.array(as_numpy_scalar(self), dtype)
        nd = export(self)
        conversion_counts.add(0)
        if dtype is None and copy is not True:
            return nd
        return np.array(nd, dtype, copy=copy)

    def __array_function__(self, func, types, args, kwargs):
        return array_function(func, types, args, kwargs)

    def __array_wrap__(self, x, context=None, return_scalar=False):
        return asarray(x)

    def __array_namespace__(self, *, api_version=None):
        """The namespace of the array API standard for this array."""
        import grumpy
        if api_version is not None and api_version not in API_VERSIONS:
            raise ValueError(f"version {api_version!r} of the array API is not supported; those are "
                             + ", ".join(API_VERSIONS))
        return grumpy

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        """DLPack capsule over the array's memory; as numpy.ndarray.__dlpack__."""
        return export(self).__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self):
        """Device of the memory that __dlpack__ gives."""
        return (1, 0)

    def __reduce_ex__(self, protocol):
        if self.bits & SCALAR:
            return restore_scalar, (as_numpy_scalar(self),)
        return restore_array, (export(self),)

    def __reduce__(self):
        return self.__reduce_ex__(2)

    def __copy__(self):
        return self.copy("K")

    def __deepcopy__(self, memo):
        global dispatches
        dispatches += 1
        import copy
        if self.bits & FOREIGN:
            return wrap(copy.deepcopy(<object>self.np_, memo))
        if self.bits & SCALAR:
            return self
        return copy_of(self, "K")

    def __sizeof__(self):
        return object.__sizeof__(self) + 16 * self.ndim + (self.nbytes if self.base_ == NULL else 0)

    def __class_getitem__(cls, item):
        import types
        return types.GenericAlias(cls, item)

    def _repr_svg_(self):
        """For notebooks: the graph of a pending array."""
        from grumpy import inspect
        return inspect.svg(self)

    def _repr_html_(self):
        from grumpy import inspect
        return inspect.html(self)

    # ---- attributes

    @property
    def shape(self):
        """Extents of the axes."""
        if self.bits & FOREIGN:
            return (<object>self.np_).shape
        return shape_tuple(self.a)

    @shape.setter
    def shape(self, value):
        cdef int64_t dims[64]
        cdef int n
        cdef Array r
        viewable(self)
        if self.bits & (FOREIGN | ALIAS):
            (<object>self.np_).shape = unwrap(value)
            if self.bits & ALIAS:
                self.a = adopt_ndarray(<object>self.np_, dtype_id(self), bool(self.bits & READONLY), True)
            return
        n = read_shape(value, dims)
        if not solve_shape(dims, n, self.a.size()):
            raise ValueError(f"cannot reshape array of size {self.size} into shape "
                             + ("(" + ",".join(map(str, value if isinstance(value, (tuple, list)) else (value,)))
                                + (",)" if not isinstance(value, (tuple, list)) or len(value) == 1 else ")")))
        r = try_reshape(self.a, dims, n)
        if r.storage.get() == NULL:
            raise AttributeError("Incompatible shape for in-place modification. Use `.reshape()` to make a "
                                 "copy with the desired shape.")
        forget_export(self)
        self.a = r
        if n > 0:  # what has axes stands for no scalar
            self.bits &= ~<unsigned int>SCALAR

    @shape.deleter
    def shape(self):
        raise AttributeError("Cannot delete array shape")

    @property
    def ndim(self):
        """Number of axes."""
        if self.bits & FOREIGN:
            return (<object>self.np_).ndim
        return self.a.ndim()

    @property
    def size(self):
        """Number of elements."""
        if self.bits & FOREIGN:
            return (<object>self.np_).size
        return self.a.size()

    @property
    def dtype(self):
        """Element type, a numpy.dtype."""
        if self.bits & FOREIGN:
            return (<object>self.np_).dtype
        return <object>dtype_objects[dtype_id(self)]

    @dtype.setter
    def dtype(self, value):
        cdef ndarray r
        if self.bits & FOREIGN:
            (<object>self.np_).dtype = value
            return
        nd = export(self).view()
        nd.dtype = value
        become(self, wrap(nd))

    @dtype.deleter
    def dtype(self):
        raise AttributeError("Cannot delete array dtype")

    @property
    def itemsize(self):
        """Bytes of one element."""
        if self.bits & FOREIGN:
            return (<object>self.np_).itemsize
        return dtype_bytes(dtype_id(self))

    @property
    def nbytes(self):
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def strides(self):
        """Bytes from one element to the next along each axis."""
        cdef int64_t strides[64]
        cdef int64_t offset
        cdef int k
        if self.bits & PART:
            return (<ndarray>self.base_).strides
        if self.bits & (FOREIGN | ALIAS):
            return (<object>self.np_).strides
        window_of(self.a, strides, &offset)
        return tuple([strides[k] * dtype_bytes(dtype_id(self)) for k in range(self.a.ndim())])

    @strides.setter
    def strides(self, value):
        if self.bits & FOREIGN:
            (<object>self.np_).strides = value
            return
        nd = export(self).view()
        nd.strides = value
        become(self, wrap(nd))

    @strides.deleter
    def strides(self):
        raise AttributeError("Cannot delete array strides")

    @property
    def flags(self):
        """Memory layout; as numpy.ndarray.flags."""
        cdef Flags f
        if not viewable(self):
            return (<object>self.np_).flags
        f = Flags.__new__(Flags)
        f.g = self
        return f

    @property
    def base(self):
        """The array this is a view of, or None."""
        if self.bits & (FOREIGN | ALIAS):
            base = (<object>self.np_).base
            return wrap(base) if type(base) is np_ndarray else base
        return <object>self.base_ if self.base_ != NULL else None

    @property
    def T(self):
        """View with the axes in reverse order."""
        global dispatches
        cdef Array a
        if not viewable(self) or self.bits & SCALAR:
            return self.transpose()
        dispatches += 1
        a = transposed(self.a)
        return make_view(self, a)

    @property
    def mT(self):
        """View with the last two axes exchanged."""
        global dispatches
        cdef Array a
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        if not viewable(self):
            return self.swapaxes(-1, -2)
        dispatches += 1
        a = moved_axis(self.a, self.a.ndim() - 1, self.a.ndim() - 2, True)
        return make_view(self, a)

    @property
    def real(self):
        """Real part."""
        return real_part(self)

    @real.setter
    def real(self, value):
        set_part(self, value, False)

    @property
    def imag(self):
        """Imaginary part."""
        return imag_part(self)

    @imag.setter
    def imag(self, value):
        set_part(self, value, True)

    @property
    def flat(self):
        """A one-dimensional iterator over the elements."""
        global dispatches
        cdef Flat f = Flat.__new__(Flat)
        dispatches += 1
        f.g = self
        f.it = export(self).flat
        return f

    @flat.setter
    def flat(self, value):
        global dispatches
        dispatches += 1
        export(self).flat = unwrap(value)

    @property
    def data(self):
        """The memory, as a memoryview."""
        return export(self).data

    @property
    def ctypes(self):
        """The memory, for the ctypes module."""
        return export(self).ctypes

    @property
    def device(self):
        """Where the array lives, or None beside "auto": wherever it is fastest."""
        return "cpu"

    def to_device(self, device, /, *, stream=None):
        """The array itself; the only device is the CPU."""
        global dispatches
        dispatches += 1
        if device not in ("cpu", "auto"):
            raise ValueError(f"to_device: device {device!r} is not available")
        if stream is not None:
            raise ValueError("The stream argument in to_device() is not supported")
        return self

    # ---- views of other shapes

    def reshape(self, *shape, order="C", copy=None):
        """The same elements in another shape; a view where NumPy gives one."""
        global dispatches
        dispatches += 1
        if viewable(self) and shape:
            try:
                result = reshape_native(self, shape[0] if len(shape) == 1 else shape, order, copy)
            except TypeError:
                result = NotImplemented
            if result is not NotImplemented:
                return result
        kwargs = {"order": order}
        if copy is not None:
            kwargs["copy"] = copy
        return forward_method(self, "reshape", shape, kwargs, forward_reason((self,), {}))

    def transpose(self, *axes):
        """View with the axes permuted, by default reversed."""
        global dispatches
        dispatches += 1
        if viewable(self):
            try:
                result = transpose_native(
                    self, None if not axes or len(axes) == 1 and axes[0] is None else axes[0]
                    if len(axes) == 1 and not is_integer_index(axes[0]) else axes)
            except TypeError:
                result = NotImplemented
            if result is not NotImplemented:
                return result
        return forward_method(self, "transpose", axes, {}, forward_reason((self,), {}))

    def swapaxes(self, axis1, axis2, /):
        """View with two axes exchanged."""
        global dispatches
        cdef int order[64]
        cdef int n, k
        cdef Py_ssize_t i, j
        cdef Array a
        dispatches += 1
        if viewable(self):
            i = operator.index(axis1)
            j = operator.index(axis2)
            n = self.a.ndim()
            if -n <= i < n and -n <= j < n:
                for k in range(n):
                    order[k] = k
                order[i % n], order[j % n] = order[j % n], order[i % n]
                a = permuted_axes(self.a, order)
                return make_view(self, a)
        return forward_method(self, "swapaxes", (axis1, axis2), {}, forward_reason((self,), {}))

    def squeeze(self, axis=None):
        """View without the axes of extent 1."""
        global dispatches
        cdef uint64_t axes
        cdef int64_t dims[64]
        cdef int64_t strides[64]
        cdef int64_t kept[64]
        cdef int64_t offset
        cdef int k, n = 0
        cdef Array a
        dispatches += 1
        if viewable(self) and not self.bits & SCALAR:
            if axis is None:
                axes = 0
                for k in range(self.a.ndim()):
                    if extent(self.a, k) == 1:
                        axes |= <uint64_t>1 << k
            elif not parse_axes(axis, self.a.ndim(), &axes):
                return forward_method(self, "squeeze", (), {"axis": axis}, "an error of NumPy's")
            window_of(self.a, strides, &offset)
            for k in range(self.a.ndim()):
                if axes >> k & 1:
                    if extent(self.a, k) != 1:
                        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
                    continue
                dims[n] = extent(self.a, k)
                kept[n] = strides[k]
                n += 1
            if n == self.a.ndim():
                return self
            a = view(self.a, dims, kept, n, offset)
            return make_view(self, a)
        if self.bits & SCALAR and not self.bits & FOREIGN and axis is None:
            return self
        return forward_method(self, "squeeze", (), {"axis": axis}, forward_reason((self,), {}))

    def ravel(self, order="C"):
        """The elements in one dimension; a view where NumPy gives one."""
        global dispatches
        cdef int64_t n
        cdef Array a
        dispatches += 1
        if order == "C" and not self.bits & SCALAR and viewable(self) and is_c_contiguous(self.a):
            n = self.a.size()
            a = try_reshape(self.a, &n, 1)
            return make_view(self, a)
        if viewable(self) and order in ("C", "F", "A") and not self.bits & SCALAR:
            n = self.a.size()
            in_order = (order != "F" and is_c_contiguous(self.a)) or (order != "C" and is_f_contiguous(self.a))
            return reshape_native(self, n, order, None if in_order else True)
        return forward_method(self, "ravel", (order,), {}, forward_reason((self,), {}))

    def flatten(self, order="C"):
        """A copy in one dimension."""
        global dispatches
        dispatches += 1
        if viewable(self) and order in ("C", "F", "A"):
            return reshape_native(self, self.a.size(), order, True)
        return forward_method(self, "flatten", (order,), {}, forward_reason((self,), {}))

    def diagonal(self, offset=0, axis1=0, axis2=1):
        """View of a diagonal; as numpy.ndarray.diagonal."""
        global dispatches
        dispatches += 1
        if viewable(self) and self.a.ndim() >= 2:
            result = diagonal_native(self, offset, axis1, axis2)
            if result is not NotImplemented:
                return result
        return forward_method(self, "diagonal", (offset, axis1, axis2), {}, forward_reason((self,), {}))

    def view(self, *args, **kwargs):
        """The same memory as another dtype or type; as numpy.ndarray.view."""
        global dispatches
        dispatches += 1
        if viewable(self) and not kwargs and (
                not args or len(args) == 1 and (args[0] is ndarray or args[0] is np_ndarray)):
            return self if self.bits & SCALAR else make_view(self, self.a)
        return forward_method(self, "view", args, kwargs, "another dtype over the same memory")

    # ---- copies

    def copy(self, order="C"):
        """A copy of the array."""
        global dispatches
        dispatches += 1
        if readable(self) and type(order) is str and order in ("C", "F", "A", "K"):
            return self if self.bits & SCALAR else copy_of(self, order)
        return forward_method(self, "copy", (order,), {}, forward_reason((self,), {}))

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        """The elements as another dtype; as numpy.ndarray.astype."""
        global dispatches
        cdef int id
        cdef ndarray r
        dispatches += 1
        if readable(self) and type(order) is str and order in ("C", "F", "A", "K"):
            id = id_of_dtype(dtype)
            if id >= 0:
                if id == dtype_id(self) and not copy and (order == "K" or order == "A"
                                                          or order == "C" and is_c_contiguous(self.a)
                                                          or order == "F" and is_f_contiguous(self.a)):
                    return self
                if type(casting) is str and (casting == "unsafe" or casting in ("no", "equiv", "safe", "same_kind")
                                             and np.can_cast(self.dtype, dtype_list[id], casting)):
                    r = cast_to(self, id, order)
                    if self.bits & SCALAR:
                        r.bits = SCALAR | READONLY
                    return r
        return forward_method(self, "astype", (dtype,),
                              {"order": order, "casting": casting, "subok": subok, "copy": copy},
                              forward_reason((self,), {}) if self.bits & FOREIGN else f"dtype {dtype}")

    def fill(self, value):
        """Sets every element; as numpy.ndarray.fill."""
        if self.bits & FOREIGN or isinstance(value, (list, tuple)) or getattr(value, "ndim", 0):
            forward_method(self, "fill", (value,), {}, NO_NATIVE)
        else:
            self[...] = value

    # ---- reductions

    def sum(self, axis=None, dtype=None, out=None, keepdims=False, initial=NoValue, where=True):
        """Sum over axes; as numpy.ndarray.sum."""
        return method_reduce(self, "sum", RED_ADD, axis, dtype, out, keepdims, initial, where)

    def prod(self, axis=None, dtype=None, out=None, keepdims=False, initial=NoValue, where=True):
        """Product over axes; as numpy.ndarray.prod."""
        return method_reduce(self, "prod", RED_MULTIPLY, axis, dtype, out, keepdims, initial, where)

    def min(self, axis=None, out=None, keepdims=False, initial=NoValue, where=True):
        """Smallest element over axes; as numpy.ndarray.min."""
        return method_reduce(self, "min", RED_MINIMUM, axis, None, out, keepdims, initial, where)

    def max(self, axis=None, out=None, keepdims=False, initial=NoValue, where=True):
        """Largest element over axes; as numpy.ndarray.max."""
        return method_reduce(self, "max", RED_MAXIMUM, axis, None, out, keepdims, initial, where)

    def all(self, axis=None, out=None, keepdims=False, *, where=True, dtype=None):
        """Whether all elements over axes are true; as numpy.ndarray.all."""
        return method_reduce(self, "all", RED_AND, axis, dtype, out, keepdims, NoValue, where)

    def any(self, axis=None, out=None, keepdims=False, *, where=True, dtype=None):
        """Whether any element over axes is true; as numpy.ndarray.any."""
        return method_reduce(self, "any", RED_OR, axis, dtype, out, keepdims, NoValue, where)

    def mean(self, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
        """Mean over axes; as numpy.ndarray.mean."""
        global dispatches
        dispatches += 1
        if where is True:
            result = mean_native(self, axis, dtype, out, keepdims)
            if result is not NotImplemented:
                return result
        return forward_method(self, "mean", (axis, dtype, out, keepdims), where_only(where), NO_NATIVE)

    def var(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=NoValue):
        """Variance over axes; as numpy.ndarray.var."""
        global dispatches
        dispatches += 1
        if where is True and mean is NoValue:
            result = var_native(self, axis, dtype, out, ddof, keepdims, False)
            if result is not NotImplemented:
                return result
        kwargs = where_only(where)
        if mean is not NoValue:
            kwargs["mean"] = mean
        return forward_method(self, "var", (axis, dtype, out, ddof, keepdims), kwargs, NO_NATIVE)

    def std(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=NoValue):
        """Standard deviation over axes; as numpy.ndarray.std."""
        global dispatches
        dispatches += 1
        if where is True and mean is NoValue:
            result = var_native(self, axis, dtype, out, ddof, keepdims, True)
            if result is not NotImplemented:
                return result
        kwargs = where_only(where)
        if mean is not NoValue:
            kwargs["mean"] = mean
        return forward_method(self, "std", (axis, dtype, out, ddof, keepdims), kwargs, NO_NATIVE)

    def argmin(self, axis=None, out=None, *, keepdims=False):
        """Index of the smallest element; as numpy.ndarray.argmin."""
        global dispatches
        dispatches += 1
        result = arg_native(RED_ARGMIN, self, axis, out, keepdims)
        if result is NotImplemented:
            return forward_method(self, "argmin", (axis, out), {"keepdims": keepdims}, NO_NATIVE)
        return result

    def argmax(self, axis=None, out=None, *, keepdims=False):
        """Index of the largest element; as numpy.ndarray.argmax."""
        global dispatches
        dispatches += 1
        result = arg_native(RED_ARGMAX, self, axis, out, keepdims)
        if result is NotImplemented:
            return forward_method(self, "argmax", (axis, out), {"keepdims": keepdims}, NO_NATIVE)
        return result

    def cumsum(self, axis=None, dtype=None, out=None):
        """Running sum; as numpy.ndarray.cumsum."""
        global dispatches
        dispatches += 1
        result = scan_native(RED_ADD, self, axis, dtype, out)
        if result is NotImplemented:
            return forward_method(self, "cumsum", (axis, dtype, out), {}, NO_NATIVE)
        return result

    def cumprod(self, axis=None, dtype=None, out=None):
        """Running product; as numpy.ndarray.cumprod."""
        global dispatches
        dispatches += 1
        result = scan_native(RED_MULTIPLY, self, axis, dtype, out)
        if result is NotImplemented:
            return forward_method(self, "cumprod", (axis, dtype, out), {}, NO_NATIVE)
        return result

    # ---- element-wise and products

    def conj(self, *out):
        """Complex conjugate; as numpy.ndarray.conj."""
        return self.conjugate(*out)

    def conjugate(self, *out):
        """Complex conjugate; as numpy.ndarray.conjugate."""
        global dispatches
        dispatches += 1
        if self.bits & FOREIGN or out:
            return forward_method(self, "conjugate", out, {}, forward_reason((self, *out), {}))
        if dtype_kind(dtype_id(self)) != KIND_COMPLEX:
            return self
        return np.conjugate(self)

    def clip(self, min=None, max=None, out=None, **kwargs):
        """Values limited to an interval; as numpy.ndarray.clip."""
        global dispatches
        dispatches += 1
        return np.clip(self, min, max, out=out, **kwargs)

    def round(self, decimals=0, out=None):
        """Values rounded to decimals; as numpy.ndarray.round."""
        global dispatches
        dispatches += 1
        return np.round(self, decimals, out)

    def dot(self, b, out=None):
        """Dot product; as numpy.ndarray.dot."""
        global dispatches
        dispatches += 1
        return np.dot(self, b) if out is None else np.dot(self, b, out=out)

    def take(self, indices, axis=None, out=None, mode="raise"):
        """Elements at positions; as numpy.ndarray.take."""
        if out is None and mode == "raise" and (type(axis) is int and axis == 0 if axis is not None else self.a.ndim() == 1):
            result = take_rows(self, indices)
            if result is not NotImplemented:
                return result
        return np.take(self, indices, axis=axis, out=out, mode=mode)

    def repeat(self, repeats, axis=None):
        """Elements repeated; as numpy.ndarray.repeat."""
        return np.repeat(self, repeats, axis=axis)

    def trace(self, offset=0, axis1=0, axis2=1, dtype=None, out=None):
        """Sum along a diagonal; as numpy.ndarray.trace."""
        return np.trace(self, offset, axis1, axis2, dtype, out)

    def matvec(self, x):
        """The product with a vector: what scipy.sparse.linalg asks of an operator."""
        return self @ x

    def rmatvec(self, x):
        """The product of the conjugate transpose with a vector."""
        return self.T.conj() @ x

    # ---- NumPy's own, over the same memory

    def argpartition(self, *args, **kwargs):
        """As numpy.ndarray.argpartition."""
        return method_forward(self, "argpartition", args, kwargs)

    def argsort(self, *args, **kwargs):
        """As numpy.ndarray.argsort."""
        return method_forward(self, "argsort", args, kwargs)

    def byteswap(self, *args, **kwargs):
        """As numpy.ndarray.byteswap."""
        return method_forward(self, "byteswap", args, kwargs)

    def choose(self, *args, **kwargs):
        """As numpy.ndarray.choose."""
        return method_forward(self, "choose", args, kwargs)

    def compress(self, *args, **kwargs):
        """As numpy.ndarray.compress."""
        return method_forward(self, "compress", args, kwargs)

    def dump(self, file):
        """As numpy.ndarray.dump."""
        return export(self).dump(file)

    def dumps(self):
        """As numpy.ndarray.dumps."""
        return export(self).dumps()

    def getfield(self, *args, **kwargs):
        """As numpy.ndarray.getfield."""
        return method_forward(self, "getfield", args, kwargs)

    def nonzero(self):
        """As numpy.ndarray.nonzero."""
        return np.nonzero(self)

    def partition(self, *args, **kwargs):
        """As numpy.ndarray.partition."""
        return method_forward(self, "partition", args, kwargs)

    def put(self, indices, values, mode="raise"):
        """As numpy.ndarray.put."""
        return np.put(self, indices, values, mode)

    def resize(self, *new_shape, refcheck=True):
        """Changes shape and size in place; as numpy.ndarray.resize."""
        global dispatches
        dispatches += 1
        resize_array(self, new_shape, refcheck)

    def searchsorted(self, *args, **kwargs):
        """As numpy.ndarray.searchsorted."""
        return method_forward(self, "searchsorted", args, kwargs)

    def setfield(self, *args, **kwargs):
        """As numpy.ndarray.setfield."""
        return method_forward(self, "setfield", args, kwargs)

    def setflags(self, write=None, align=None, uic=None):
        """As numpy.ndarray.setflags."""
        if self.bits & FOREIGN:
            (<object>self.np_).setflags(write=write, align=align, uic=uic)
        elif write is not None and viewable(self):
            set_writeable(self, bool(write))
        if not self.bits & FOREIGN and uic:
            raise ValueError("cannot set WRITEBACKIFCOPY flag to True")

    def sort(self, *args, **kwargs):
        """As numpy.ndarray.sort."""
        return method_forward(self, "sort", args, kwargs)

    def tofile(self, *args, **kwargs):
        """As numpy.ndarray.tofile."""
        return method_forward(self, "tofile", args, kwargs)

    # ---- what NumPy's scalars have and its arrays do not

    @property
    def is_integer(self):
        """As numpy.float64.is_integer; scalars only."""
        return scalar_attribute(self, "is_integer")

    @property
    def as_integer_ratio(self):
        """As numpy.float64.as_integer_ratio; scalars only."""
        return scalar_attribute(self, "as_integer_ratio")

    @property
    def bit_count(self):
        """As numpy.int64.bit_count; scalars only."""
        return scalar_attribute(self, "bit_count")

    @property
    def hex(self):
        """As numpy.float64.hex; scalars only."""
        return scalar_attribute(self, "hex")

    @property
    def numerator(self):
        """As numpy.int64.numerator; scalars only."""
        return scalar_attribute(self, "numerator")

    @property
    def denominator(self):
        """As numpy.int64.denominator; scalars only."""
        return scalar_attribute(self, "denominator")
