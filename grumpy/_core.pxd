# Declarations of csrc/api.h and of the binding's own headers (grumpy/core/*.h), as _core.pyx calls
# them. Dtypes and operations travel as ints: the enumerators of base/dtype.def and ops/ops.def.
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "core/errors.h" namespace "grumpy::binding":
    void translate()

cdef extern from "base/dtype.h" namespace "grumpy":
    int kNumDTypes

cdef extern from "base/shape.h" namespace "grumpy":
    int kMaxDims
    cdef cppclass ShapeRep:
        int32_t ndim
        int64_t size
        int64_t dims[1]
    cdef cppclass Shape:
        ShapeRep* get()
    cdef cppclass ViewRep:
        int64_t offset
        cbool is_contiguous
        int64_t strides[1]
    cdef cppclass View:
        ViewRep* get()

cdef extern from "base/scalar.h" namespace "grumpy":
    cdef cppclass Scalar:
        unsigned char bytes[16]
        cbool is_weak


cdef extern from "base/buffer.h" namespace "grumpy":
    cdef cppclass Buffer:
        uint32_t exports
        cbool is_readonly
        cbool is_borrowed
        void* data
        size_t nbytes

cdef extern from "graph/storage.h" namespace "grumpy":
    cdef cppclass Storage:
        cbool is_shared
        cbool is_readonly
    cdef cppclass StorageRef:
        Storage* get()
    cdef cppclass Array:
        StorageRef storage
        View view
        Array()
        const Shape& shape()
        int ndim()
        int64_t size()

cdef extern from "graph/record.h" namespace "grumpy":
    cdef cppclass Operand:
        const Array* array
        Scalar scalar
        Operand()

cdef extern from "graph/node.h" namespace "grumpy":
    cdef cppclass Site:
        void* code
        int32_t last_instruction
        uint16_t errstate
        uint8_t watch
        uint8_t called

cdef extern from "base/config.h" namespace "grumpy":
    void check_environment() except +translate
    string get_config(const string&) except +translate

cdef extern from "ops/inner_loop.h" namespace "grumpy":
    cdef cppclass InnerLoop:
        uint8_t nin
        uint8_t nout

cdef extern from "runtime/validator.h" namespace "grumpy":
    cdef cppclass NodeFacts:
        string kind
        string operation
        int dtype "dtype_number()"
        vector[int64_t] shape
        vector[uint32_t] inputs
        vector[int64_t] window
        int64_t offset
        uint64_t axes
        int64_t axis
        int part
        const void* data
        Site site
    cdef cppclass Validator:
        void* (*expect)(const vector[NodeFacts]&) noexcept
        string (*compare)(void*, const vector[uint32_t]&, const vector[const void*]&) noexcept

cdef extern from "api.h" namespace "grumpy::api":
    cdef cppclass Hooks:
        void* (*release_gil)() noexcept
        void (*acquire_gil)(void*) noexcept
        void (*retain_code)(void*) noexcept
        void (*release_code)(void*) noexcept
        cbool (*release_shared_code)(void*, size_t) noexcept
        cbool (*interrupted)() noexcept
        cbool (*answer_signals)() noexcept
        string (*place)(const Site&) noexcept
        Validator validator
    void start(const Hooks&) except +translate
    void check_core_settings "grumpy::api::check_settings"() except +translate
    void set_core_setting "grumpy::api::set_setting"(const string&, const string&) except +translate
    void prepare_fork() except +translate
    void end_fork() except +translate
    void prepare_exit() except +translate
    cdef cppclass FpEvent:
        Site site
        string operation
        uint8_t fpe
    vector[FpEvent] take_fp_events() except +translate
    vector[string] take_capped_places() except +translate
    cdef cppclass PlaceCount:
        string place
        int count
    vector[PlaceCount] places_of_kernels "grumpy::api::compiled_by_place"() except +translate
    Buffer* export_buffer(const Array&) except +translate
    Array copy(const Array&) except +translate
    cdef cppclass Counters:
        uint64_t evaluations, kernels, library_calls, compiled, compile_ns, memory_hits, disk_hits
        uint64_t interpreted, bytes_moved, run_ns, plans, plan_hits, replays, wavefronts, recorded, pending
    Counters counters()
    void reset_counters()

cdef extern from "core/errors.h" namespace "grumpy::binding":
    cdef cppclass ErrorClasses:
        PyObject* axis
        PyObject* compile
        PyObject* device
        PyObject* internal
    ErrorClasses error_classes

