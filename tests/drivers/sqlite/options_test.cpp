// SPDX-License-Identifier: BSL-1.0
#include <sys/stat.h>

#include "drivers/sqlite/scratch.hpp"

using namespace scratch;

TEST_CASE("a file is opened durable: write-ahead log, full synchronisation, foreign keys, its owner's alone") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  CHECK(scalar(*connection, "PRAGMA journal_mode") == gw::Value("wal"));
  CHECK(scalar(*connection, "PRAGMA synchronous") == 2);
  CHECK(scalar(*connection, "PRAGMA foreign_keys") == gw::Value(1));
  CHECK(scalar(*connection, "PRAGMA mmap_size") == gw::Value(0));

  struct stat file {};
  REQUIRE(::stat(folder.file().c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("options of the URL change what is set") {
  const Folder folder;
  const Connection connection = connect(folder.url("journal_mode=truncate&synchronous=normal&foreign_keys=off"));
  CHECK(scalar(*connection, "PRAGMA journal_mode") == gw::Value("truncate"));
  CHECK(scalar(*connection, "PRAGMA synchronous") == gw::Value(1));
  CHECK(scalar(*connection, "PRAGMA foreign_keys") == gw::Value(0));
}

TEST_CASE("a file opened to be read only refuses to be written") {
  const Folder folder;
  execute(*connect(folder.url()), "CREATE TABLE t (a)");
  const Connection connection = connect(folder.url("mode=ro"));
  CHECK(scalar(*connection, "SELECT count(*) FROM t") == gw::Value(0));
  CHECK_THROWS_AS(execute(*connection, "INSERT INTO t VALUES (1)"), gw::OperationalError);
}

TEST_CASE("what has no meaning in a URL is an ArgumentError that says what has") {
  const Folder folder;
  const std::pair<std::string, std::string> wrong[] = {
      {folder.url("journal=wal"), "journal_mode"},
      {folder.url("strategy=pool"), "thread"},
      {folder.url("journal_mode=off"), "truncate"},
      {folder.url("busy_timeout=5s"), "milliseconds"},
      {folder.url("busy_timeout=-1"), "milliseconds"},
      {folder.url("mode=ro&journal_mode=wal"), "journal_mode"},
      {"sqlite://?journal_mode=wal", "journal_mode"},
      {"sqlite://bank.db", "sqlite:///relative.db"},
      {"sqlite:///file:x.db", "URI"},
  };
  for (const auto& [url, hint] : wrong) {
    CAPTURE(url);
    const auto error = error_of<gw::ArgumentError>([&, &text = url] { (void)driver(text); });
    CHECK_THAT(error.what(), Catch::Contains(hint));
  }
}

TEST_CASE("SQL from outside cannot reach what an application does not need") {
  const Folder folder;
  const Connection connection = connect(folder.url());
  execute(*connection, "CREATE TABLE t (a)");

  CHECK_THROWS_AS(execute(*connection, "SELECT \"a string\" FROM t"), gw::ProgrammingError);
  CHECK_THROWS_AS(execute(*connection, "SELECT load_extension('x')"), gw::ProgrammingError);
  CHECK_THROWS_AS(execute(*connection, "UPDATE sqlite_schema SET sql = ''"), gw::ProgrammingError);
  std::string deep = "1";
  for (int depth = 0; depth < 200; ++depth) {
    deep += "+1";
  }
  CHECK_THROWS_AS(execute(*connection, "SELECT " + deep), gw::ProgrammingError);
  execute(*connection, "ATTACH ':memory:' AS one");
  CHECK_THROWS_AS(execute(*connection, "ATTACH ':memory:' AS two"), gw::ProgrammingError);
  execute(*connection, "DETACH one");
  execute(*connection, "VACUUM");
}

TEST_CASE("a relative path means the folder that was current when the driver was made") {
  const Folder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.file().parent_path());
  const auto relative = driver("sqlite:///relative.db");
  std::filesystem::current_path(before);

  connect(*relative);

  CHECK(std::filesystem::exists(folder.file("relative.db")));
}
