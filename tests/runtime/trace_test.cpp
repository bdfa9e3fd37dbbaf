// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/event.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/trace.hpp>

#include "json.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// A trace of what happens while this exists.
class Recording {
 public:
  Recording() : path_(std::filesystem::temp_directory_path() / ("greenway-trace-" + std::to_string(getpid()) + ".json")) {
    greenway::start_trace(path_);
  }
  ~Recording() {
    greenway::stop_trace();
    std::filesystem::remove(path_);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// Ends it.
  [[nodiscard]] json::Value read() const {
    greenway::stop_trace();
    std::ifstream file(path_);
    return json::read(std::string(std::istreambuf_iterator<char>(file), {}));
  }

 private:
  std::string path_;
};

std::vector<json::Value> events(const json::Value& trace, const std::string& phase) {
  std::vector<json::Value> found;
  for (const json::Value& event : trace["traceEvents"].items) {
    if (event["ph"].text == phase) {
      found.push_back(event);
    }
  }
  return found;
}

bool has_name(const std::vector<json::Value>& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(), [&](const json::Value& event) { return event["name"].text == name; });
}

greenway::Future<void> spawn(std::string name, std::function<void()> body) {
  return greenway::greenlet_spawn(greenway::GreenletOptions{.name = std::move(name)}, std::move(body)).to_future();
}

}  // namespace

TEST_CASE("a trace has a slice for each stretch that a greenlet runs, and no two on one thread overlap") {
  const Recording recording;
  greenway::run([] {
    greenway::Event event;
    auto first = spawn("first", [&] { event.wait(); });
    auto second = spawn("second", [&] {
      greenway::yield();
      event.set();
    });
    first.get();
    second.get();
  });
  auto slices = events(recording.read(), "X");
  CHECK(std::count_if(slices.begin(), slices.end(), [](const auto& one) { return one["name"].text == "first"; }) == 2);
  CHECK(std::count_if(slices.begin(), slices.end(), [](const auto& one) { return one["name"].text == "second"; }) == 2);
  // The one that run() makes has no name of its own.
  CHECK(std::any_of(slices.begin(), slices.end(), [](const auto& one) { return one["name"].text.starts_with("greenlet "); }));
  std::sort(slices.begin(), slices.end(), [](const auto& a, const auto& b) { return a["ts"].number() < b["ts"].number(); });
  for (std::size_t i = 0; i + 1 < slices.size(); ++i) {
    CHECK(slices[i]["tid"].text == std::to_string(gettid()));
    CHECK(slices[i]["dur"].number() >= 0);
    // Rounded to a nanosecond each.
    CHECK(slices[i]["ts"].number() + slices[i]["dur"].number() <= slices[i + 1]["ts"].number() + 0.003);
  }
}

TEST_CASE("a greenlet's own track begins, holds its waits, and ends") {
  const Recording recording;
  greenway::run([] {
    spawn("sleeper", [] {
      greenway::sleep_for(1ms);
      greenway::sleep_for(1ms);
    }).get();
  });
  const json::Value trace = recording.read();
  std::map<std::string, std::vector<std::string>> open;  // by track
  std::size_t waits = 0;
  std::string sleeper;
  for (const json::Value& event : trace["traceEvents"].items) {
    const std::string phase = event["ph"].text;
    if (phase == "b") {
      auto& track = open[event["id"].text];
      // A wait lies in the greenlet's life, and nothing in a wait.
      CHECK(track.size() < 2);
      track.push_back(event["name"].text);
      if (event["name"].text == "sleeper") {
        sleeper = event["id"].text;
        CHECK(event["args"]["spawned at"].text != "");
      }
    } else if (phase == "e") {
      auto& track = open[event["id"].text];
      REQUIRE(!track.empty());
      CHECK(track.back() == event["name"].text);
      track.pop_back();
      waits += event["id"].text == sleeper && event["name"].text == "timer" ? 1 : 0;
    }
  }
  CHECK(waits == 2);
  CHECK(std::all_of(open.begin(), open.end(), [](const auto& track) { return track.second.empty(); }));
}

TEST_CASE("threads, processes and other threads' greenlets are named") {
  const Recording recording;
  std::thread([] { greenway::run([] { spawn("elsewhere", [] {}).get(); }); }).join();
  const json::Value trace = recording.read();
  CHECK(has_name(events(trace, "M"), "process_name"));
  CHECK(has_name(events(trace, "M"), "thread_name"));
  const auto slices = events(trace, "X");
  const auto slice =
      std::find_if(slices.begin(), slices.end(), [](const auto& one) { return one["name"].text == "elsewhere"; });
  REQUIRE(slice != slices.end());
  CHECK((*slice)["tid"].text != std::to_string(gettid()));
}

TEST_CASE("a loop that runs already is traced from its next turn on") {
  greenway::Event may_spawn;
  greenway::Event is_there;
  std::thread other([&] {
    greenway::run([&] {
      is_there.set();
      may_spawn.wait();
      greenway::yield();  // a turn of the loop
      spawn("late", [] {}).get();
    });
  });
  is_there.wait();
  const Recording recording;
  may_spawn.set();
  other.join();
  CHECK(has_name(events(recording.read(), "X"), "late"));
}

TEST_CASE("what lives when a trace begins or ends is cut off there") {
  using greenway::Greenlet;
  Greenlet before([] { Greenlet::current().parent().switch_to(); });
  before.set_name("before");
  before.switch_to();
  json::Value trace;
  Greenlet after;
  {
    const Recording recording;
    before.switch_to();
    after = Greenlet([] { Greenlet::current().parent().switch_to(); });
    after.set_name("after \"quoted\"\n");
    after.switch_to();
    trace = recording.read();
  }
  after.switch_to();
  for (const char* name : {"before", "after \"quoted\"\n"}) {
    CHECK(has_name(events(trace, "X"), name));
    CHECK(has_name(events(trace, "b"), name));
    CHECK(has_name(events(trace, "e"), name));
  }
}

TEST_CASE("one trace is recorded at a time, and a file that cannot be made is refused") {
  CHECK_FALSE(greenway::is_tracing());
  CHECK_THROWS_AS(greenway::start_trace("/no/such/folder/trace.json"), greenway::ArgumentError);
  CHECK_FALSE(greenway::is_tracing());
  const Recording recording;
  CHECK(greenway::is_tracing());
  CHECK_THROWS_AS(greenway::start_trace("/dev/null"), greenway::InvalidRequestError);
}

TEST_CASE("greenlets that end while somebody traces are told to him, and their records are used again only then") {
  std::size_t switches = 0;
  greenway::set_trace([&](const greenway::SwitchEvent&) { ++switches; });
  std::vector<int> order;
  greenway::run([&] {
    for (int i = 0; i < 3; ++i) {
      spawn("short", [] {}).get();
    }
    // If a record had been given back twice, two of these would share it.
    std::vector<greenway::Future<void>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(spawn("long", [&order, i] {
        greenway::yield();
        order.push_back(i);
      }));
    }
    for (auto& one : all) {
      one.get();
    }
  });
  greenway::set_trace({});
  CHECK(order == std::vector<int>{0, 1, 2, 3});
  CHECK(switches > 14);
}
