// SPDX-License-Identifier: BSL-1.0
// When a greenlet, its body and what lies on its stack are destroyed.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::GreenletExit;
using greenway::Parcel;

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

/// Notes its name when it is destroyed.
struct Noted {
  std::vector<std::string>& order;
  std::string name;
  ~Noted() { order.push_back(name); }
};

using Order = std::vector<std::string>;

/// This is a fork: what only threads of the parent refer to looks lost here.
[[maybe_unused]] bool is_child = false;

}  // namespace

#if defined(GREENWAY_ASAN)
/// Asked by LeakSanitizer before it looks.
extern "C" int __lsan_is_turned_off() { return is_child ? 1 : 0; }
#endif

TEST_CASE("greenlets are unwound one by one as their handles go") {
  Order order;
  std::optional<Greenlet> one;
  std::optional<Greenlet> other;
  const auto body = [&](const char* name) {
    return [&, name] {
      const Noted noted{order, name};
      to_parent();
    };
  };
  one.emplace(body("one")).switch_to();
  other.emplace(body("other")).switch_to();
  CHECK(order.empty());
  one.reset();
  CHECK(order == Order{"one"});
  other.reset();
  CHECK(order == Order{"one", "other"});
}

TEST_CASE("the stack of a greenlet is unwound frame by frame, innermost first") {
  Order order;
  struct Frames {
    static void enter(Order& order, int depth) {
      const Noted noted{order, std::to_string(depth)};
      depth == 3 ? static_cast<void>(to_parent()) : enter(order, depth + 1);
    }
  };
  {
    Greenlet greenlet([&] { Frames::enter(order, 0); });
    greenlet.switch_to();
  }
  CHECK(order == Order{"3", "2", "1", "0"});
}

TEST_CASE("what a body has captured is destroyed when it has run, before its parent goes on") {
  const auto captured = std::make_shared<int>(1);
  Greenlet greenlet([captured] { to_parent(); });
  CHECK(captured.use_count() == 2);
  greenlet.switch_to();
  CHECK(captured.use_count() == 2);
  greenlet.switch_to();
  CHECK(captured.use_count() == 1);
}

TEST_CASE("what a body has captured is destroyed with a greenlet that never runs, however large it is") {
  const auto captured = std::make_shared<int>(1);
  struct Large {
    std::shared_ptr<int> captured;
    char bytes[1000] = {};
    void operator()() const {}
  };
  {
    Greenlet small([captured] {});
    Greenlet large(Large{captured});
    Greenlet killed([captured] {});
    CHECK(captured.use_count() == 4);
    killed.throw_in();
    CHECK(captured.use_count() == 3);
  }
  CHECK(captured.use_count() == 1);
}

TEST_CASE("a body's captured object may switch while it is destroyed") {
  Order order;
  struct Switches {
    Order* order;
    Switches(Order& noted) : order(&noted) {}
    Switches(Switches&& other) noexcept : order(std::exchange(other.order, nullptr)) {}
    Switches(const Switches&) = delete;
    Switches& operator=(Switches&&) = delete;
    ~Switches() {
      if (order != nullptr) {
        order->emplace_back("being destroyed");
        to_parent();
        order->emplace_back("destroyed");
      }
    }
  };
  Greenlet greenlet([captured = Switches(order)] { captured.order->emplace_back("body"); });
  greenlet.switch_to();
  CHECK(order == Order{"body", "being destroyed"});
  CHECK(greenlet.active());
  greenlet.switch_to();
  CHECK(order == Order{"body", "being destroyed", "destroyed"});
  CHECK(greenlet.dead());
}

TEST_CASE("destructors of two greenlets may switch to and fro while they run") {
  Order order;
  struct Chain {
    Order& order;
    std::string name;
    std::unique_ptr<Chain> next;
    ~Chain() {
      order.push_back(name);
      to_parent();
    }
  };
  const auto body = [&](const std::string& name) {
    return [&, name] {
      Chain{order, name + "1", std::make_unique<Chain>(order, name + "2", std::make_unique<Chain>(order, name + "3", nullptr))};
    };
  };
  Greenlet a(body("a"));
  Greenlet b(body("b"));
  while (!a.dead() || !b.dead()) {
    a.switch_to();
    b.switch_to();
  }
  CHECK(order == Order{"a1", "b1", "a2", "b2", "a3", "b3"});
}

TEST_CASE("a value that passes through many switches is not kept by any") {
  const auto value = std::make_shared<int>(1);
  {
    Greenlet echo([](Parcel first) {
      for (Parcel next = std::move(first);;) {
        next = to_parent(std::move(next));
      }
    });
    for (int i = 0; i < 100; ++i) {
      CHECK(std::any_cast<std::shared_ptr<int>>(echo.switch_to(value)) == value);
    }
    CHECK(value.use_count() == 1);
  }
  CHECK(value.use_count() == 1);
}

TEST_CASE("a value that a body does not take is not kept") {
  const auto value = std::make_shared<int>(1);
  Greenlet greenlet([] { to_parent(); });
  greenlet.switch_to(value);
  CHECK(value.use_count() == 1);
  greenlet.switch_to(value);
  CHECK(value.use_count() == 1);
}