cdef extern from "core/site.h" namespace "grumpy::binding":
    cdef cppclass ErrState:
        PyObject* value
        uint8_t watch
        uint8_t at_call
        uint16_t index
    string package_folder
    PyObject* err_variable
    int (*resolve_errstate)(ErrState*)
    void forget_errstates()
    uint64_t now_ns() noexcept
    uint64_t now_ticks() noexcept
    cdef cppclass PlaceCounts:
        void add(uint64_t ticks)
        void clear()
        object list()
    PlaceCounts evaluation_counts
    PlaceCounts conversion_counts
    const ErrState& current_errstate() except +translate
    PyObject* user_file(int* line)
    PyObject* site_file(const Site&, int* line)
    string place_text(const Site&) noexcept
    cdef cppclass TickRate:
        uint64_t ns_of(uint64_t ticks) noexcept
    TickRate tick_rate
    cdef cppclass Place:
        pass
    Place user_place() noexcept

cdef extern from "core/forward_slots.h" namespace "grumpy::binding":
    int kForwardSlots
    cdef cppclass ForwardSlot:
        PyObject* subject
        PyObject* reason
        bint is_method
        uint64_t count
        uint64_t ticks
        cbool is_of(const Place&, PyObject* subject, PyObject* reason, cbool is_method) noexcept
        void start(const Place&, PyObject* subject, PyObject* reason, cbool is_method) noexcept
        ForwardSlot taken() noexcept
        void drop() noexcept
        PyObject* file(int* line) noexcept
    ForwardSlot* forward_slots
    ForwardSlot* forward_slot(const Place&) noexcept

cdef extern from "core/layout.h" namespace "grumpy::binding":
    void window_of(const Array&, int64_t* strides, int64_t* offset) noexcept
    bint order_by_steps(const int64_t* steps, int ndim, int* order)
    cbool is_c_contiguous(const Array&) noexcept
    cbool is_f_contiguous(const Array&) noexcept

cdef extern from "core/scalar_ops.h" namespace "grumpy::binding":
    cbool known_value(const Array&, Scalar*) except +translate
    cbool compute_known(int op, const Scalar&, const Scalar&, Scalar*) noexcept

