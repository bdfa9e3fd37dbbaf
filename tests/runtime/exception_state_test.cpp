// SPDX-License-Identifier: BSL-1.0
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;

/// Throws `text`, suspends inside the handler, and says what a rethrow there delivers.
auto rethrow_after_suspending(std::string text, std::string& seen) {
  return [text = std::move(text), &seen] {
    try {
      throw std::runtime_error(text);
    } catch (const std::exception&) {
      Greenlet::current().parent().switch_to();
      try {
        throw;
      } catch (const std::exception& error) {
        seen = error.what();
      }
    }
  };
}

/// Suspends in its destructor.
struct SuspendsWhenDestroyed {
  int& inside;
  ~SuspendsWhenDestroyed() {
    Greenlet::current().parent().switch_to();
    inside = std::uncaught_exceptions();
  }
};

}  // namespace

TEST_CASE("two greenlets suspended in catch each rethrow their own exception") {
  std::string first;
  std::string second;
  Greenlet a(rethrow_after_suspending("a's own", first));
  Greenlet b(rethrow_after_suspending("b's own", second));

  a.switch_to();
  b.switch_to();
  a.switch_to();
  b.switch_to();

  CHECK(first == "a's own");
  CHECK(second == "b's own");
}

TEST_CASE("a greenlet suspended in catch leaves no current exception on the loop") {
  std::string seen;
  Greenlet greenlet(rethrow_after_suspending("inside", seen));

  greenlet.switch_to();
  CHECK(std::current_exception() == nullptr);

  greenlet.switch_to();
  CHECK(seen == "inside");
}

TEST_CASE("a greenlet suspended in a destructor during unwinding leaves uncaught_exceptions right on the loop") {
  int first = -1;
  int second = -1;
  const auto unwind = [](int& inside) {
    return [&inside] {
      try {
        const SuspendsWhenDestroyed guard{inside};
        throw std::runtime_error("unwinding");
      } catch (const std::exception&) {
      }
    };
  };
  Greenlet a(unwind(first));
  Greenlet b(unwind(second));

  a.switch_to();
  CHECK(std::uncaught_exceptions() == 0);
  b.switch_to();
  CHECK(std::uncaught_exceptions() == 0);
  a.switch_to();
  b.switch_to();

  CHECK(first == 1);
  CHECK(second == 1);
  CHECK(std::uncaught_exceptions() == 0);
}

TEST_CASE("a greenlet started inside a handler starts without an exception and leaves the handler's alone") {
  bool is_clean = false;
  try {
    throw std::runtime_error("the host's");
  } catch (const std::exception&) {
    Greenlet greenlet([&] {
      is_clean = std::current_exception() == nullptr && std::uncaught_exceptions() == 0;
      Greenlet::current().parent().switch_to();
    });
    greenlet.switch_to();
    try {
      throw;
    } catch (const std::exception& error) {
      CHECK(std::string(error.what()) == "the host's");
    }
    greenlet.switch_to();
  }
  CHECK(is_clean);
}

TEST_CASE("an exception that a greenlet lets out can be kept after the greenlet is gone") {
  std::exception_ptr kept;
  {
    Greenlet greenlet([] { throw std::runtime_error("outlives its stack"); });
    try {
      greenlet.switch_to();
    } catch (...) {
      kept = std::current_exception();
    }
  }
  CHECK_THROWS_WITH(std::rethrow_exception(kept), "outlives its stack");
}
