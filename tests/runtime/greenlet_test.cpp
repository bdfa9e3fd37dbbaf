// SPDX-License-Identifier: BSL-1.0
// Each case is the counterpart of a behaviour that python-greenlet's own suite asserts, or of an invariant that the
// class names.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::GreenletError;
using greenway::GreenletExit;
using greenway::Parcel;

/// Counts its destructions.
struct Counted {
  int& destroyed;
  ~Counted() { ++destroyed; }
};

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

}  // namespace

TEST_CASE("the first switch passes its value to the body and the result goes to the parent") {
  Greenlet greenlet([](Parcel first) { return std::any_cast<int>(first) + 1; });

  CHECK(std::any_cast<int>(greenlet.switch_to(41)) == 42);
  CHECK(greenlet.dead());
}

TEST_CASE("a later switch delivers its value where the greenlet was suspended") {
  Greenlet greenlet([] { return std::any_cast<std::string>(to_parent(1)) + "!"; });

  CHECK(std::any_cast<int>(greenlet.switch_to()) == 1);
  CHECK(std::any_cast<std::string>(greenlet.switch_to(std::string("hello"))) == "hello!");
}

TEST_CASE("a body without a result hands over nothing") {
  Greenlet greenlet([] {});
  CHECK_FALSE(greenlet.switch_to().has_value());
}

TEST_CASE("switching to the running greenlet returns the value at once") {
  CHECK(std::any_cast<int>(Greenlet::current().switch_to(7)) == 7);
}

TEST_CASE("a fresh greenlet is neither dead nor active, a suspended one is active, an ended one is dead") {
  Greenlet greenlet([] { to_parent(); });
  CHECK_FALSE(greenlet.dead());
  CHECK_FALSE(greenlet.active());
  greenlet.switch_to();
  CHECK(greenlet.active());
  greenlet.switch_to();
  CHECK(greenlet.dead());
  CHECK_FALSE(greenlet.active());
}

TEST_CASE("an exception that leaves the body arrives in the parent as the same type and text") {
  Greenlet greenlet([] { throw std::out_of_range("as thrown"); });
  CHECK_THROWS_AS(greenlet.switch_to(), std::out_of_range);
  CHECK(greenlet.dead());
}