cdef extern from "core/record.h" namespace "grumpy::binding":
    int (*deliver_fp_events)()
    void settle_events() except +translate
    bint hold_events() except +translate
    void let_events_go() except +translate
    uint16_t kScalarSite
    uint16_t kDivmodSite
    uint16_t kMatmulSite
    uint16_t kMatvecSite
    uint16_t kVecmatSite
    uint16_t kVecdotSite
    uint16_t kDotSite
    uint16_t kStateMask
    void map_pair(int first, int second, const Operand* operands, int n, uint16_t named,
                  Array* out) except +translate
    Array map_operands(int op, const Operand* operands, int n) except +translate
    Array map_named "grumpy::binding::map_operands"(int op, const Operand* operands, int n,
                                                    uint16_t named) except +translate
    Array map1(int op, const Array&) except +translate
    Array map2(int op, const Array&, const Array&) except +translate
    Array map2_scalar(int op, const Array&, const Scalar&, cbool swapped) except +translate
    cbool try_map(int op, const Operand*, int n, Array* out) except +translate
    cbool try_map1(int op, const Array&, Array* out) except +translate
    cbool try_map2(int op, const Array&, const Array&, Array* out) except +translate
    cbool try_map2_scalar(int op, const Array&, const Scalar&, cbool swapped,
                          Array* out) except +translate
    cbool write_plain(int op, const Array&, const Array&) except +translate
    cbool write_plain_number(int op, const Array&, PyObject* number) except +translate
    cbool try_map_number(int op, const Array&, PyObject* number, cbool swapped, Array* out) except +translate
    Array map_as(int op, int compute, int result, const Operand*, int n) except +translate
    Array cast(const Array&, int to) except +translate
    Array copy_keeping_order(const Array&) except +translate
    void foreign(const InnerLoop*, const Operand*, int nin, Array* out, int nout) except +translate
    Array reduce(int op, const Array&, uint64_t axes, cbool keepdims, int accumulate,
                 int out_dtype) except +translate
    Array reduce_named "grumpy::binding::reduce"(int op, const Array&, uint64_t axes, cbool keepdims,
                                                 int accumulate, int out_dtype,
                                                 uint16_t named) except +translate
    Array scan(int op, const Array&, int axis, int out_dtype) except +translate
    Array matmul(const Array&, const Array&, int dtype, uint16_t named) except +translate
    int64_t count_true(const Array& mask) except +translate
    Array compress(const Array&, const Array& mask, cbool in_c_order) except +translate
    vector[Array] nonzero(const Array& mask) except +translate
    cbool in_bounds(const Array& index, int64_t size) except +translate
    cbool is_checked_late(const Array& of, const Array& index) noexcept
    Array gather(const Array&, const vector[const Array*]& index, int axis,
                 const vector[int]& late_names, cbool in_c_order) except +translate
    void scatter(const Array& dst, const vector[const Array*]& index, int axis,
                 const vector[int]& late_names, const Operand& value) except +translate
    cbool scatter_reduce(int op, const Array& dst, const vector[const Array*]& index, int axis,
                         const vector[int]& late_names, const Operand& value) except +translate
    void put_masked(const Array& dst, const Array& mask, const Operand& value) except +translate
    void write(const Array& dst, const Operand& value) except +translate
    cbool write_element(const Array& dst, int64_t offset, const Operand& value) except +translate
    void write_array(const Array& dst, const Array& value) except +translate
    void write_result(const Array& dst, const Array& value, int op) except +translate
    void write_where(const Array& dst, const Array& mask, const Operand& value) except +translate
    void evaluate_one(const Array&) except +translate
    void evaluate_many(const vector[const Array*]&) except +translate
    void evaluate_pending() except +translate
    string show_arrays(const vector[const Array*]&, const string&) except +translate
    cbool join_known(const Array** arrays, int n, int axis, const int64_t* shape, int ndim, Array&) except +translate
    cdef cppclass ConfigText:
        string name
        string variable
        string type
        string default_text
        string choices
        string doc
    vector[ConfigText] config_texts() except +translate
    void clear_array(Array&) noexcept
    void end_export(Buffer*, int dtype) noexcept
    uint32_t current_version(const Array&) noexcept
    uint32_t version_to_keep(const Array&) noexcept
    cbool is_waiting(const Array&) noexcept
    Array view(const Array&, const int64_t* shape, const int64_t* strides, int ndim,
               int64_t offset) except +translate
    Array try_reshape(const Array&, const int64_t* shape, int ndim) except +translate
    Array broadcast_to(const Array&, const int64_t* shape, int ndim) except +translate
    Array empty(int dtype, const int64_t* shape, int ndim) except +translate
    Array constant(const Scalar&) except +translate
    Scalar as_dtype(const Scalar&, int dtype) noexcept
    Array filled(const Scalar&, const int64_t* shape, int ndim) except +translate
    Array copy_in(int dtype, const int64_t* shape, const int64_t* strides, int ndim,
                  const void* data) except +translate
    Array adopt(int dtype, const int64_t* shape, int ndim, void* data, size_t nbytes,
                cbool is_readonly, cbool is_shared, PyObject* owner) except +translate
    Scalar read_scalar(const Array&) except +translate
    Array element(const Array&, int64_t offset) except +translate
    int infer(int op, const Operand*, int n) noexcept
    cbool can_cast_same_kind(int source, int to) noexcept
    cbool weak_scalar(object, Scalar*) noexcept
    cbool is_exact_in(const Scalar&, int dtype) noexcept
    cbool fits_dtype(const Scalar&, int dtype) noexcept
    double weak_real(const Scalar&) noexcept
    object scalar_item(const Scalar&)

    int dtype_of(const Array&) noexcept
    int dtype_of_scalar(const Scalar&) noexcept
    int dtype_of_operand(const Operand&) noexcept

cdef extern from "core/table.h" namespace "grumpy::binding":
    int kOpCount
    int kReduceCount
    string op_name(int)
    string op_doc(int)
    int op_nin(int) noexcept
    int op_flags(int) noexcept
    int op_fpe(int) noexcept
    int op_domain(int) noexcept
    double op_ulp(int) noexcept
    cbool op_is_loop(int) noexcept
    cbool op_takes(int, int) noexcept
    int op_result(int, int) noexcept
    cbool op_is_internal(int) noexcept
    cbool op_is_scipy(int) noexcept
    cbool op_has_identity(int) noexcept
    double op_identity(int) noexcept
    int kWeak
    int infer_types(int, const int*, int) except +translate
    string reduce_name(int)
    cbool reduce_has_identity(int) noexcept
    cbool reduce_can_scan(int) noexcept
    int reduce_dtype(int, int) except +translate
    string dtype_name(int)
    int dtype_kind(int) noexcept
    int dtype_bytes(int) noexcept
    int dtype_promote(int, int) noexcept
    int dtype_real(int) noexcept

cdef extern from "core/loops.h" namespace "grumpy::binding":
    int dtype_of_number(int number) noexcept
    int* kTypeNumbers
    cbool is_ufunc(PyObject*) noexcept
    cbool is_generalized(PyObject*) noexcept
    const InnerLoop* keep_loop(PyObject* ufunc, const int* dtypes) noexcept
    void register_loops(int op, PyObject* ufunc) noexcept
    Scalar scalar_at(int dtype, const void* data) noexcept

