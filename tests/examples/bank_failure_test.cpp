// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>

#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "shell.hpp"
#include "support/catch.hpp"

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Matches;
using Catch::Matchers::StartsWith;

/// One clear line: what it is about is in it, and what is to be read below it is not.
void check_one_line(const Ended& bank, const std::string& about) {
  CHECK(bank.exit_code == 1);
  CHECK_THAT(bank.err, StartsWith("bank: ") && Contains(about));
  CHECK(std::count(bank.err.begin(), bank.err.end(), '\n') == 1);
}

/// Everything that has ever been paid in is in all four tables.
void check_books(const Shell& shell, const std::string& file) {
  auto conn = greenway::create_engine("sqlite:///" + shell.file(file).string()).connect();
  const bank::Books books = bank::audit(conn);
  CHECK(books.history != 0);
  CHECK(bank::is_balanced({}, books));
}

}  // namespace

TEST_CASE("bank: a database that cannot be had gives one line and exit code 1") {
  const auto [url, about] = GENERATE(table<std::string, std::string>({
      {"bank.db", "://"},
      {"mysql://127.0.0.1/bank", "mysql"},
      {"sqlite:///bank.db?colour=red", "colour"},
      {"sqlite:////no/such/folder/bank.db", "/no/such/folder/bank.db"},
      {"postgresql://127.0.0.1:1/bank", "127.0.0.1"},
      {"postgresql:///bank?host=/no/such/folder", "/no/such/folder"},
      {"postgresql://127.0.0.1:99999/bank", "port"},
  }));
  const Ended bank = Shell().run(BANK_PROGRAM " --url '" + url + "'");
  check_one_line(bank, about);
  CHECK(bank.out.empty());
}

TEST_CASE("bank: a command line that makes no sense gives exit code 2") {
  const std::string arguments =
      GENERATE("--clients 0", "--host gtk", "--transactions 1 --seconds 1", "--no-such-option");
  const Ended bank = Shell().run(BANK_PROGRAM " " + arguments);
  CHECK(bank.exit_code == 2);
  CHECK(bank.out.empty());
  CHECK_FALSE(bank.err.empty());
}

TEST_CASE("bank: a table that cannot be written gives one line and exit code 1") {
  const Ended bank = Shell().run(BANK_PROGRAM " --transactions 1 >/dev/full");
  check_one_line(bank, "No space left on device");
}

TEST_CASE("bank: a full disk ends the run with one line, and the books balance") {
  const Shell shell;
  if (shell.run("mkdir try && unshare --user --map-root-user --mount mount -t tmpfs -o size=8m none try").exit_code != 0) {
    WARN("not tested: a small disk cannot be mounted here");
    return;
  }
  // Room for a new bank, and then for the write-ahead log of some dozen transfers.
  const Ended bank = shell.run("export BANK=" BANK_PROGRAM R"(
      mkdir disk
      unshare --user --map-root-user --mount sh -c '
        mount -t tmpfs -o size=8m none disk && cd disk || exit 77
        $BANK --host blocking --transactions 1
        head --bytes=16M /dev/zero >filler 2>../filled
        truncate --size=-400K filler
        $BANK --host asio --clients 20
        code=$?
        cp bank.db* ..
        exit $code')");
  check_one_line(bank, "full");
  CHECK_THAT(bank.out, Matches("[^]*\n(blocking|asio) [^\n]* balanced\n"));
  check_books(shell, "bank.db");
}

TEST_CASE("bank: a file that may not grow ends the run with one line, and the books balance") {
  const Shell shell;
  const Ended founded = shell.run(BANK_PROGRAM " --host blocking --transactions 1");
  REQUIRE(founded.exit_code == 0);
  // In blocks of 512 bytes: too little for the write-ahead log of some dozen transfers.
  const Ended bank = shell.run("trap '' XFSZ; ulimit -f 2000; " BANK_PROGRAM " --clients 20 --seconds 60");
  check_one_line(bank, "disk I/O error");
  CHECK_THAT(bank.out, Matches("[^]*\n(blocking|asio) [^\n]* balanced\n"));
  check_books(shell, "bank.db");
}
