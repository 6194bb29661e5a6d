/// Build tool: writes the object of the loops compiled ahead.
///
///   emit_block_loops x86-64-v3 block_loops_v3.o
#include <cstdio>
#include <exception>
#include <string>

#include "codegen/block_loop_object.h"

int main(int argc, char** argv) {
  using grumpy::Isa;
  const std::string level = argc == 3 ? argv[1] : "";
  const bool is_known = level == "x86-64-v2" || level == "x86-64-v3" || level == "x86-64-v4";
  if (!is_known) {
    std::fprintf(stderr, "usage: emit_block_loops x86-64-v2|x86-64-v3|x86-64-v4 object\n");
    return 2;
  }
  try {
    const Isa isa = level == "x86-64-v4" ? Isa::V4 : level == "x86-64-v3" ? Isa::V3 : Isa::V2;
    const std::vector<char> object = grumpy::block_loop_object(isa);
    std::FILE* file = std::fopen(argv[2], "wb");
    const bool is_written =
        file && std::fwrite(object.data(), 1, object.size(), file) == object.size();
    if (!file || std::fclose(file) != 0 || !is_written) {
      std::perror(argv[2]);
      return 1;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "emit_block_loops: %s\n", e.what());
    return 1;
  }
  return 0;
}
