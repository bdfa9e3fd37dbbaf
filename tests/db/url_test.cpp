// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include "database.hpp"

using namespace greenway;

namespace {

std::string error_of(const std::string& text) {
  try {
    const URL url(text);
    return "no error";
  } catch (const ArgumentError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a URL is taken apart and its escapes are decoded") {
  const URL url("postgresql://us%40er:p%3Aa%2Fss@db.example:5433/my%20db?application_name=a%26b&sslmode=require");

  CHECK(url.drivername() == "postgresql");
  CHECK(url.username() == "us@er");
  CHECK(url.password() == "p:a/ss");
  CHECK(url.host() == "db.example");
  CHECK(url.port() == 5433);
  CHECK(url.database() == "my db");
  CHECK(url.option("application_name") == "a&b");
  CHECK(url.option("sslmode") == "require");
  CHECK_FALSE(url.option("host").has_value());
}

TEST_CASE("of an option given twice the last value counts, and all are kept") {
  const URL url("sqlite://?mode=ro&mode=rw");

  CHECK(url.option("mode") == "rw");
  CHECK(url.query().size() == 2);
}

TEST_CASE("the SQLite forms name a relative path, an absolute path and memory") {
  CHECK(URL("sqlite:///bank.db").database() == "bank.db");
  CHECK(URL("sqlite:////tmp/bank.db").database() == "/tmp/bank.db");
  CHECK(URL("sqlite:///:memory:").database() == ":memory:");
  CHECK(URL("sqlite://").database().empty());
  CHECK(URL("sqlite:///").database().empty());
  CHECK(URL("sqlite:///bank.db").host().empty());
  CHECK(URL("sqlite:///bank.db?mode=ro").option("mode") == "ro");
}

TEST_CASE("postgres stands for postgresql, hosts may be IPv6 or missing, ports may be missing") {
  CHECK(URL("postgres://h/d").drivername() == "postgresql");
  CHECK(URL("postgresql://[::1]:5432/d").host() == "::1");
  CHECK(URL("postgresql://[::1]/d").port() == 0);
  CHECK(URL("postgresql:///bank?host=/run/postgresql").option("host") == "/run/postgresql");
  CHECK(URL("postgresql://user@/d").username() == "user");
  CHECK_FALSE(URL("postgresql://user@/d").password().has_value());
  CHECK(URL("postgresql://user:@/d").password() == "");
}

TEST_CASE("several servers are named before the database or in its options") {
  using Hosts = std::vector<URL::Host>;
  const Hosts both{{"one", 5432}, {"two", 5433}};
  CHECK(URL("postgresql://u@one:5432,two:5433/d").hosts() == both);
  CHECK(URL("postgresql:///d?host=one:5432&host=two:5433").hosts() == both);
  CHECK(URL("postgresql:///d?host=one,two&port=5432,5433").hosts() == both);
  CHECK(URL("postgresql:///d?host=one,two&port=5432").hosts() == Hosts{{"one", 5432}, {"two", 5432}});
  CHECK(URL("postgresql:///d?host=/run/postgresql&port=5433").hosts() == Hosts{{"/run/postgresql", 5433}});
  CHECK(URL("postgresql://[::1]:1,h/d").hosts() == Hosts{{"::1", 1}, {"h", 0}});
  CHECK(URL("postgresql://h/d?port=5433").hosts() == Hosts{{"h", 5433}});
  CHECK(URL("sqlite:///bank.db").hosts().empty());

  CHECK_THROWS_AS(URL("postgresql:///d?host=one,two,three&port=1,2").hosts(), ArgumentError);
  CHECK_THROWS_AS(URL("postgresql:///d?host=one:1,two&port=1,2").hosts(), ArgumentError);
  CHECK_THROWS_AS(URL("postgresql://h/d?host=one").hosts(), ArgumentError);
  CHECK_THROWS_AS(URL("postgresql:///d?port=70000").hosts(), ArgumentError);
}

TEST_CASE("of several servers the first one that answers is used") {
  const database::Scratch scratch = database::Scratch::postgresql();
  const URL url(scratch.url());
  std::string several = scratch.url();
  several.replace(several.find(url.host()), url.host().size(), "127.0.0.1:1," + url.host());
  CHECK(create_engine(several).scalar<int>(text("SELECT 1")) == 1);
}

TEST_CASE("a URL prints as it was written, and reads back as the same") {
  const std::string text =
      GENERATE(as<std::string>(), "sqlite://", "sqlite:///bank.db", "sqlite:////tmp/my%20bank.db",
               "sqlite:///:memory:", "postgresql://h", "postgresql://u@h:5432/d",
               "postgresql://u:p%40ss%25@[::1]:5432/d?a=b%26c&d=e%20f", "postgresql://u@one:1,[::2]:2,three/d",
               "postgresql:///bank?host=/run/postgresql");

  CHECK(URL(text).to_string(false) == text);
}

TEST_CASE("a printed URL hides its passwords") {
  CHECK(URL("postgresql://u:canary@h/d").to_string() == "postgresql://u:***@h/d");
  CHECK(URL("postgresql://h/d?password=canary&sslpassword=canary&x=1").to_string() ==
        "postgresql://h/d?password=***&sslpassword=***&x=1");
}

TEST_CASE("what is no URL is refused, without repeating a password") {
  const std::string text =
      GENERATE(as<std::string>(),  //
               "canary", "://canary", "1x://canary", "a b://canary", "postgresql://u:canary@h:0/d",
               "postgresql://u:canary@h:65536/d", "postgresql://u:canary@h:54x/d", "postgresql://u:canary@h:/d",
               "postgresql://u:canary@x@h/d", "postgresql://u:ca/nary@h/d", "postgresql://u:canary%@h/d",
               "postgresql://u:canary%4@h/d", "postgresql://u:canary%zz@h/d", "postgresql://u:canary%00@h/d",
               "postgresql://u:canary\n@h/d", "postgresql://u:canary@[::1/d", "postgresql://u:canary@[::1]5432/d",
               "postgresql://h/d?canary", "postgresql://h/d?=canary", "postgresql://h/d?a=1&&b=canary%0a");

  const std::string error = error_of(text);

  CHECK_THAT(error, Catch::Matchers::Contains("could not parse the database URL"));
  CHECK_THAT(error, !Catch::Matchers::Contains("canary") && !Catch::Matchers::Contains("nary"));
}

TEST_CASE("a URL error says what is wrong") {
  CHECK_THAT(error_of("bank.db"), Catch::Matchers::Contains("it has no ://"));
  CHECK_THAT(error_of("postgresql://h:x/d"), Catch::Matchers::Contains("the port is not a number from 1 to 65535"));
  CHECK_THAT(error_of("postgresql://u:a@b@h/d"), Catch::Matchers::Contains("%40"));
}
