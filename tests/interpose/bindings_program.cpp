// SPDX-License-Identifier: BSL-1.0
// Says what Greenway says of itself: its warnings, and its trace when the environment asks for one. With an argument
// libpq's calls are libc's.
#include <cstdio>
#include <string_view>

#include <dlfcn.h>
#include <unistd.h>

#include <greenway/base/log.hpp>
#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/detail/sanitizer.hpp>
#include <greenway/runtime/interpose_scope.hpp>

#if defined(GREENWAY_ASAN)
/// As in preload_program.cpp.
extern "C" const char* __asan_default_options() { return "verify_asan_link_order=0"; }
#endif

int main(int argc, char**) {
  if (dlopen("libpq.so.5", RTLD_LAZY | (argc > 1 ? RTLD_DEEPBIND : 0)) == nullptr) {
    std::printf("%s\n", dlerror());
    return 1;
  }
  int warnings = 0;
  greenway::set_log_sink([&](greenway::LogLevel, std::string_view, std::string_view text) {
    ++warnings;
    std::printf("warning: %.*s\n", static_cast<int>(text.size()), text.data());
  });
  int ends[2];
  bool is_interposed = false;
  greenway::run([] {});
  int failures = pipe(ends) != 0 || write(ends[1], "1", 1) != 1;
  for (int i = 0; i != 2; ++i) {
    greenway::run([&] {
      failures += write(ends[1], "2", 1) != 1;
      const greenway::InterposeScope scope;
      is_interposed = greenway::is_interposed();
      char byte;
      failures += read(ends[0], &byte, 1) != 1;
      const greenway::InterposeScope no_scope(false);
      failures += pread(ends[0], &byte, 1, 0) != -1;
    });
  }
  std::printf("%d warnings, calls are %s\n", warnings, is_interposed ? "intercepted" : "libc's");
  greenway::set_log_sink({});
  return failures;
}
