// SPDX-License-Identifier: BSL-1.0
#include "shell.hpp"
#include "support/catch.hpp"

TEST_CASE("per_core: each core does its share of the jobs that the first one hands out") {
  const Ended ended = Shell().run(std::string(PER_CORE_PROGRAM) + " 3");
  CHECK(ended.exit_code == 0);
  CHECK(ended.out ==
        "core 0: 100 jobs, sum 14850\n"
        "core 1: 100 jobs, sum 14950\n"
        "core 2: 100 jobs, sum 15050\n");
  CHECK(ended.err.empty());
}