cdef extern from "ops/op.h" namespace "grumpy":
    enum:
        OP_ADD "int(grumpy::Op::add)"
        OP_SUBTRACT "int(grumpy::Op::subtract)"
        OP_MULTIPLY "int(grumpy::Op::multiply)"
        OP_DIVIDE "int(grumpy::Op::divide)"
        OP_FLOOR_DIVIDE "int(grumpy::Op::floor_divide)"
        OP_REMAINDER "int(grumpy::Op::remainder)"
        OP_POWER "int(grumpy::Op::power)"
        OP_NEGATIVE "int(grumpy::Op::negative)"
        OP_POSITIVE "int(grumpy::Op::positive)"
        OP_ABSOLUTE "int(grumpy::Op::absolute)"
        OP_SQUARE "int(grumpy::Op::square)"
        OP_RECIPROCAL "int(grumpy::Op::reciprocal)"
        OP_CONJUGATE "int(grumpy::Op::conjugate)"
        OP_SQRT "int(grumpy::Op::sqrt)"
        OP_CLIP "int(grumpy::Op::clip)"
        OP_MAXIMUM "int(grumpy::Op::maximum)"
        OP_MINIMUM "int(grumpy::Op::minimum)"
        OP_EQUAL "int(grumpy::Op::equal)"
        OP_NOT_EQUAL "int(grumpy::Op::not_equal)"
        OP_LESS "int(grumpy::Op::less)"
        OP_LESS_EQUAL "int(grumpy::Op::less_equal)"
        OP_GREATER "int(grumpy::Op::greater)"
        OP_GREATER_EQUAL "int(grumpy::Op::greater_equal)"
        OP_BITWISE_AND "int(grumpy::Op::bitwise_and)"
        OP_BITWISE_OR "int(grumpy::Op::bitwise_or)"
        OP_BITWISE_XOR "int(grumpy::Op::bitwise_xor)"
        OP_INVERT "int(grumpy::Op::invert)"
        OP_LEFT_SHIFT "int(grumpy::Op::left_shift)"
        OP_RIGHT_SHIFT "int(grumpy::Op::right_shift)"
        OP_RINT "int(grumpy::Op::rint)"
        OP_ISNAN "int(grumpy::Op::isnan)"
        OP_MODF_FRACTION "int(grumpy::Op::modf_fraction)"
        OP_MODF_WHOLE "int(grumpy::Op::modf_whole)"
        OP_WHERE "int(grumpy::Op::where)"
        OP_REAL "int(grumpy::Op::real)"
        OP_IMAG "int(grumpy::Op::imag)"
        OP_MAKE_COMPLEX "int(grumpy::Op::make_complex)"
        RED_ADD "int(grumpy::ReduceOp::add)"
        RED_MULTIPLY "int(grumpy::ReduceOp::multiply)"
        RED_MINIMUM "int(grumpy::ReduceOp::minimum)"
        RED_MAXIMUM "int(grumpy::ReduceOp::maximum)"
        RED_FMIN "int(grumpy::ReduceOp::fmin)"
        RED_FMAX "int(grumpy::ReduceOp::fmax)"
        RED_AND "int(grumpy::ReduceOp::logical_and)"
        RED_OR "int(grumpy::ReduceOp::logical_or)"
        RED_ARGMIN "int(grumpy::ReduceOp::argmin)"
        RED_ARGMAX "int(grumpy::ReduceOp::argmax)"
        RED_MOMENTS "int(grumpy::ReduceOp::moments)"

cdef extern from "base/dtype.h" namespace "grumpy":
    enum:
        BOOL "int(grumpy::DType::bool_)"
        INT64 "int(grumpy::DType::int64)"
        UINT64 "int(grumpy::DType::uint64)"
        FLOAT16 "int(grumpy::DType::float16)"
        FLOAT32 "int(grumpy::DType::float32)"
        FLOAT64 "int(grumpy::DType::float64)"
        COMPLEX64 "int(grumpy::DType::complex64)"
        COMPLEX128 "int(grumpy::DType::complex128)"
        KIND_BOOL "int(grumpy::Kind::Bool)"
        KIND_INT "int(grumpy::Kind::Int)"
        KIND_UINT "int(grumpy::Kind::UInt)"
        KIND_FLOAT "int(grumpy::Kind::Float)"
        KIND_COMPLEX "int(grumpy::Kind::Complex)"
