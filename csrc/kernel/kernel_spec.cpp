#include "kernel/kernel_spec.h"

#include <sstream>

namespace grumpy {
namespace {

const char* kind_name(KernelKind kind) {
  switch (kind) {
    case KernelKind::Map: return "map";
    case KernelKind::Reduce: return "reduce";
    case KernelKind::Scan: return "scan";
  }
  return "";
}

/// "a3 f64": arguments are called a, values of the program %.
void print_value(std::ostream& text, const Program& p, int v) {
  text << '%' << v << ' ' << code(p.dtypes[size_t(v)]);
}

void print_instruction(std::ostream& text, const Program& p, const Instr& i) {
  text << "  ";
  for (int k = 0; k < i.nout; ++k) {
    text << (k ? ", " : "");
    print_value(text, p, i.out + k);
  }
  text << " = " << (i.is_foreign ? std::string_view(i.loop->name) : info(i.op).name);
  if (!i.is_foreign && i.dtype != i.result) text << '.' << code(i.dtype);
  for (int k = 0; k < i.nin; ++k) text << " %" << i.in[k];
  if (i.is_fast) text << "  fast";
  if (i.loop) text << "  loop";
  text << '\n';
}

}  // namespace

DType KernelSpec::arg_dtype(int arg) const {
  const int inputs = program.nloads + program.nscalars;
  if (arg < inputs) return program.dtypes[size_t(arg)];
  const size_t output = size_t(arg - inputs);
  if (output < stores.size()) return program.dtypes[stores[output].value];
  return reductions[output - stores.size()].out;
}

std::string to_string(const KernelSpec& spec) {
  std::ostringstream text;
  const Program& p = spec.program;
  text << kind_name(spec.kind) << " over (";
  for (int k = 0; k < spec.ndim; ++k) {
    const bool is_marked = spec.reduced >> k & 1;
    text << (k ? ", " : "") << 'i' << k;
    if (is_marked) text << (spec.kind == KernelKind::Scan ? " scanned" : " reduced");
  }
  text << ")\n";
  int arg = 0;
  for (int k = 0; k < p.nloads; ++k, ++arg) {
    text << "  ";
    print_value(text, p, arg);
    text << " = load\n";
  }
  for (int k = 0; k < p.nscalars; ++k, ++arg) {
    text << "  ";
    print_value(text, p, arg);
    text << " = scalar\n";
  }
  for (const Instr& i : p.instrs) print_instruction(text, p, i);
  for (const Store& s : spec.stores) text << "  a" << arg++ << " = store %" << s.value << '\n';
  for (const Reduction& r : spec.reductions) {
    text << "  a" << arg++ << ' ' << code(r.out) << " = " << info(r.op).name
         << (spec.kind == KernelKind::Scan ? ".accumulate %" : ".reduce %") << r.value << ' ' << code(r.in) << '\n';
  }
  return text.str();
}

}  // namespace grumpy
