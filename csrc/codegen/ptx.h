/// A kernel as PTX text, for a driver or ptxas to assemble.
///
/// Needs:   libdevice only for programs that call it (GRUMPY_LIBDEVICE, CUDA_HOME, CUDA_PATH, or
/// where
///          toolkits put it).
/// Throws:  CompileError: what emit_gpu refuses, an unknown architecture, libdevice missing.
/// Threads: any.
#pragma once
#include <string>

#include "kernel/kernel_spec.h"

namespace grumpy {

/// `sm` is "sm_80", "sm_90", ...; PTX for sm_90 serves what is newer.
std::string emit_ptx(const KernelSpec& spec, const std::string& sm);

/// The kernel's IR before libdevice and optimisation, for inspection.
std::string emit_gpu_text(const KernelSpec& spec);

}  // namespace grumpy
