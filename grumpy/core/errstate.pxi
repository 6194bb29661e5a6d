# NumPy's error state while recording, and floating-point errors when they arrive (semantics.md S7).

cdef enum:
    MANY_STATES = 256
cdef list err_modes = []      # distinct states: ({Fpe bit: mode}, errcall)
cdef dict err_index = {}      # (modes, id of errcall) -> index
cdef dict warning_registries = {}  # file -> __warningregistry__ of warnings delivered late
cdef bint warnings_at_call = False  # grumpy.config(fp_warnings="call")

cdef dict site_names = {kScalarSite: "scalar {}", kDivmodSite: "divmod", kMatmulSite: "matmul",
                        kMatvecSite: "matvec", kVecmatSite: "vecmat", kVecdotSite: "vecdot", kDotSite: "dot"}

FPE_TEXT = {1: "divide by zero", 2: "overflow", 4: "underflow", 8: "invalid value"}


cdef int resolve_state(ErrState* state) noexcept:
    """What the state in force means, from NumPy's public functions."""
    try:
        modes = np.geterr()
        call = np.geterrcall()
        by_bit = {1: modes["divide"], 2: modes["over"], 4: modes["under"], 8: modes["invalid"]}
        key = (*by_bit.values(), id(call))
        index = err_index.get(key)
        if index is None:
            if len(err_modes) >= MANY_STATES:  # a program that makes a handler for each call
                evaluate_pending()
                err_modes.clear()
                err_index.clear()
                forget_errstates()
            index = len(err_modes)
            err_modes.append((by_bit, call))
            err_index[key] = index
        state.index = index
        state.watch = 0
        state.at_call = 0
        for bit, mode in by_bit.items():
            if mode == "ignore":
                continue
            state.watch |= <uint8_t>bit
            if warnings_at_call or mode in ("raise", "call"):
                state.at_call |= <uint8_t>bit
        return 0
    except:  # noqa: E722  handed to C++ as a set exception
        restore_exception()
        return -1


cdef int deliver_one(int bit, str operation, tuple state, object file, int line) except -1:
    modes, call = state
    mode = modes[bit]
    text = f"{FPE_TEXT[bit]} encountered in {operation}"
    if mode == "warn":
        if file is None:
            warnings.warn(text, RuntimeWarning, stacklevel=1)
        else:
            warnings.warn_explicit(text, RuntimeWarning, file, line,
                                   registry=warning_registries.setdefault(file, {}))
    elif mode == "raise":
        raise FloatingPointError(text)
    elif mode == "print":
        print(f"Warning: {text}", file=sys.stderr)
    elif mode == "call":
        if call is None:
            raise NameError(f"python callback specified for {FPE_TEXT[bit]} (in  {operation}) "
                            "but no function found.")
        call(FPE_TEXT[bit], bit)
    elif mode == "log":
        if call is None:
            raise NameError(f"log specified for {FPE_TEXT[bit]} (in {operation}) "
                            "but no object with write method found.")
        call.write(f"Warning: {text}\n")
    return 0


cdef int tell_capped(str place) except -1:
    """A line has had so many kernels compiled that further ones are interpreted."""
    file, _, line = place.rpartition(":")
    warnings.warn_explicit(
        "so many different kernels have been compiled for this line (grumpy.config(max_line_kernels=...)) that further ones "
        "are interpreted, which takes longer on large arrays. It builds ever new expressions: evaluate a part of each "
        "first (grumpy.evaluate), so that the rest comes again", RuntimeWarning, file, int(line),
        registry=warning_registries.setdefault(file, {}))
    return 0


cdef int deliver_events() noexcept:
    """Delivers what has arrived, in program order; -1 with an exception set."""
    cdef vector[FpEvent] events
    cdef size_t k
    cdef int line = 0
    cdef PyObject* file
    cdef list due = []
    try:
        events = take_fp_events()
        for k in range(events.size()):
            file = site_file(events[k].site, &line)
            name = None
            if file != NULL:
                name = <object>file
                Py_DECREF(name)
            if events[k].site.code != NULL:
                release_code(events[k].site.code)
            at = events[k].site.errstate
            named = site_names.get(at & ~kStateMask)
            operation = events[k].operation.decode()
            event = (events[k].fpe, named.format(operation) if named else operation, err_modes[at & kStateMask],
                     name, line)
            if (named or events[k].site.called) and event in due:  # several of its parts have met the same error
                continue
            due.append(event)
        for place in take_capped_places():
            tell_capped((<bytes>place).decode())
        for event in due:
            deliver_one(event[0], event[1], event[2], event[3], event[4])
        return 0
    except:  # noqa: E722  handed to C++ as a set exception
        restore_exception()
        return -1


def set_warnings_at_call(flag):
    """Delivers floating-point warnings before the call returns, as NumPy does."""
    global warnings_at_call
    warnings_at_call = flag
    forget_errstates()


resolve_errstate = resolve_state
deliver_fp_events = deliver_events
err_variable = <PyObject*>_extobj_contextvar