TEST_CASE("throw_in raises where the greenlet is suspended, where it can be caught") {
  Greenlet greenlet([]() -> std::string {
    try {
      to_parent();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "not thrown";
  });
  greenlet.switch_to();
  const Parcel result = greenlet.throw_in(std::make_exception_ptr(std::runtime_error("thrown in")));
  CHECK(std::any_cast<std::string>(result) == "thrown in");
}

TEST_CASE("throw_in kills with GreenletExit by default, and the exit is returned, not thrown") {
  int destroyed = 0;
  Greenlet greenlet([&] {
    const Counted counted{destroyed};
    to_parent();
  });
  greenlet.switch_to();

  const Parcel result = greenlet.throw_in();

  CHECK(result.type() == typeid(GreenletExit));
  CHECK(greenlet.dead());
  CHECK(destroyed == 1);
}

TEST_CASE("throw_in to a fresh greenlet kills it without running, and the exception arrives in its parent") {
  bool has_run = false;
  Greenlet greenlet([&] { has_run = true; });
  CHECK_THROWS_AS(greenlet.throw_in(std::make_exception_ptr(std::logic_error("never started"))), std::logic_error);
  CHECK(greenlet.dead());
  CHECK_FALSE(has_run);
}

TEST_CASE("a switch to a dead greenlet lands in its nearest living ancestor with the value") {
  Greenlet child;
  Greenlet parent([&] {
    child = Greenlet([] {});
    child.switch_to();
    return std::any_cast<int>(child.switch_to(5)) + std::any_cast<int>(to_parent());
  });
  CHECK_FALSE(parent.switch_to().has_value());
  CHECK(std::any_cast<int>(parent.switch_to(10)) == 15);
  // The whole line is dead now: what is sent to the child arrives here, in the thread's main greenlet.
  CHECK(std::any_cast<int>(child.switch_to(3)) == 3);
}

TEST_CASE("a greenlet that ends hands over to its parent, not to who switched to it") {
  std::vector<std::string> order;
  Greenlet child;
  Greenlet parent([&] {
    child = Greenlet([&] { order.emplace_back("child"); });
    to_parent();
    order.emplace_back("parent");
  });
  parent.switch_to();
  child.switch_to();
  CHECK(order == std::vector<std::string>{"child", "parent"});
}

TEST_CASE("a greenlet can be given another parent") {
  std::string landed;
  Greenlet target([&](Parcel first) { landed = std::any_cast<std::string>(first); });
  Greenlet greenlet([] { return std::string("result"); });
  greenlet.set_parent(target);
  CHECK(greenlet.parent() == target);
  greenlet.switch_to();
  CHECK(landed == "result");
}

TEST_CASE("a cycle of parents is refused and changes nothing") {
  Greenlet a([] {});
  Greenlet b([] {});
  b.set_parent(a);
  CHECK_THROWS_AS(a.set_parent(b), GreenletError);
  CHECK_THROWS_AS(a.set_parent(a), GreenletError);
  CHECK(a.parent() == Greenlet::current());
}

TEST_CASE("a main greenlet has no parent and takes none") {
  Greenlet main = Greenlet::current();
  CHECK_FALSE(main.parent());
  CHECK_THROWS_AS(main.set_parent(Greenlet([] {})), GreenletError);
}

TEST_CASE("switching to a greenlet of another thread is an error and runs nothing") {
  bool has_run = false;
  Greenlet greenlet([&] { has_run = true; });
  std::string message;
  std::thread([&] {
    try {
      greenlet.switch_to();
    } catch (const GreenletError& error) {
      message = error.what();
    }
  }).join();
  CHECK_FALSE(message.empty());
  CHECK_FALSE(has_run);
}

TEST_CASE("a parent of another thread is refused") {
  Greenlet foreign;
  std::thread([&] { foreign = Greenlet::current(); }).join();
  Greenlet greenlet([] {});
  CHECK_THROWS_AS(greenlet.set_parent(foreign), GreenletError);
}

TEST_CASE("dropping the last handle unwinds a suspended greenlet exactly once") {
  int destroyed = 0;
  {
    Greenlet greenlet([&] {
      const Counted counted{destroyed};
      to_parent();
    });
    const Greenlet copy = greenlet;
    greenlet.switch_to();
    greenlet = Greenlet();
    CHECK(destroyed == 0);
  }
  CHECK(destroyed == 1);
}

TEST_CASE("a greenlet that catches GreenletExit when destroyed may still throw something else, which is dropped") {
  int destroyed = 0;
  {
    Greenlet greenlet([&] {
      const Counted counted{destroyed};
      try {
        to_parent();
      } catch (const GreenletExit&) {
        throw std::runtime_error("reported, not propagated");
      }
    });
    greenlet.switch_to();
  }
  CHECK(destroyed == 1);
}

TEST_CASE("a handle dropped on another thread is unwound on the greenlet's own, when that makes its next greenlet") {
  int destroyed = 0;
  std::thread::id where;
  struct Where {
    std::thread::id& id;
    ~Where() { id = std::this_thread::get_id(); }
  };
  auto greenlet = std::make_unique<Greenlet>([&] {
    const Counted counted{destroyed};
    const Where here{where};
    to_parent();
  });
  greenlet->switch_to();
  std::thread([&] { greenlet.reset(); }).join();
  CHECK(destroyed == 0);

  Greenlet([] {}).switch_to();

  CHECK(destroyed == 1);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("a greenlet that drops its own last handle runs to its end") {
  auto self = std::make_unique<Greenlet>();
  bool has_ended = false;
  *self = Greenlet([&] {
    self.reset();
    has_ended = true;
  });
  Greenlet(*self).switch_to();
  CHECK(has_ended);
}

TEST_CASE("nested generators are built from switches") {
  struct Generator {
    static void permute(std::vector<int>& items, std::size_t from, const Greenlet& consumer) {
      if (from == items.size()) {
        consumer.switch_to(items);
        return;
      }
      for (std::size_t i = from; i < items.size(); ++i) {
        std::swap(items[from], items[i]);
        permute(items, from + 1, consumer);
        std::swap(items[from], items[i]);
      }
    }
  };
  const Greenlet consumer = Greenlet::current();
  std::vector<int> items{1, 2, 3};
  Greenlet producer([&] { Generator::permute(items, 0, consumer); });

  std::vector<std::vector<int>> seen;
  for (Parcel next = producer.switch_to(); next.has_value(); next = producer.switch_to()) {
    seen.push_back(std::any_cast<std::vector<int>>(next));
  }

  CHECK(seen == std::vector<std::vector<int>>{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 2, 1}, {3, 1, 2}});
}

TEST_CASE("a tracer is told of each switch and each throw, with origin and target") {
  std::vector<std::pair<bool, std::string>> events;
  const Greenlet main = Greenlet::current();
  const auto name = [&](const Greenlet& greenlet) { return greenlet == main ? std::string("main") : greenlet.name(); };
  greenway::set_trace([&](const greenway::SwitchEvent& event) {
    events.emplace_back(event.is_throw, name(event.origin) + ">" + name(event.target));
  });
  Greenlet greenlet([] { to_parent(); });
  greenlet.set_name("g");
  greenlet.switch_to();
  greenlet.throw_in();
  greenway::set_trace({});

  CHECK(events == std::vector<std::pair<bool, std::string>>{
                      {false, "main>g"}, {false, "g>main"}, {true, "main>g"}, {false, "g>main"}});
}

TEST_CASE("an exception in the tracer disables it and is thrown at the switch") {
  int calls = 0;
  greenway::set_trace([&](const greenway::SwitchEvent&) {
    ++calls;
    throw std::runtime_error("tracer");
  });
  Greenlet greenlet([] {});
  CHECK_THROWS_WITH(greenlet.switch_to(), "tracer");
  Greenlet([] {}).switch_to();
  CHECK(calls == 1);
  CHECK_FALSE(greenway::set_trace({}));
}

TEST_CASE("a finished greenlet's stack serves the next one") {
  Greenlet([] {}).switch_to();
  const std::size_t mapped = greenway::stack_usage().mapped;
  for (int i = 0; i < 1000; ++i) {
    Greenlet([] {}).switch_to();
  }
  CHECK(greenway::stack_usage().mapped == mapped);
}

TEST_CASE("a stack that cannot be had is a typed error and leaves the greenlet fresh") {
  greenway::StackOptions huge;
  huge.size_bytes = std::size_t{1} << 40;
  Greenlet greenlet([] {}, huge);
  CHECK_THROWS_AS(greenlet.switch_to(), greenway::ArgumentError);
  CHECK_FALSE(greenlet.dead());
  CHECK_FALSE(greenlet.active());
}