TEST_CASE("a value on its way is not lost when its sender drops the last handle of another greenlet") {
  Order order;
  std::optional<Greenlet> bystander;
  bystander.emplace([&] {
    const Noted noted{order, "bystander"};
    to_parent();
  });
  bystander->switch_to();
  // It is destroyed while the result of this one is on its way: with what the body has captured.
  Greenlet sender([last = std::exchange(bystander, std::nullopt)] { return 42; });
  CHECK(std::any_cast<int>(sender.switch_to()) == 42);
  CHECK(order == Order{"bystander"});
}

TEST_CASE("an exception on its way is not lost when its sender drops the last handle of another greenlet") {
  Order order;
  std::optional<Greenlet> bystander;
  bystander.emplace([&] {
    const Noted noted{order, "bystander"};
    to_parent();
  });
  bystander->switch_to();
  Greenlet sender([last = std::exchange(bystander, std::nullopt)] { throw std::runtime_error("on its way"); });
  CHECK_THROWS_WITH(sender.switch_to(), "on its way");
  CHECK(order == Order{"bystander"});
}

TEST_CASE("a greenlet that is being destroyed sees as its parent who let it go, and ends there") {
  Greenlet keeper;
  Greenlet seen;
  bool went_on = false;
  std::optional<Greenlet> greenlet;
  greenlet.emplace([&] {
    const Greenlet main = Greenlet::current().parent();
    try {
      main.switch_to();
    } catch (const GreenletExit&) {
      seen = Greenlet::current().parent();
      throw;
    }
  });
  greenlet->switch_to();
  keeper = Greenlet([&] {
    greenlet.reset();
    went_on = true;
  });
  keeper.switch_to();
  CHECK(seen == keeper);
  CHECK(went_on);
}

TEST_CASE("a greenlet that takes a handle to itself while it is destroyed lives on, with its parent as before") {
  Order order;
  Greenlet saved;
  Greenlet parent([&](Parcel) { order.emplace_back("parent"); });
  std::optional<Greenlet> greenlet;
  const Greenlet main = Greenlet::current();
  greenlet.emplace([&] {
    const Noted noted{order, "stack"};
    try {
      main.switch_to();
    } catch (const GreenletExit&) {
      saved = Greenlet::current();
      main.switch_to();
    }
    return 1;
  });
  greenlet->set_parent(parent);
  greenlet->switch_to();
  greenlet.reset();
  CHECK(order.empty());
  REQUIRE(saved);
  CHECK(saved.active());
  CHECK(saved.parent() == parent);
  saved.switch_to();
  CHECK(saved.dead());
  CHECK(order == Order{"stack", "parent"});
}

TEST_CASE("a greenlet that is destroyed may make and run others") {
  Order order;
  {
    Greenlet greenlet([&] {
      try {
        to_parent();
      } catch (const GreenletExit&) {
        Greenlet([&] { order.emplace_back("made while unwinding"); }).switch_to();
        throw;
      }
    });
    greenlet.switch_to();
  }
  CHECK(order == Order{"made while unwinding"});
}

TEST_CASE("a greenlet is kept by its children, and goes with the last of them") {
  Order order;
  {
    Greenlet child;
    {
      Greenlet parent([&] {
        const Noted noted{order, "parent"};
        child = Greenlet([&] {
          const Noted own{order, "child"};
          Greenlet::current().parent().parent().switch_to();
        });
        child.switch_to();
      });
      parent.switch_to();
    }
    CHECK(order.empty());
    CHECK(child.parent().active());
  }
  // The parent is let go where a switch is harmless: when the next greenlet is made.
  Greenlet([] {}).switch_to();
  CHECK(order == Order{"child", "parent"});
}

TEST_CASE("a handle can be copied, moved and assigned to itself without unwinding anything") {
  Order order;
  Greenlet greenlet([&] {
    const Noted noted{order, "stack"};
    to_parent();
  });
  greenlet.switch_to();
  Greenlet copy = greenlet;
  CHECK(copy == greenlet);
  Greenlet moved = std::move(greenlet);
  CHECK_FALSE(static_cast<bool>(greenlet));
  copy = copy;
  moved = copy;
  CHECK(order.empty());
  copy = Greenlet();
  moved = Greenlet();
  CHECK(order == Order{"stack"});
}

#if !defined(GREENWAY_TSAN)  // which knows no fibers in the fork of a process that has threads
TEST_CASE("a process may end while greenlets are suspended, with and without handles that live longer") {
  const pid_t child = fork();
  if (child == 0) {
    is_child = true;
    close(STDERR_FILENO);
    static std::vector<Greenlet> left;
    for (int i = 0; i < 10; ++i) {
      left.emplace_back([] {
        try {
          throw std::runtime_error("being handled");
        } catch (const std::exception&) {
          to_parent();
        }
      });
      left.back().switch_to();
    }
    Greenlet nested([] {
      Greenlet inner([] { to_parent(); });
      inner.switch_to();
      to_parent();
    });
    nested.switch_to();
    left.push_back(nested);
    std::exit(7);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}
#endif
