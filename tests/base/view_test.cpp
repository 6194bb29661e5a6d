// Shapes and views against enumeration: overlap, injectivity, extent, reshape and composition of
// random small views; and the scalar conversions that C++ leaves undefined.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/half.h"
#include "base/scalar.h"
#include "base/shape.h"

using namespace grumpy;

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("failed: %s\n", what);
  if (++failures > 20) std::exit(1);
}

std::mt19937 random_bits(20240521);
int between(int low, int high) { return low + int(random_bits() % unsigned(high - low + 1)); }

std::vector<int64_t> elements(const ViewRep& v) {
  std::vector<int64_t> found;
  std::vector<int64_t> index(size_t(v.ndim));
  for (int64_t left = v.shape->size; left > 0; --left) {
    int64_t at = v.offset;
    for (int k = 0; k < v.ndim; ++k) at += index[size_t(k)] * v.strides[k];
    found.push_back(at);
    for (int k = v.ndim - 1; k >= 0 && ++index[size_t(k)] == v.shape->dims[k]; --k) index[size_t(k)] = 0;
  }
  return found;
}

View random_view() {
  const int ndim = between(0, 3);
  int64_t dims[3], strides[3];
  for (int k = 0; k < ndim; ++k) {
    dims[k] = between(0, 9) == 0 ? 0 : between(1, 5);
    strides[k] = between(-9, 9);
  }
  return make_view(make_shape({dims, size_t(ndim)}), {strides, size_t(ndim)}, between(0, 30));
}

// Extents whose product is n, in random order, with some ones.
std::vector<int64_t> random_factors(int64_t n) {
  std::vector<int64_t> dims;
  while (n > 1) {
    const int f = between(2, int(n));
    if (n % f == 0) {
      dims.push_back(f);
      n /= f;
    }
    if (between(0, 4) == 0) dims.push_back(1);
  }
  return dims;
}

// A sliced, reversed and transposed window on the flat elements of an array of these extents.
View random_slices(const std::vector<int64_t>& dims) {
  const View whole = contiguous_view(make_shape(dims));
  std::vector<int64_t> extents, strides;
  int64_t offset = 0;
  for (size_t k = 0; k < dims.size(); ++k) {
    const int64_t step = between(1, 2), sign = between(0, 1) ? 1 : -1;
    extents.push_back((dims[k] + step - 1) / step);
    strides.push_back(sign * step * whole->strides[k]);
    if (sign < 0) offset += (dims[k] - 1) * whole->strides[k];
  }
  if (dims.size() > 1 && between(0, 1)) {
    std::swap(extents[0], extents[1]);
    std::swap(strides[0], strides[1]);
  }
  return make_view(make_shape(extents), strides, offset);
}

void check_random_views() {
  for (int round = 0; round < 100000; ++round) {
    const View a = random_view(), b = random_view();
    const std::vector<int64_t> of_a = elements(*a);
    const std::set<int64_t> in_a(of_a.begin(), of_a.end());
    bool meets = false;
    for (int64_t x : elements(*b)) meets |= in_a.count(x) > 0;
    expect(may_overlap(*a, *b) == meets, "may_overlap");
    expect(is_injective(*a) == (in_a.size() == of_a.size()), "is_injective");
    const Range range = touched(*a);
    if (of_a.empty()) {
      expect(range.first == 0 && range.end == 0, "touched by an empty view");
      continue;
    }
    expect(range.first == *in_a.begin() && range.end == *in_a.rbegin() + 1, "touched");

    const std::vector<int64_t> dims = random_factors(a->shape->size);
    if (const View v = reshape_view(*a, make_shape(dims))) expect(elements(*v) == of_a, "reshape_view");
    const View inner = random_slices(dims);
    if (const View v = compose(*a, *inner)) {
      std::vector<int64_t> expected;
      for (int64_t x : elements(*inner)) expected.push_back(of_a[size_t(x)]);
      expect(elements(*v) == expected, "compose");
      expect(same_shape(*v->shape, *inner->shape), "compose keeps the shape");
    } else {
      expect(!a->is_contiguous, "compose with a contiguous outer view");
    }
  }
}

void check_shapes() {
  const int64_t two[] = {3, 2}, row[] = {2}, column[] = {3, 1}, four[] = {4};
  expect(to_string(make_shape(two)->extents()) == "(3,2)", "to_string");
  expect(to_string(make_shape(row)->extents()) == "(2,)", "to_string of one axis");
  expect(to_string({}) == "()", "to_string of no axis");
  expect(same_shape(*broadcast(make_shape(row), make_shape(column)), *make_shape(two)), "broadcast");
  expect(!broadcast(make_shape(two), make_shape(four)), "broadcast that fails");
  const int64_t huge[] = {int64_t(1) << 40, int64_t(1) << 40, 0}, negative[] = {-1};
  for (std::span<const int64_t> dims : {std::span<const int64_t>(huge), std::span<const int64_t>(negative)}) {
    bool is_refused = false;
    try {
      make_shape(dims);
    } catch (const Error& e) {
      is_refused = e.error_class == ErrorClass::ValueError;
    }
    expect(is_refused, "make_shape refuses");
  }
}

template <class To, class From>
To converted(DType to, DType from, From v) {
  return convert(Scalar::of(from, v), to).template as<To>();
}

void check_conversions() {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  expect(converted<int8_t>(DType::int8, DType::float64, 300.0) == 44, "float64 300 to int8");
  expect(converted<int8_t>(DType::int8, DType::float64, 1e10) == 0, "float64 1e10 to int8");
  expect(converted<int32_t>(DType::int32, DType::float64, double(NAN)) == std::numeric_limits<int32_t>::min(), "NaN");
  expect(converted<uint32_t>(DType::uint32, DType::float64, -1.0) == 0xffffffffu, "-1 to uint32");
  expect(converted<uint32_t>(DType::uint32, DType::float64, 4294967295.5) == 0xffffffffu, "to uint32");
  expect(converted<uint32_t>(DType::uint32, DType::float64, kInf) == 0, "infinity to uint32");
  expect(converted<uint64_t>(DType::uint64, DType::float64, 0x1p63 + 2048) == (uint64_t(1) << 63) + 2048,
         "to uint64");
  expect(converted<uint8_t>(DType::bool_, DType::float64, double(NAN)) == 1, "NaN is true");
  expect(converted<float>(DType::float32, DType::int64, int64_t(16777217)) == 16777216.0f, "int64 to float32");
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float wide = half_to_float(uint16_t(h));
    const bool is_nan = (h & 0x7fff) > 0x7c00;
    expect(is_nan ? std::isnan(wide) : float_to_half(wide) == h && double_to_half(wide) == h, "float16");
  }
}

}  // namespace

int main() {
  check_random_views();
  check_shapes();
  check_conversions();
  return failures != 0;
}
