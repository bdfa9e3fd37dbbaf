// SPDX-License-Identifier: BSL-1.0

// Catch2's code and the main function of every test, compiled once.
#define CATCH_CONFIG_RUNNER
// A crash is reported by the sanitizer or by ctest. Catch2's own handlers would come first, and on a greenlet's stack.
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include "support/catch.hpp"

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
