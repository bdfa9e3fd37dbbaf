// SPDX-License-Identifier: BSL-1.0
#include <iterator>
#include <string>

#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "bank_table.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Matches;

}  // namespace

TEST_CASE("bank: a thread and many clients of each event loop make transfers in one SQLite file, and the books balance") {
  const Shell shell;
  const Ended bank = shell.run(BANK_PROGRAM " --clients 50 --transactions 3");
  INFO(bank.err);
  CHECK(bank.exit_code == 0);
  CHECK(bank.err.empty());
  CHECK_THAT(bank.out, Matches(balanced_table("sqlite:///bank\\.db, scale 1", 50, 3)));

  const auto engine = greenway::create_engine("sqlite:///" + shell.file("bank.db").string());
  auto conn = engine.connect();
  CHECK(conn.scalar<int>(greenway::text("SELECT count(*) FROM pgbench_history")) == 3 + 150 * std::ssize(bank_loops));
  CHECK(conn.scalar<int>(greenway::text("SELECT count(*) FROM pgbench_accounts")) == 100'000);
  CHECK(conn.scalar<int>(greenway::text("SELECT count(*) FROM pgbench_tellers")) == 10);
  CHECK(bank::is_balanced({}, bank::audit(conn)));
}

TEST_CASE("bank: a bank that is there stays as it is") {
  const Shell shell;
  const Ended first = shell.run(BANK_PROGRAM " --host blocking --transactions 1 --scale 2");
  CHECK_THAT(first.out, Contains(", scale 2\n"));
  const Ended second = shell.run(BANK_PROGRAM " --host blocking --transactions 1 --scale 3");
  CHECK_THAT(second.out, Contains(", scale 2\n") && Contains("balanced\n") && !Contains("NOT"));
}

TEST_CASE("bank: --host chooses who calls") {
  const Shell shell;
  const Ended asio = shell.run(BANK_PROGRAM " --host asio --clients 2 --transactions 1");
  CHECK_THAT(asio.out, Contains("\nasio") && !Contains("\nblocking"));
  const Ended blocking = shell.run(BANK_PROGRAM " --host blocking --transactions 1");
  CHECK_THAT(blocking.out, Contains("\nblocking") && !Contains("\nasio"));
}

TEST_CASE("bank: a run ends after --seconds") {
  const Ended bank = Shell().run(BANK_PROGRAM " --host asio --clients 3 --seconds 0.3");
  CHECK(bank.exit_code == 0);
  CHECK_THAT(bank.out, Contains("balanced\n"));
}

TEST_CASE("bank: a terminal gets a progress line, which is wiped, and no colour if NO_COLOR is set") {
  // util-linux's `script` gives it a terminal, and prints what appears there.
  const std::string in_terminal =
      "script --quiet --return --command '" BANK_PROGRAM " --host asio --seconds 0.5' /dev/null";
  const Shell shell;
  const Ended coloured = shell.run("unset NO_COLOR; " + in_terminal);
  CHECK(coloured.exit_code == 0);
  CHECK_THAT(coloured.out, Contains("\r\x1b[K\x1b[2masio: ") && Contains(" transactions, ") && Contains("balanced"));
  const Ended plain = shell.run("NO_COLOR=1 " + in_terminal);
  CHECK_THAT(plain.out, Contains("\r\x1b[Kasio: ") && !Contains("\x1b[2m"));
}
