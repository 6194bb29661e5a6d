/// Kernels for GPUs: their PTX, and what they compute on the emulated grid, against the CPU's
/// driver and against point-by-point evaluation on the host.
///
///   gpu_test            every check; ptxas is used where it is found
///   gpu_test ptx FILE   writes the PTX of one map-reduce kernel
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "codegen/block_loop_object.h"
#include "codegen/emulate_gpu.h"
#include "codegen/ptx.h"
#include "device/cpu/run_kernel.h"

using namespace grumpy;

namespace {

int failures = 0, checks = 0;

void expect(bool ok, const std::string& what) {
  ++checks;
  if (ok) return;
  ++failures;
  std::printf("FAIL %s\n", what.c_str());
}

/// A kernel and memory for its arguments.
struct Case {
  std::string name;
  KernelSpec spec;
  std::vector<int64_t> extents;
  std::vector<std::vector<int64_t>> strides;  // per argument, of loads, stores and reductions
  std::vector<std::vector<char>> memory;      // per argument
  std::vector<int64_t> offsets;               // element where index 0 lies

  void add(DType t, std::vector<int64_t> s) {
    int64_t first = 0, last = 0;
    for (size_t k = 0; k < s.size(); ++k)
      (s[k] < 0 ? first : last) += s[k] * (std::max<int64_t>(1, extents[k]) - 1);
    strides.push_back(s);
    offsets.push_back(-first);
    memory.emplace_back(size_t((last - first + 1) * item_bytes(t)));
  }
  std::vector<ArgView> views() {
    std::vector<ArgView> v;
    for (size_t a = 0; a < memory.size(); ++a)
      v.push_back({memory[a].data() + offsets[a] * item_bytes(spec.arg_dtype(int(a))),
                   strides[a].data(), false});
    return v;
  }
  std::vector<MemoryRange> ranges() {
    std::vector<MemoryRange> r;
    for (auto& m : memory) r.push_back({m.data(), m.size()});
    return r;
  }
  void run_on_cpu() {
    const std::vector<ArgView> v = views();
    run_kernel(spec, make_interpreted_steps(spec.program), {extents.data(), v.data()}, 2,
               [](uint32_t, uint8_t) {});
  }
  EmulationReport run(const EmulatedGrid& grid) {
    const std::vector<ArgView> v = views();
    return emulate_launch(spec, {extents.data(), v.data()}, grid, ranges());
  }
};

void fill(std::vector<char>& m, DType t, uint64_t seed, bool small = false) {
  std::mt19937_64 rng(seed);
  const size_t size = size_t(item_bytes(real_part(t)));
  for (size_t k = 0; k * size < m.size(); ++k) {
    char* p = &m[k * size];
    const double v = (double(int64_t(rng() % 2001)) - 1000) / (small ? 1000 : 7);
    if (t == DType::bool_) {
      *p = char(rng() & 1);
      continue;
    }
    if (real_part(t) == DType::float64) {
      std::memcpy(p, &v, 8);
      continue;
    }
    if (real_part(t) == DType::float32) {
      const float f = float(v);
      std::memcpy(p, &f, 4);
      continue;
    }
    if (t == DType::float16) {
      const uint16_t h = uint16_t(0x3800 + rng() % 0x800) | uint16_t(rng() & 0x8000);
      std::memcpy(p, &h, 2);
      continue;
    }
    const int64_t i = int64_t(rng() % 251) - 100;
    std::memcpy(p, &i, size);
  }
}

Instr instr(Op op, DType t, DType result, std::vector<uint16_t> in, uint16_t out) {
  Instr i{};
  i.op = op;
  i.dtype = t;
  i.result = result;
  i.nin = uint8_t(in.size());
  for (size_t k = 0; k < in.size(); ++k) i.in[k] = in[k];
  i.out = out;
  return i;
}

/// One operation over a 2-d space: a contiguous, a transposed and a broadcast operand.
Case map_case(Op op, DType t, DType result) {
  Case c;
  c.name = std::string(info(op).name) + " " + std::string(info(t).name);
  c.extents = {37, 29};
  const int nin = info(op).nin;
  c.spec.ndim = 2;
  c.spec.program.nloads = uint16_t(nin);
  const std::vector<std::vector<int64_t>> layouts{{29, 1}, {-1, -37}, {0, 2}};
  std::vector<uint16_t> in;
  for (int k = 0; k < nin; ++k) {
    const DType d = input_dtype(op, t, k);
    c.spec.program.dtypes.push_back(d);
    c.add(d, layouts[size_t(k)]);
    fill(c.memory.back(), d, uint64_t(k) + 1);
    in.push_back(uint16_t(k));
  }
  c.spec.program.dtypes.push_back(result);
  c.spec.program.instrs.push_back(instr(op, t, result, in, uint16_t(nin)));
  c.spec.stores.push_back({uint16_t(nin)});
  c.add(result, {29, 1});
  return c;
}

bool same(const char* a, const char* b, DType t) {
  const size_t size = size_t(item_bytes(real_part(t)));
  for (size_t k = 0; k < (is_complex(t) ? 2u : 1u); ++k, a += size, b += size) {
    if (std::memcmp(a, b, size) == 0) continue;
    double x = 0, y = 0;
    if (real_part(t) == DType::float64) std::memcpy(&x, a, 8), std::memcpy(&y, b, 8);
    if (real_part(t) == DType::float32) {
      float f, g;
      std::memcpy(&f, a, 4), std::memcpy(&g, b, 4);
      x = f, y = g;
    }
    if (t == DType::float16) {
      uint16_t f, g;
      std::memcpy(&f, a, 2), std::memcpy(&g, b, 2);
      if ((f & 0x7fff) > 0x7c00 && (g & 0x7fff) > 0x7c00) continue;
    }
    if (!(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

/// Stores and results of the case as the CPU's driver computes them; sums, products and moments of
/// floats may associate differently, and nothing else.
void check_against_cpu(const Case& emulated) {
  Case c = emulated;
  const size_t first = size_t(c.spec.program.nloads + c.spec.program.nscalars),
               stores = c.spec.stores.size();
  for (size_t a = first; a < c.memory.size(); ++a)
    std::fill(c.memory[a].begin(), c.memory[a].end(), char(0x11));
  c.run_on_cpu();
  for (size_t a = first; a < c.memory.size(); ++a) {
    if (a >= first + stores) {
      const Reduction& r = c.spec.reductions[a - first - stores];
      const bool rounds =
          r.op == ReduceOp::add || r.op == ReduceOp::multiply || r.op == ReduceOp::moments;
      if (rounds && is_inexact(r.in)) continue;
    }
    const DType t = c.spec.arg_dtype(int(a));
    bool ok = true;
    for (size_t k = 0; k < c.memory[a].size(); k += size_t(item_bytes(t)))
      ok = ok && same(&c.memory[a][k], &emulated.memory[a][k], t);
    expect(ok, c.name + ": argument " + std::to_string(a) + " as on the CPU");
  }
}

void check_map(Op op, DType t, DType result, bool backward) {
  Case c = map_case(op, t, result);
  c.run({3, 64, backward});
  check_against_cpu(c);
  const ScalarBlock block = single_op_block(op, t, result);
  const std::vector<ArgView> v = c.views();
  bool ok = true;
  for (int64_t i = 0; i < c.extents[0]; ++i)
    for (int64_t j = 0; j < c.extents[1]; ++j) {
      const void* in[3];
      for (size_t k = 0; k < block.inputs.size(); ++k)
        in[k] =
            v[k].data + (i * v[k].strides[0] + j * v[k].strides[1]) * item_bytes(block.inputs[k]);
      char want[16];
      void* out = want;
      run_on_host(block, in, &out);
      const char* got =
          v.back().data + (i * v.back().strides[0] + j * v.back().strides[1]) * item_bytes(result);
      ok = ok && same(want, got, result);
    }
  expect(ok, "map " + c.name);
}

// --- reductions
// --------------------------------------------------------------------------------------

/// x * s, and its reductions by every operation given, over the axes marked; the product is stored
/// too.
Case reduce_case(DType t, std::vector<int64_t> extents, uint64_t reduced,
                 const std::vector<ReduceOp>& ops) {
  Case c;
  c.name = std::string(info(t).name) + " reduced " + std::to_string(reduced);
  c.extents = extents;
  const int n = int(extents.size());
  c.spec.kind = KernelKind::Reduce;
  c.spec.ndim = uint8_t(n);
  c.spec.reduced = reduced;
  std::vector<int64_t> dense(size_t(n), 1), results(size_t(n), 0);
  for (int k = n - 2; k >= 0; --k)
    dense[size_t(k)] = dense[size_t(k) + 1] * std::max<int64_t>(1, extents[size_t(k) + 1]);
  int64_t step = 1;
  for (int k = n - 1; k >= 0; --k)
    if (!(reduced >> k & 1))
      results[size_t(k)] = step, step *= std::max<int64_t>(1, extents[size_t(k)]);
  c.spec.program.nloads = 1;
  c.spec.program.nscalars = 1;
  c.spec.program.dtypes = {t, t, t};
  c.spec.program.instrs.push_back(instr(Op::multiply, t, t, {0, 1}, 2));
  c.add(t, dense);
  fill(c.memory.back(), t, 7, true);
  c.add(t, {});
  fill(c.memory.back(), t, 8, true);
  if (!is_inexact(t))
    std::memset(c.memory.back().data(), 0, c.memory.back().size()), c.memory.back()[0] = 1;
  c.spec.stores.push_back({2});
  c.add(t, dense);
  for (ReduceOp op : ops) {
    DType out = t;
    if (op == ReduceOp::argmin || op == ReduceOp::argmax) out = DType::int64;
    if (op == ReduceOp::logical_and || op == ReduceOp::logical_or) out = DType::bool_;
    if (op == ReduceOp::moments) out = real_part(t);
    c.spec.reductions.push_back({op, 2, t, out});
    c.add(out, results);
  }
  return c;
}

double real_at(const char* p, DType t) {
  switch (t) {
    case DType::float64: {
      double v;
      std::memcpy(&v, p, 8);
      return v;
    }
    case DType::float32: {
      float v;
      std::memcpy(&v, p, 4);
      return v;
    }
    case DType::bool_:
      return *p != 0;
    case DType::int64: {
      int64_t v;
      std::memcpy(&v, p, 8);
      return double(v);
    }
    case DType::int32: {
      int32_t v;
      std::memcpy(&v, p, 4);
      return v;
    }
    case DType::uint8:
      return uint8_t(*p);
    default:
      return NAN;
  }
}

/// The reduction in long double, from the stored products.
double reference(ReduceOp op, const std::vector<double>& v) {
  long double sum = 0, product = 1, mean = 0, m2 = 0;
  size_t least = 0, most = 0;
  uint64_t all = ~uint64_t(0), any = 0, odd = 0;
  for (size_t k = 0; k < v.size(); ++k) {
    sum += v[k], product *= v[k];
    if (v[k] < v[least] || (std::isnan(v[k]) && !std::isnan(v[least]))) least = k;
    if (v[k] > v[most] || (std::isnan(v[k]) && !std::isnan(v[most]))) most = k;
    all &= uint64_t(int64_t(v[k])), any |= uint64_t(int64_t(v[k])), odd ^= uint64_t(int64_t(v[k]));
  }
  mean = v.empty() ? 0 : sum / (long double)v.size();
  bool all_true = true, any_true = false;
  for (double x : v)
    m2 += (x - mean) * (x - mean), all_true = all_true && x != 0, any_true = any_true || x != 0;
  switch (op) {
    case ReduceOp::add:
      return double(sum);
    case ReduceOp::multiply:
      return double(product);
    case ReduceOp::minimum:
    case ReduceOp::fmin:
      return v[least];
    case ReduceOp::maximum:
    case ReduceOp::fmax:
      return v[most];
    case ReduceOp::logical_and:
      return all_true;
    case ReduceOp::logical_or:
      return any_true;
    case ReduceOp::bitwise_and:
      return double(int64_t(all));
    case ReduceOp::bitwise_or:
      return double(int64_t(any));
    case ReduceOp::bitwise_xor:
      return double(int64_t(odd));
    case ReduceOp::argmin:
      return double(least);
    case ReduceOp::argmax:
      return double(most);
    case ReduceOp::moments:
      return double(m2);
  }
  return NAN;
}

void check_reduce(
    DType t, std::vector<int64_t> extents, uint64_t reduced, std::vector<ReduceOp> ops,
    const std::function<void(Case&)>& adjust = [](Case&) {}) {
  Case c = reduce_case(t, extents, reduced, ops);
  adjust(c);
  c.run({2, 256, false});
  const auto results = [&] {
    std::vector<std::vector<char>> r(c.memory.end() - long(ops.size()), c.memory.end());
    return r;
  };
  const auto first = results();
  c.run({5, 256, true});
  expect(first == results(), c.name + ": results depend on the grid");
  check_against_cpu(c);

  const std::vector<ArgView> v = c.views();
  int64_t points = 1, rows = 1;
  for (size_t k = 0; k < extents.size(); ++k) (reduced >> k & 1 ? rows : points) *= extents[k];
  for (size_t o = 0; o < ops.size(); ++o) {
    bool ok = true;
    std::string detail;
    for (int64_t p = 0; p < points && ok; ++p) {
      std::vector<double> values;
      int64_t at_result = 0;
      for (int64_t r = 0; r < rows; ++r) {
        int64_t rest_p = p, rest_r = r, at = 0;
        at_result = 0;
        for (size_t k = extents.size(); k-- > 0;) {
          int64_t& rest = reduced >> k & 1 ? rest_r : rest_p;
          const int64_t i = rest % extents[k];
          rest /= extents[k];
          at += i * v[2].strides[k];
          at_result += i * v[3 + o].strides[k];
        }
        values.push_back(real_at(v[2].data + at * item_bytes(t), t));
      }
      const double want = reference(ops[o], values);
      const double got = real_at(v[3 + o].data + at_result * item_bytes(c.spec.reductions[o].out),
                                 c.spec.reductions[o].out);
      double scale = 0;
      for (double x : values) scale += std::fabs(x);
      if (ops[o] == ReduceOp::multiply || ops[o] == ReduceOp::moments) scale = std::fabs(want);
      const double eps = t == DType::float32 ? 6e-8 : 2.3e-16;
      const bool exact =
          ops[o] != ReduceOp::add && ops[o] != ReduceOp::multiply && ops[o] != ReduceOp::moments;
      const double steps = ops[o] == ReduceOp::multiply ? double(rows) : 40;
      const double allowed =
          exact || !is_inexact(t) ? 0 : eps * steps * scale + std::fabs(want) * eps;
      ok = want == got || std::fabs(want - got) <= allowed || (std::isnan(want) && std::isnan(got));
      char text[100];
      std::snprintf(text, sizeof text, " point %ld: want %.17g got %.17g", long(p), want, got);
      detail = text;
    }
    expect(ok, c.name + " " + std::string(info(ops[o]).name) + " of " + std::to_string(rows) +
                   (ok ? "" : detail));
  }
}

// --- PTX
// -----------------------------------------------------------------------------------------------

bool contains(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

std::string find_ptxas() {
  for (const char* p : {"/usr/local/cuda/bin/ptxas", "/usr/bin/ptxas", "/usr/local/bin/ptxas"})
    if (std::ifstream(p).good()) return p;
  return "";
}

void check_ptx(const Case& c, const std::string& ptxas, bool is_libdevice = false) {
  for (const char* sm : {"sm_80", "sm_90", "sm_100", "sm_120"}) {
    const std::string text = emit_ptx(c.spec, sm);
    const bool reduces = c.spec.kind == KernelKind::Reduce;
    expect(
        contains(text, std::string(".target ") + (std::string(sm) == "sm_80" ? "sm_80" : "sm_90")),
        c.name + ": target");
    expect(contains(text, ".visible .entry grumpy_kernel("), c.name + ": entry");
    expect(contains(text, ".visible .entry grumpy_finish(") == reduces, c.name + ": finish entry");
    expect(contains(text, "bar.sync") == reduces, c.name + ": barriers");
    expect(contains(text, ".shared .align") == reduces, c.name + ": shared memory");
    expect(!contains(text, ".extern .func") && (is_libdevice || !contains(text, "call.uni")),
           c.name + ": calls left");
    for (const char* loose : {"\tadd.f64", "\tmul.f64", "\tsub.f64", "\tadd.f32", "\tmul.f32",
                              "div.full", "div.approx", "sqrt.approx", ".ftz"})
      expect(is_libdevice || !contains(text, loose),
             c.name + ": " + loose + " may be contracted or approximated");
    if (ptxas.empty()) continue;
    const std::string file =
        std::filesystem::temp_directory_path() / ("grumpy_gpu_test_" + std::to_string(getpid()) + ".ptx");
    std::ofstream(file) << text;
    expect(std::system((ptxas + " -arch=" + sm + " -o /dev/null " + file).c_str()) == 0,
           c.name + ": ptxas " + sm);
    std::remove(file.c_str());
  }
}

void check_refusals() {
  Case c = map_case(Op::add, DType::float64, DType::float64);
  c.extents[0] += 1;  // one row more than the buffers hold
  std::string message;
  try {
    c.run({});
  } catch (const DeviceError& e) {
    message = e.what();
  }
  expect(contains(message, "outside its buffers"),
         "an access out of bounds is reported: " + message);
  const auto refused = [](const std::function<void()>& f) -> std::string {
    try {
      f();
    } catch (const CompileError& e) {
      return e.what();
    }
    return "";
  };
  KernelSpec scan;
  scan.kind = KernelKind::Scan;
  expect(contains(refused([&] { emit_ptx(scan, "sm_80"); }), "scan"), "scans are refused");
  expect(contains(refused([&] { emit_ptx(c.spec, "sm_20"); }), "sm_20"), "old chips are refused");
  const Case gcd = map_case(Op::gcd, DType::int32, DType::int32);
  expect(contains(refused([&] { emit_ptx(gcd.spec, "sm_80"); }), "gcd of int32"),
         "rows without GPU code are refused");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "ptx") {
    std::ofstream(argv[2]) << emit_ptx(
        reduce_case(DType::float64, {100, 50}, 2, {ReduceOp::add}).spec, "sm_90");
    return 0;
  }
  bool backward = false;
  for (int o = 0; o < kNumOps; ++o)
    for (int t = 0; t < kNumDTypes; ++t) {
      const Op op = Op(o);
      const DType dtype = DType(t);
      if (op == Op::cast || !in_domain(op, dtype) || !has_expansion(op, dtype)) continue;
      check_map(op, dtype, result_dtype(op, dtype), backward = !backward);
    }
  for (int f = 0; f < kNumDTypes; ++f)
    for (int t = 0; t < kNumDTypes; ++t)
      check_map(Op::cast, DType(f), DType(t), backward = !backward);

  const std::vector<ReduceOp> ordered{
      ReduceOp::add,    ReduceOp::minimum,     ReduceOp::maximum,
      ReduceOp::fmin,   ReduceOp::fmax,        ReduceOp::argmin,
      ReduceOp::argmax, ReduceOp::logical_and, ReduceOp::logical_or};
  std::vector<ReduceOp> integers = ordered, floats = ordered;
  for (ReduceOp op : {ReduceOp::bitwise_and, ReduceOp::bitwise_or, ReduceOp::bitwise_xor})
    integers.push_back(op);
  floats.push_back(ReduceOp::moments);
  for (DType t : {DType::float64, DType::float32, DType::int32, DType::int64}) {
    const auto& ops = is_float(t) ? floats : integers;
    check_reduce(t, {1}, 1, ops);
    check_reduce(t, {17}, 1, ops);
    check_reduce(t, {5000}, 1, ops);
    check_reduce(t, {70001}, 1, ops);
    check_reduce(t, {100, 300}, 2, ops);
    check_reduce(t, {300, 100}, 1, ops);
    check_reduce(t, {9, 5, 7}, 5, ops);
    check_reduce(t, {3, 4099}, 2, ops);
    check_reduce(t, {8200, 3}, 1, ops);
    check_reduce(t, {6, 4}, 0, ops);
  }
  check_reduce(DType::float64, {40}, 1, {ReduceOp::multiply});
  check_reduce(DType::float64, {1 << 21}, 1, {ReduceOp::add, ReduceOp::argmax});
  check_reduce(DType::uint8, {900}, 1, {ReduceOp::minimum, ReduceOp::bitwise_xor});
  for (int64_t nan_at : {0, 4999}) {
    const auto plant = [&](Case& c) {
      const double nan = NAN;
      std::memcpy(&c.memory[0][size_t(nan_at) * 8], &nan, 8);
    };
    check_reduce(DType::float64, {5000}, 1,
                 {ReduceOp::minimum, ReduceOp::argmin, ReduceOp::argmax, ReduceOp::moments}, plant);
  }
  check_refusals();

  const std::string ptxas = find_ptxas();
  std::printf("ptxas: %s\n", ptxas.empty() ? "not found, text only" : ptxas.c_str());
  check_ptx(map_case(Op::exp, DType::float64, DType::float64), ptxas);
  check_ptx(map_case(Op::sin, DType::float64, DType::float64), ptxas);
  check_ptx(map_case(Op::power, DType::float64, DType::float64), ptxas, true);
  check_ptx(map_case(Op::multiply, DType::complex128, DType::complex128), ptxas);
  check_ptx(map_case(Op::divide, DType::complex64, DType::complex64), ptxas);
  check_ptx(map_case(Op::fmod, DType::float32, DType::float32), ptxas, true);
  check_ptx(map_case(Op::gammaln, DType::float64, DType::float64), ptxas, true);
  check_ptx(map_case(Op::erfinv, DType::float16, DType::float16), ptxas, true);
  check_ptx(map_case(Op::add, DType::float16, DType::float16), ptxas);
  check_ptx(reduce_case(DType::float64, {100, 50}, 2, floats), ptxas);
  check_ptx(reduce_case(DType::int32, {100, 50}, 1, integers), ptxas);
  check_ptx(reduce_case(DType::complex128, {100}, 1,
                        {ReduceOp::add, ReduceOp::multiply, ReduceOp::minimum}),
            ptxas);
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures != 0;
}
