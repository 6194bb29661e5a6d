# flags and flat.


@cython.final
cdef class Flags:
    """The memory layout of an array; as numpy.ndarray.flags."""
    cdef ndarray g

    @property
    def c_contiguous(self):
        return bool(is_c_contiguous(self.g.a))

    @property
    def f_contiguous(self):
        return bool(is_f_contiguous(self.g.a))

    @property
    def owndata(self):
        return self.g.base_ == NULL and not self.g.bits & ALIAS

    @property
    def writeable(self):
        if self.g.bits & WARNS:
            warnings.warn("future versions will not create a writeable array from broadcast_array. Set the "
                          "writable flag explicitly to avoid this warning.", FutureWarning, stacklevel=1)
        return self._writeable_no_warn

    @property
    def _writeable_no_warn(self):
        return not self.g.bits & READONLY or bool(self.g.bits & WARNS)

    @writeable.setter
    def writeable(self, value):
        set_writeable(self.g, value)

    @property
    def _warn_on_write(self):
        return bool(self.g.bits & WARNS)

    @_warn_on_write.setter
    def _warn_on_write(self, value):
        if not value:
            raise ValueError("cannot clear '_warn_on_write', set writeable True to clear this private flag")
        if not self._writeable_no_warn:
            raise ValueError("cannot set '_warn_on_write' flag when 'writable' is False")
        if self.g.bits & ALIAS:
            (<object>self.g.np_).flags._warn_on_write = True
        self.g.bits |= READONLY | WARNS
        forget_export(self.g)

    @property
    def aligned(self):
        return True

    @aligned.setter
    def aligned(self, value):
        if not value:
            raise ValueError("a grumpy array is always aligned")

    @property
    def writebackifcopy(self):
        return False

    @writebackifcopy.setter
    def writebackifcopy(self, value):
        if value:
            raise ValueError("cannot set WRITEBACKIFCOPY flag to True")

    @property
    def fnc(self):
        return self.f_contiguous and not self.c_contiguous

    @property
    def forc(self):
        return self.f_contiguous or self.c_contiguous

    @property
    def behaved(self):
        return self._writeable_no_warn

    @property
    def carray(self):
        return self.c_contiguous and self._writeable_no_warn

    @property
    def farray(self):
        return self.fnc and self._writeable_no_warn

    @property
    def contiguous(self):
        return self.c_contiguous

    @property
    def fortran(self):
        return self.f_contiguous

    @property
    def num(self):
        return (1 * self.c_contiguous + 2 * self.f_contiguous + 4 * self.owndata + 0x100
                + 0x400 * self._writeable_no_warn)

    def __getitem__(self, key):
        name = FLAG_NAMES.get(key) if type(key) is str else None
        if name is None:
            raise KeyError("Unknown flag")
        return getattr(self, name)

    def __setitem__(self, key, value):
        name = FLAG_NAMES.get(key) if type(key) is str else None
        if name not in ("writeable", "aligned", "writebackifcopy"):
            raise KeyError("Unknown flag")
        setattr(self, name, value)

    def __delattr__(self, name):
        delattr(np.empty(0).flags, name)  # raises

    def __eq__(self, other):
        return self.num == getattr(other, "num", None)

    def __hash__(self):
        return hash(self.num)

    def __repr__(self):
        names = ("C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA", "WRITEABLE", "ALIGNED", "WRITEBACKIFCOPY")
        values = [self._writeable_no_warn if n == "WRITEABLE" else self[n] for n in names]
        warns = "  (with WARN_ON_WRITE=True)" if self._warn_on_write else ""
        return "".join(f"  {n} : {v}{warns if n == 'WRITEABLE' else ''}\n" for n, v in zip(names, values))


FLAG_NAMES = {
    "C": "c_contiguous", "CONTIGUOUS": "c_contiguous", "C_CONTIGUOUS": "c_contiguous",
    "F": "f_contiguous", "FORTRAN": "f_contiguous", "F_CONTIGUOUS": "f_contiguous",
    "O": "owndata", "OWNDATA": "owndata", "W": "writeable", "WRITEABLE": "writeable",
    "A": "aligned", "ALIGNED": "aligned", "X": "writebackifcopy", "WRITEBACKIFCOPY": "writebackifcopy",
    "B": "behaved", "BEHAVED": "behaved", "CA": "carray", "CARRAY": "carray",
    "FA": "farray", "FARRAY": "farray", "FNC": "fnc", "FORC": "forc"}


cdef inline bint may_write(ndarray g) except -1:
    """Is g's memory writeable, of a native array? Warns where NumPy does, once per array and its owners."""
    if not g.bits & READONLY:
        return True
    return bool(g.bits & WARNS) and warned_of_write(g)


cdef bint warned_of_write(ndarray g) except -1:
    cdef ndarray owner = g
    warnings.warn("Numpy has detected that you (may be) writing to an array with\noverlapping memory from "
                  "np.broadcast_arrays. If this is intentional\nset the WRITEABLE flag True or make a copy "
                  "immediately before writing.", DeprecationWarning, stacklevel=1)
    while owner is not None and owner.bits & WARNS:
        owner.bits &= ~<unsigned int>(READONLY | WARNS)
        if owner.bits & ALIAS:
            (<object>owner.np_).flags.writeable = True
        owner = <ndarray>owner.base_ if owner.base_ != NULL else None
    return True


cdef int set_writeable(ndarray g, object value) except -1:
    """Of a native array: off at any time, on again when the memory may be written."""
    cdef ndarray owner
    if g.bits & ALIAS:
        (<object>g.np_).flags.writeable = value
    elif value:
        owner = <ndarray>g.base_ if g.base_ != NULL else None
        if g.bits & SCALAR or g.a.storage.get().is_readonly or owner is not None \
                and owner.bits & (READONLY | WARNS) == READONLY:
            raise ValueError("cannot set WRITEABLE flag to True of this array")
    g.bits &= ~<unsigned int>(READONLY | WARNS)
    if not value:
        g.bits |= READONLY
    if g.out_ != NULL:
        (<_Export>g.out_).is_readonly = g.bits & READONLY
        nd = exported(<_Export>g.out_)
        if nd is not None:
            nd.flags.writeable = value
    return 0


@cython.final
cdef class Flat:
    """A flat iterator: numpy.flatiter over the array's memory, with grumpy arrays in and out."""
    cdef readonly object it
    cdef ndarray g

    def __iter__(self):
        return self

    def __next__(self):
        return wrap(next(self.it))

    def __len__(self):
        return len(self.it)

    def __getitem__(self, key):
        return wrap(self.it[unwrap(key)])

    def __setitem__(self, key, value):
        self.it[unwrap(key)] = unwrap(value)

    def __delitem__(self, key):
        raise TypeError("Cannot delete iterator elements")

    def __array__(self, dtype=None, copy=None):
        return np.array(self.it, dtype)

    def __richcmp__(self, other, int op):
        global dispatches
        dispatches += 1
        return compare(wrap(np.asarray(self.it)), unwrap(other), op)

    __hash__ = None

    @property
    def base(self):
        return self.g

    @property
    def index(self):
        return self.it.index

    @property
    def coords(self):
        return self.it.coords

    def copy(self):
        """A one-dimensional copy of the values."""
        return wrap(self.it.copy())
