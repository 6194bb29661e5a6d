#include "device/cpu/openblas.h"

#include <dlfcn.h>
#include <link.h>

#include <string>

namespace grumpy {

extern "C" {
BlasGemm<float> GRUMPY_BLAS(cblas_sgemm);
BlasGemm<double> GRUMPY_BLAS(cblas_dgemm);
BlasGemm<const void*> GRUMPY_BLAS(cblas_cgemm), GRUMPY_BLAS(cblas_zgemm);
BlasGemv<float> GRUMPY_BLAS(cblas_sgemv);
BlasGemv<double> GRUMPY_BLAS(cblas_dgemv);
BlasGemv<const void*> GRUMPY_BLAS(cblas_cgemv), GRUMPY_BLAS(cblas_zgemv);
BlasSyrk<float> GRUMPY_BLAS(cblas_ssyrk);
BlasSyrk<double> GRUMPY_BLAS(cblas_dsyrk);
BlasSyrk<const void*> GRUMPY_BLAS(cblas_csyrk), GRUMPY_BLAS(cblas_zsyrk);
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
  BlasLibrary& l = found.library;
  take(l.sgemm, "scipy_cblas_sgemm64_");
  take(l.dgemm, "scipy_cblas_dgemm64_");
  take(l.cgemm, "scipy_cblas_cgemm64_");
  take(l.zgemm, "scipy_cblas_zgemm64_");
  take(l.sgemv, "scipy_cblas_sgemv64_");
  take(l.dgemv, "scipy_cblas_dgemv64_");
  take(l.cgemv, "scipy_cblas_cgemv64_");
  take(l.zgemv, "scipy_cblas_zgemv64_");
  take(l.ssyrk, "scipy_cblas_ssyrk64_");
  take(l.dsyrk, "scipy_cblas_dsyrk64_");
  take(l.csyrk, "scipy_cblas_csyrk64_");
  take(l.zsyrk, "scipy_cblas_zsyrk64_");
  take(found.get_num_threads, "scipy_openblas_get_num_threads64_");
  return is_whole && l.dgemm != own_blas().dgemm ? found : none;
}

}  // namespace

const BlasLibrary& own_blas() {
  static const BlasLibrary library = [] {
    // Threads of its own would wait for each other by spinning, and calls side by side wait for them.
    GRUMPY_BLAS(openblas_set_num_threads)(1);
    return BlasLibrary{GRUMPY_BLAS(cblas_sgemm), GRUMPY_BLAS(cblas_dgemm), GRUMPY_BLAS(cblas_cgemm),
                       GRUMPY_BLAS(cblas_zgemm), GRUMPY_BLAS(cblas_sgemv), GRUMPY_BLAS(cblas_dgemv),
                       GRUMPY_BLAS(cblas_cgemv), GRUMPY_BLAS(cblas_zgemv), GRUMPY_BLAS(cblas_ssyrk),
                       GRUMPY_BLAS(cblas_dsyrk), GRUMPY_BLAS(cblas_csyrk), GRUMPY_BLAS(cblas_zsyrk)};
  }();
  return library;
}

const BlasLibrary* numpys_blas(int threads) {
  static const NumpysBlas numpys = find_numpys();
  return numpys.get_num_threads && numpys.get_num_threads() == threads ? &numpys.library : nullptr;
}

}  // namespace grumpy
