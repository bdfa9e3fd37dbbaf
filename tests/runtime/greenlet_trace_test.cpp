// SPDX-License-Identifier: BSL-1.0
// What a tracer sees, and what it may do.
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <greenway/runtime/greenlet.hpp>

#include "support/catch.hpp"

namespace {

using greenway::Greenlet;
using greenway::Parcel;
using greenway::set_trace;
using greenway::SwitchEvent;

Parcel to_parent(Parcel value = {}) { return Greenlet::current().parent().switch_to(std::move(value)); }

Greenlet named(const char* name, std::function<void()> body) {
  Greenlet greenlet(std::move(body));
  greenlet.set_name(name);
  return greenlet;
}

/// Writes down each switch while it lives: "a>b", with a `!` where something is thrown.
class Tracer {
 public:
  Tracer() {
    previous_ = set_trace([this](const SwitchEvent& event) {
      const auto name = [](const Greenlet& greenlet) { return greenlet.name().empty() ? "main" : greenlet.name(); };
      seen_.push_back(name(event.origin) + (event.is_throw ? "!" : ">") + name(event.target));
    });
  }
  ~Tracer() { set_trace(std::move(previous_)); }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  [[nodiscard]] const std::vector<std::string>& seen() const { return seen_; }

 private:
  std::vector<std::string> seen_;
  std::function<void(const SwitchEvent&)> previous_;
};

using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE("a tracer sees the end of a greenlet as a switch, and an exception that leaves one as a throw") {
  Greenlet ends = named("ends", [] {});
  Greenlet fails = named("fails", [] { throw std::runtime_error(""); });
  const Tracer tracer;
  ends.switch_to();
  CHECK_THROWS(fails.switch_to());
  CHECK(tracer.seen() == Seen{"main>ends", "ends>main", "main>fails", "fails!main"});
}

TEST_CASE("a tracer sees switches between greenlets that rested before it was set") {
  const Greenlet main = Greenlet::current();
  Greenlet b = named("b", [&] {
    to_parent();
    main.switch_to();
  });
  Greenlet a = named("a", [&] {
    to_parent();
    b.switch_to();
  });
  a.switch_to();
  b.switch_to();
  const Tracer tracer;
  a.switch_to();
  CHECK(tracer.seen() == Seen{"main>a", "a>b", "b>main"});
}

TEST_CASE("a greenlet may set the tracer and another take it away") {
  Seen seen;
  Greenlet second = named("second", [&] {
    set_trace({});
    to_parent();
  });
  Greenlet first = named("first", [&] {
    set_trace([&](const SwitchEvent& event) { seen.push_back(event.origin.name() + ">" + event.target.name()); });
    second.switch_to();
  });
  first.switch_to();
  second.switch_to();
  CHECK(seen == Seen{"first>second"});
}

TEST_CASE("setting a tracer returns the one before, also when it is set twice") {
  int calls = 0;
  const std::function<void(const SwitchEvent&)> tracer = [&](const SwitchEvent&) { ++calls; };
  CHECK_FALSE(set_trace(tracer));
  CHECK(set_trace(tracer));
  CHECK(set_trace({}));
  CHECK_FALSE(set_trace({}));
  CHECK(calls == 0);
}

TEST_CASE("a tracer that throws into a greenlet that rested disables itself and fails the greenlet") {
  Greenlet greenlet([] { to_parent(); });
  greenlet.switch_to();
  set_trace([](const SwitchEvent&) { throw std::runtime_error("tracer"); });
  CHECK_THROWS_WITH(greenlet.switch_to(), "tracer");
  CHECK(greenlet.dead());
  CHECK_FALSE(set_trace({}));
}

TEST_CASE("a value arrives although the tracer throws nothing and switches elsewhere first") {
  bool shall_switch = true;
  Greenlet other([](Parcel first) {
    for (Parcel next = std::move(first);;) {
      next = to_parent(std::string("other has ") + std::any_cast<const char*>(next));
    }
  });
  Greenlet greenlet([](Parcel first) { return std::any_cast<std::string>(first) + ", and back"; });
  std::string answer;
  set_trace([&](const SwitchEvent& event) {
    if (std::exchange(shall_switch, false)) {
      other.set_parent(event.target);
      answer = std::any_cast<std::string>(other.switch_to("the tracer's"));
    }
  });
  const Parcel result = greenlet.switch_to(std::string("as sent"));
  set_trace({});
  CHECK(std::any_cast<std::string>(result) == "as sent, and back");
  CHECK(answer == "other has the tracer's");
}

TEST_CASE("the running greenlet may be switched to while somebody traces and when nobody does any more") {
  {
    const Tracer tracer;
    CHECK_FALSE(Greenlet::current().switch_to().has_value());
  }
  CHECK_FALSE(Greenlet::current().switch_to().has_value());
  int here = 1;
  Greenlet greenlet([&] {
    { const Tracer tracer; }
    Greenlet::current().switch_to();
    ++here;
  });
  greenlet.switch_to();
  CHECK(here == 2);
}

TEST_CASE("a tracer sees the switches that unwind a greenlet which nobody wants any more") {
  Greenlet greenlet = named("unwanted", [] { to_parent(); });
  greenlet.switch_to();
  const Tracer tracer;
  greenlet = Greenlet();
  CHECK(tracer.seen() == Seen{"main!unwanted", "unwanted>main"});
}
