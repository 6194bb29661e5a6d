/// Every (operation, dtype) as compiled code against the host reference, bit for bit.
///
/// The loops compiled ahead for every level this CPU has, and the JIT at both levels, with whole
/// and splat operands, out of place and in place. Also: all of them raise the same floating-point
/// flags.
///
///   block_loops_test [operation]
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "codegen/block_loop_object.h"
#include "codegen/jit.h"
#include "kernel/block_loop_tables.h"

using namespace grumpy;

namespace {

constexpr int64_t kElements = 2048;

using Bytes = std::vector<char>;
struct Result {
  Bytes out;
  std::vector<uint8_t> fpe;
};  // fpe: per group of kLanes

int failures = 0;
long checked = 0;

template <class T>
void put(Bytes& b, int64_t k, T v) {
  std::memcpy(&b[size_t(k) * sizeof v], &v, sizeof v);
}

/// Special values, small integers, values of every magnitude, and raw bits, by turns; or tame
/// values only, for the paths that a single special lane closes.
template <class T>
T float_value(std::mt19937_64& rng, int64_t k, bool tame) {
  if (tame) return T(double(int64_t(rng() % 200001) - 100000) / 997 + 1e-3);
  static const double specials[] = {0.0,
                                    -0.0,
                                    1,
                                    -1,
                                    0.5,
                                    -0.5,
                                    2,
                                    3,
                                    -3,
                                    INFINITY,
                                    -INFINITY,
                                    NAN,
                                    1e-310,
                                    -1e-40,
                                    1e300,
                                    -1e38,
                                    1e-300,
                                    6e-8,
                                    65504,
                                    65520,
                                    2147483647,
                                    2147483648.0,
                                    -2147483649.0,
                                    9.3e18,
                                    -9.3e18,
                                    4294967295.0,
                                    709.5,
                                    -745.2,
                                    88.7,
                                    -103.9,
                                    1.5,
                                    2.5,
                                    0.75,
                                    1e5,
                                    1e22};
  switch (k % 4) {
    case 0:
      return T(specials[rng() % std::size(specials)]);
    case 1:
      return T(std::ldexp(double(int64_t(rng())), int(rng() % 40) - 80));
    case 2:
      return T(double(int64_t(rng() % 41) - 20) / 4);
    default: {
      T v;
      uint64_t bits = rng();
      std::memcpy(&v, &bits, sizeof v);
      return std::isnan(v) ? T(0.25) : v;  // a signalling NaN is outside the contract
    }
  }
}

uint16_t half_value(std::mt19937_64& rng, int64_t k, bool tame) {
  if (tame) return uint16_t((rng() & 0x8000) | (0x3000 + rng() % 0x2000));
  static const uint16_t specials[] = {0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00,
                                      1, 0x8001, 0x3ff,  0x400,  0x7bff, 0xfbff, 0x4000};
  if (k % 3 == 0) return specials[rng() % std::size(specials)];
  const uint16_t v = uint16_t(rng());
  return (v & 0x7c00) == 0x7c00 && (v & 0x3ff) ? 0x7e00 : v;
}

Bytes make_input(DType t, std::mt19937_64& rng, bool tame) {
  Bytes b(size_t(kElements * item_bytes(t)));
  for (int64_t k = 0; k < kElements; ++k) switch (t) {
      case DType::bool_:
        put(b, k, uint8_t(rng() & 1));
        break;
      case DType::float16:
        put(b, k, half_value(rng, k, tame));
        break;
      case DType::float32:
        put(b, k, float_value<float>(rng, k, tame));
        break;
      case DType::float64:
        put(b, k, float_value<double>(rng, k, tame));
        break;
      case DType::complex64:
        put(b, 2 * k, float_value<float>(rng, int64_t(rng() & 3), tame));
        put(b, 2 * k + 1, float_value<float>(rng, int64_t(rng() & 3), tame));
        break;
      case DType::complex128:
        put(b, 2 * k, float_value<double>(rng, int64_t(rng() & 3), tame));
        put(b, 2 * k + 1, float_value<double>(rng, int64_t(rng() & 3), tame));
        break;
      default: {
        const uint64_t width = uint64_t(8 * item_bytes(t));
        uint64_t v = rng() >> (rng() % 64);
        if (tame) v = rng() % 97 - (kind(t) == Kind::Int ? 48 : 0), v += v == 0;
        else if (k % 5 == 0) v = rng() % 4;
        else if (k % 5 == 1) v = ~uint64_t(0) - rng() % 3;
        else if (k % 5 == 2) v = (uint64_t(1) << (width - 1)) - rng() % 2;
        std::memcpy(&b[size_t(k * item_bytes(t))], &v, size_t(item_bytes(t)));
      }
    }
  return b;
}

uint8_t hardware_flags() {
  const int f = std::fetestexcept(FE_ALL_EXCEPT);
  return uint8_t((f & FE_DIVBYZERO ? Divide : 0) | (f & FE_OVERFLOW ? Over : 0) |
                 (f & FE_UNDERFLOW ? Under : 0) | (f & FE_INVALID ? Invalid : 0));
}

/// Runs fn group by group, to know which group raised what, and once more at full length.
Result run(BlockFn fn, const ScalarBlock& block, const std::vector<Bytes>& inputs,
           const BlockLayout& layout, bool in_place) {
  const size_t nin = inputs.size();
  std::vector<Bytes> in = inputs;
  Result r;
  r.out.assign(size_t(kElements * item_bytes(block.outputs[0])), char(0x5a));
  Bytes again = r.out;
  for (int64_t first = 0; first < kElements; first += kLanes) {
    std::vector<char*> ptrs;
    for (size_t k = 0; k < nin; ++k)
      ptrs.push_back(in[k].data() + (layout.is_splat.size() && layout.is_splat[k]
                                         ? 0
                                         : first * item_bytes(block.inputs[k])));
    ptrs.push_back(in_place ? ptrs[0] : r.out.data() + first * item_bytes(block.outputs[0]));
    uint32_t flags = 0;
    std::feclearexcept(FE_ALL_EXCEPT);
    fn(ptrs.data(), kLanes, &flags);
    r.fpe.push_back(uint8_t(flags | hardware_flags()));
  }
  if (in_place) r.out = in[0];
  std::vector<char*> ptrs;
  in = inputs;
  for (Bytes& b : in) ptrs.push_back(b.data());
  ptrs.push_back(in_place ? ptrs[0] : again.data());
  uint32_t flags = 0;
  fn(ptrs.data(), kElements, &flags);
  if ((in_place ? in[0] : again) != r.out) {
    ++failures;
    std::printf("FAIL: one call and many calls differ\n");
  }
  return r;
}

Result run_reference(const ScalarBlock& block, const std::vector<Bytes>& inputs,
                     const BlockLayout& layout) {
  Result r;
  r.out.resize(size_t(kElements * item_bytes(block.outputs[0])));
  for (int64_t first = 0; first < kElements; first += kLanes) {
    std::feclearexcept(FE_ALL_EXCEPT);
    uint8_t raised = 0;
    for (int64_t k = first; k < first + kLanes; ++k) {
      std::vector<const void*> in;
      for (size_t j = 0; j < inputs.size(); ++j)
        in.push_back(inputs[j].data() + (layout.is_splat.size() && layout.is_splat[j]
                                             ? 0
                                             : k * item_bytes(block.inputs[j])));
      void* out = r.out.data() + k * item_bytes(block.outputs[0]);
      raised |= run_on_host(block, in.data(), &out);
    }
    r.fpe.push_back(uint8_t(raised | hardware_flags()));
  }
  return r;
}

bool is_nan_at(const char* p, DType part) {
  if (part == DType::float64) {
    double v;
    std::memcpy(&v, p, 8);
    return std::isnan(v);
  }
  if (part == DType::float32) {
    float v;
    std::memcpy(&v, p, 4);
    return std::isnan(v);
  }
  if (part == DType::float16) {
    uint16_t v;
    std::memcpy(&v, p, 2);
    return (v & 0x7fff) > 0x7c00;
  }
  return false;
}

std::string hex(const char* p, int64_t n) {
  std::string s;
  char digits[3];
  for (int64_t k = n - 1; k >= 0; --k) {
    std::snprintf(digits, 3, "%02x", uint8_t(p[k]));
    s += digits;
  }
  return s;
}

void compare(const std::string& what, const ScalarBlock& block, const std::vector<Bytes>& inputs,
             const Result& want, const Result& got, bool flags) {
  const DType t = block.outputs[0], part = real_part(t);
  const int64_t size = item_bytes(part), parts = item_bytes(t) / size;
  ++checked;
  int shown = 0;
  for (int64_t k = 0; k < kElements * parts && shown < 3; ++k) {
    const char *w = &want.out[size_t(k * size)], *g = &got.out[size_t(k * size)];
    if (std::memcmp(w, g, size_t(size)) == 0 || (is_nan_at(w, part) && is_nan_at(g, part)))
      continue;
    std::string in;
    for (size_t j = 0; j < inputs.size(); ++j)
      in += " " + hex(&inputs[j][size_t(k / parts * item_bytes(block.inputs[j]))],
                      item_bytes(block.inputs[j]));
    std::printf("FAIL %s: element %ld of %s: want %s got %s\n", what.c_str(), long(k / parts),
                in.c_str(), hex(w, size).c_str(), hex(g, size).c_str());
    ++shown;
  }
  for (size_t k = 0; flags && k < want.fpe.size() && shown < 3; ++k)
    if (want.fpe[k] != got.fpe[k]) {
      std::printf("FAIL %s: group %zu raised %d, not %d\n", what.c_str(), k, got.fpe[k],
                  want.fpe[k]);
      if (inputs.size() <= 2 && getenv("SHOW_INPUTS"))
        for (int64_t e = int64_t(k) * kLanes; e < int64_t(k + 1) * kLanes; ++e) {
          for (size_t j = 0; j < inputs.size(); ++j) {
            const char* p = &inputs[j][size_t(e * item_bytes(block.inputs[j]))];
            double d = 0;
            float f;
            if (block.inputs[j] == DType::float64) std::memcpy(&d, p, 8);
            if (block.inputs[j] == DType::float32) {
              std::memcpy(&f, p, 4);
              d = f;
            }
            std::printf(" %s(%g)", hex(p, item_bytes(block.inputs[j])).c_str(), d);
          }
          std::printf("\n");
        }
      ++shown;
    }
  failures += shown > 0;
}

void check_loops(const std::string& name, const ScalarBlock& block,
                 const std::vector<Bytes>& inputs,
                 const std::vector<std::pair<std::string, BlockFn>>& loops) {
  const Result want = run_reference(block, inputs, {});
  for (auto& [variant, fn] : loops) {
    compare(name + " " + variant, block, inputs, want, run(fn, block, inputs, {}, false), true);
    if (block.inputs[0] == block.outputs[0])
      compare(name + " " + variant + " in place", block, inputs, want,
              run(fn, block, inputs, {}, true), true);
  }
}

void check(const std::string& name, const ScalarBlock& block,
           std::vector<std::pair<std::string, BlockFn>> loops) {
  static int serial = 0;
  const auto jit = [&](const BlockLayout& layout, OptLevel level) {
    return compile_block(block, layout, level, "k" + std::to_string(serial++));
  };
  for (Isa isa : {Isa::V2, Isa::V3}) {
    if (isa == Isa::V3 && !__builtin_cpu_supports("x86-64-v3")) continue;
    const std::string kernel = "k" + std::to_string(serial++);
    loops.push_back({isa == Isa::V2 ? "v2 quick" : "v3 quick",
                     load_object(level_object(block, {}, isa, OptLevel::Quick, kernel), kernel)});
  }
  loops.push_back({"quick", jit({}, OptLevel::Quick)});
  loops.push_back({"full", jit({}, OptLevel::Full)});
  std::mt19937_64 rng(12345);
  for (const bool tame : {false, true}) {
    std::vector<Bytes> inputs;
    for (DType t : block.inputs) inputs.push_back(make_input(t, rng, tame));
    check_loops(name + (tame ? " (tame)" : ""), block, inputs, loops);
  }
  for (size_t splat = 0; splat < block.inputs.size() && block.inputs.size() > 1; ++splat) {
    BlockLayout layout{std::vector<bool>(block.inputs.size())};
    layout.is_splat[splat] = true;
    std::vector<Bytes> inputs;
    for (DType t : block.inputs) inputs.push_back(make_input(t, rng, false));
    const Result want = run_reference(block, inputs, layout);
    for (OptLevel level : {OptLevel::Quick, OptLevel::Full})
      compare(name + " splat " + std::to_string(splat), block, inputs, want,
              run(jit(layout, level), block, inputs, layout, false), true);
  }
}

/// Loops for one divisor give what the loop for many gives of it, errors included.
void check_by_number(size_t which, DType t, std::vector<std::pair<std::string, BlockFn>> loops) {
  const Op op = kOpsByNumber[which];
  const ScalarBlock general = single_op_block(op, t, result_dtype(op, t)),
                    block = single_op_block(op, t, result_dtype(op, t), true);
  const BlockLayout layout{{false, true}};
  const std::string name = std::string(info(op).name) + " by number " + std::string(info(t).name);
  for (Isa isa : {Isa::V2, Isa::V3}) {
    if (isa == Isa::V3 && !__builtin_cpu_supports("x86-64-v3")) continue;
    const std::string kernel = "by_number" + name.substr(0, 3) + std::to_string(int(t)) + std::to_string(int(isa));
    loops.push_back({"quick", load_object(level_object(block, layout, isa, OptLevel::Quick, kernel), kernel)});
  }
  std::mt19937_64 rng(99);
  std::vector<Bytes> inputs{make_input(t, rng, false), make_input(t, rng, false)};
  const int bits = int(8 * item_bytes(t));
  std::vector<uint64_t> divisors{0, 3, 5, 7, 10, 100, 641, 1000003};
  for (int k = 0; k < bits; ++k)
    for (int away : {-1, 0, 1}) divisors.push_back((uint64_t(1) << k) + uint64_t(away));
  for (int k = 0; k < 100; ++k) divisors.push_back(rng() >> (rng() % uint64_t(bits)));
  for (uint64_t divisor : divisors)
    for (const uint64_t d : {divisor, uint64_t(0) - divisor}) {
      std::memcpy(inputs[1].data(), &d, size_t(bits / 8));
      const Result want = run_reference(general, inputs, layout);
      for (auto& [variant, fn] : loops)
        compare(name + " " + variant + ", divisor " + std::to_string(int64_t(d)), block, inputs, want,
                run(fn, block, inputs, layout, false), true);
    }
}

/// Many threads compile at once, each its own blocks; all results are those of one thread.
void check_threads() {
  const ScalarBlock block = single_op_block(Op::remainder, DType::float64, DType::float64);
  std::mt19937_64 rng(1);
  std::vector<Bytes> inputs;
  for (DType t : block.inputs) inputs.push_back(make_input(t, rng, false));
  const Result want = run_reference(block, inputs, {});
  std::vector<std::vector<BlockFn>> compiled(4);
  std::vector<std::thread> threads;
  for (size_t k = 0; k < compiled.size(); ++k)
    threads.emplace_back([&block, &own = compiled[k]] {
      for (int r = 0; r < 8; ++r)
        own.push_back(
            compile_block(block, {}, r % 2 ? OptLevel::Full : OptLevel::Quick, "shared_name"));
    });
  for (std::thread& t : threads) t.join();
  for (const auto& own : compiled)
    for (BlockFn fn : own)
      compare("threads", block, inputs, want, run(fn, block, inputs, {}, false), true);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  std::vector<std::pair<std::string, const BlockLoopTable*>> tables{{"v2", &grumpy_block_loops_v2}};
  if (__builtin_cpu_supports("x86-64-v3")) tables.push_back({"v3", &grumpy_block_loops_v3});
  if (__builtin_cpu_supports("x86-64-v4")) tables.push_back({"v4", &grumpy_block_loops_v4});
  for (int o = 0; o < kNumOps; ++o)
    for (int t = 0; t < kNumDTypes; ++t) {
      const Op op = Op(o);
      const DType dtype = DType(t);
      if (!only.empty() && only != info(op).name) continue;
      if (op == Op::cast || !in_domain(op, dtype) || !has_expansion(op, dtype)) continue;
      std::vector<std::pair<std::string, BlockFn>> loops;
      for (auto& [name, table] : tables) loops.push_back({name, table->ops[o][t]});
      check(std::string(info(op).name) + " " + std::string(info(dtype).name),
            single_op_block(op, dtype, result_dtype(op, dtype)), loops);
    }
  for (int f = 0; f < kNumDTypes && (only.empty() || only == "cast"); ++f)
    for (int t = 0; t < kNumDTypes; ++t) {
      std::vector<std::pair<std::string, BlockFn>> loops;
      for (auto& [name, table] : tables) loops.push_back({name, table->casts[f][t]});
      check("cast " + std::string(info(DType(f)).name) + " " + std::string(info(DType(t)).name),
            single_op_block(Op::cast, DType(f), DType(t)), loops);
    }
  for (size_t k = 0; k < std::size(kOpsByNumber); ++k)
    for (int t = 0; t < kNumDTypes; ++t) {
      if (!is_integer(DType(t)) || (!only.empty() && only != info(kOpsByNumber[k]).name)) continue;
      std::vector<std::pair<std::string, BlockFn>> loops;
      for (auto& [name, table] : tables) loops.push_back({name, table->by_number[k][t]});
      check_by_number(k, DType(t), loops);
    }
  if (only.empty()) check_threads();
  std::printf("%ld comparisons, %d failed\n", checked, failures);
  return failures != 0;
}
