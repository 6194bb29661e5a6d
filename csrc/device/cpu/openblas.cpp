#include "device/cpu/openblas.h"

#include <dlfcn.h>
#include <link.h>

#include <string>
#include <type_traits>

namespace grumpy {

extern "C" {
#define GRUMPY_DECLARE(name, Type) Type GRUMPY_BLAS(cblas_##name);
GRUMPY_BLAS_FUNCTIONS(GRUMPY_DECLARE)
#undef GRUMPY_DECLARE
void GRUMPY_BLAS(openblas_set_num_threads)(int n);
}  // extern "C"

namespace {

/// What NumPy has brought into the process.
struct NumpysBlas {
  BlasLibrary library{};
  int (*get_num_threads)() = nullptr;
};

/// Path of the object that NumPy's wheel brings OpenBLAS in, or nothing.
std::string path_of_numpys() {
  std::string path;
  dl_iterate_phdr([](dl_phdr_info* object, size_t, void* found) {
    const std::string name = object->dlpi_name ? object->dlpi_name : "";
    if (name.find("libscipy_openblas64_") == std::string::npos || name.find("numpy") == std::string::npos) return 0;
    *static_cast<std::string*>(found) = name;
    return 1;
  }, &path);
  return path;
}

NumpysBlas find_numpys() {
  NumpysBlas none, found;
  const std::string path = path_of_numpys();
  void* const object = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (!object) return none;
  bool is_whole = true;
  const auto take = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(object, name));
    is_whole = is_whole && function;
  };
#define GRUMPY_TAKE(name, Type) take(found.library.name, "scipy_cblas_" #name "64_");
  GRUMPY_BLAS_FUNCTIONS(GRUMPY_TAKE)
#undef GRUMPY_TAKE
  take(found.get_num_threads, "scipy_openblas_get_num_threads64_");
  return is_whole && found.library.dgemm != own_blas().dgemm ? found : none;
}

}  // namespace

const BlasLibrary& own_blas() {
  static const BlasLibrary library = [] {
    // Threads of its own would wait for each other by spinning, and calls side by side wait for them.
    GRUMPY_BLAS(openblas_set_num_threads)(1);
#define GRUMPY_OWN(name, Type) GRUMPY_BLAS(cblas_##name),
    return BlasLibrary{GRUMPY_BLAS_FUNCTIONS(GRUMPY_OWN)};
#undef GRUMPY_OWN
  }();
  return library;
}

const BlasLibrary* numpys_blas(int threads) {
  static const NumpysBlas numpys = find_numpys();
  return numpys.get_num_threads && numpys.get_num_threads() == threads ? &numpys.library : nullptr;
}

}  // namespace grumpy
