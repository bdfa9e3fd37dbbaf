// SPDX-License-Identifier: BSL-1.0
#include "shell.hpp"
#include "support/catch.hpp"

TEST_CASE("hello: a thread and a coroutine call one synchronous function") {
  const Ended hello = Shell().run(HELLO_PROGRAM);
  CHECK(hello.exit_code == 0);
  CHECK(hello.out == "a thread deposits 100: 100\na coroutine deposits 250: 350\n");
  CHECK(hello.err.empty());
}
