// SPDX-License-Identifier: BSL-1.0
// Generators made of greenlets, which may yield from any depth of calls, and to any consumer around them.
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::Parcel;

/// A sequence that a function yields. What the function yields goes to whoever asks for it; with `levels` above one it
/// goes to whoever asks that one.
template <class T>
class Generator {
 public:
  template <class F>
  explicit Generator(F body) : greenlet_(std::move(body)) {}
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  std::optional<T> next() {
    const Asking asking(*this);
    greenlet_.set_parent(Greenlet::current());
    Generator& resumed = inner_ != nullptr ? *std::exchange(inner_, nullptr) : *this;
    const Parcel value = resumed.greenlet_.switch_to();
    return value.has_value() ? std::optional<T>(std::any_cast<T>(value)) : std::nullopt;
  }

  static void yield(T value, int levels = 1) {
    Generator* const self = running();
    Generator* target = self;
    for (; levels > 1 && target != nullptr; --levels) {
      target = target->outer_;
    }
    if (target == nullptr) {
      throw std::logic_error("yield outside a generator");
    }
    if (target != self) {
      target->inner_ = self;
    }
    target->greenlet_.parent().switch_to(std::move(value));
    running() = self;
  }

  struct End {};
  struct Iterator {
    Generator* generator;
    std::optional<T> value;
    T& operator*() { return *value; }
    Iterator& operator++() {
      value = generator->next();
      return *this;
    }
    bool operator!=(End) const { return value.has_value(); }
  };
  Iterator begin() { return {this, next()}; }
  End end() { return {}; }

 private:
  /// This is the generator that runs, until it has answered.
  struct Asking {
    Generator& asked;
    explicit Asking(Generator& generator) : asked(generator) { asked.outer_ = std::exchange(running(), &generator); }
    ~Asking() { running() = asked.outer_; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
  };

  static Generator*& running() {
    static Generator* generator = nullptr;
    return generator;
  }

  Generator* outer_ = nullptr;  // whose body asks for the next value
  Generator* inner_ = nullptr;  // which yielded past this one
  Greenlet greenlet_;
};

using Ints = Generator<int>;

std::vector<int> all_of(Ints&& generator) {
  std::vector<int> values;
  for (const int value : generator) {
    values.push_back(value);
  }
  return values;
}

/// 1 to n, each through as many generators as are left.
void count_deeply(int n) {
  if (n == 0) {
    return;
  }
  Ints inner([n] { count_deeply(n - 1); });
  for (const int value : inner) {
    Ints::yield(value);
  }
  Ints::yield(n);
}

}  // namespace

TEST_CASE("a generator runs between two values and no further") {
  std::vector<std::string> order;
  Ints generator([&] {
    for (int i = 0; i < 3; ++i) {
      order.push_back("makes " + std::to_string(i));
      Ints::yield(i);
    }
  });
  for (const int value : generator) {
    order.push_back("takes " + std::to_string(value));
  }
  CHECK(order == std::vector<std::string>{"makes 0", "takes 0", "makes 1", "takes 1", "makes 2", "takes 2"});
}

TEST_CASE("a generator yields from a function that it calls") {
  struct Inner {
    static void yield_twice(int value) {
      Ints::yield(value);
      Ints::yield(value);
    }
  };
  CHECK(all_of(Ints([] {
          Inner::yield_twice(1);
          Inner::yield_twice(2);
        })) == std::vector<int>{1, 1, 2, 2});
}

TEST_CASE("a value passes through a row of a hundred generators") {
  const std::vector<int> values = all_of(Ints([] { count_deeply(100); }));
  REQUIRE(values.size() == 100);
  CHECK(values.front() == 1);
  CHECK(values.back() == 100);
}

TEST_CASE("two generators that are asked in turn do not mix") {
  const auto counter = [](int step) {
    return [step] {
      for (int i = 1; i <= 3; ++i) {
        Ints::yield(i * step);
      }
    };
  };
  Ints ones(counter(1));
  Ints tens(counter(10));
  std::vector<int> seen;
  for (const int value : ones) {
    seen.push_back(value);
    seen.push_back(tens.next().value_or(-1));
  }
  CHECK(seen == std::vector<int>{1, 10, 2, 20, 3, 30});
}

TEST_CASE("a generator yields past the one that asks it, to that one's consumer") {
  std::vector<int> inner_seen;
  std::vector<int> outer_seen;
  Ints outer([&] {
    Ints inner([] {
      for (int i = 1; i < 5; ++i) {
        Ints::yield(i);
        Ints::yield(i * i, 2);
      }
    });
    for (const int value : inner) {
      inner_seen.push_back(value);
    }
  });
  for (const int value : outer) {
    outer_seen.push_back(value);
  }
  CHECK(inner_seen == std::vector<int>{1, 2, 3, 4});
  CHECK(outer_seen == std::vector<int>{1, 4, 9, 16});
}

TEST_CASE("an exception in a generator arrives where it is asked for a value, and it yields nothing more") {
  Ints generator([] {
    Ints::yield(1);
    throw std::runtime_error("no second value");
  });
  CHECK(generator.next() == 1);
  CHECK_THROWS_WITH(generator.next(), "no second value");
  CHECK_FALSE(generator.next().has_value());
}

TEST_CASE("a generator that nobody asks any more is unwound") {
  bool is_unwound = false;
  struct Guard {
    bool& flag;
    ~Guard() { flag = true; }
  };
  {
    Ints endless([&] {
      const Guard guard{is_unwound};
      for (int i = 0;; ++i) {
        Ints::yield(i);
      }
    });
    CHECK(endless.next() == 0);
    CHECK(endless.next() == 1);
    CHECK_FALSE(is_unwound);
  }
  CHECK(is_unwound);
}

TEST_CASE("a yield outside a generator is refused") { CHECK_THROWS_AS(Ints::yield(10), std::logic_error); }
