// SPDX-License-Identifier: BSL-1.0
// The cases tagged [.alone] are hidden: others run them in processes of their own, with the guards that they are about.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <greenway/base/error.hpp>
#include <greenway/runtime/greenlet.hpp>
#include <greenway/runtime/stack_use.hpp>

#include "child_process.hpp"
#include "support/catch.hpp"

namespace {

using greenway::ArgumentError;
using greenway::Greenlet;
using greenway::ResourceExhausted;
using greenway::stack_usage;
using greenway::StackOptions;

#if defined(GREENWAY_ASAN) || defined(GREENWAY_TSAN)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
#if defined(GREENWAY_TSAN)
constexpr int many = 1'000;  // it has room for no more than 8,000
#elif defined(GREENWAY_ASAN)
constexpr int many = 2'000;  // each has a fake stack beside its own
#else
constexpr int many = 10'000;
#endif

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

/// Touches the stack down to so many bytes below here.
[[gnu::noinline]] void touch_down(std::size_t bytes) {
  volatile char* const here = static_cast<char*>(__builtin_frame_address(0));
  for (std::size_t depth = page_size(); depth <= bytes; depth += page_size()) {
    const_cast<char*>(here)[0 - static_cast<std::ptrdiff_t>(depth)] = 1;
  }
}

void to_parent() { Greenlet::current().parent().switch_to(); }

/// @return Greenlets that have touched so much of their stacks and are suspended.
std::vector<Greenlet> suspended(int count, std::size_t bytes = 0, StackOptions stack = {}) {
  std::vector<Greenlet> greenlets;
  greenlets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i != count; ++i) {
    greenlets.emplace_back(
        [bytes] {
          touch_down(bytes);
          to_parent();
        },
        stack);
    greenlets.back().switch_to();
  }
  return greenlets;
}

void end_all(std::vector<Greenlet>& greenlets) {
  for (const Greenlet& greenlet : greenlets) {
    greenlet.switch_to();
  }
}

bool kernel_has_guards() {
  void* const page = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool has_guards = madvise(page, page_size(), 102 /* MADV_GUARD_INSTALL */) == 0 &&
                          access(static_cast<const char*>(page), F_OK) != 0 && errno == EFAULT;
  munmap(page, page_size());
  return has_guards;
}

std::string message_of_first_switch() {
  try {
    Greenlet([] {}).switch_to();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "no error";
}

void passes_alone(const std::string& name, const std::string& guard) {
  const Ended ended = run_alone(name, {{"GREENWAY_STACK_GUARD", guard}});
  INFO(ended.output);
  CHECK(ended.status == 0);
}

}  // namespace

TEST_CASE("alone: a first switch is refused as an argument error each time", "[.alone]") {
  const std::string message = message_of_first_switch();
  CHECK(message.find("GREENWAY_STACK_GUARD") != std::string::npos);
  CHECK(message == message_of_first_switch());
  CHECK(stack_usage().mapped == 0);
}

TEST_CASE("a kind of guard that does not exist is an argument error at the first stack") {
  passes_alone("alone: a first switch is refused as an argument error each time", "guard-dog");
}

TEST_CASE("alone: 200000 suspended greenlets take less than a gibibyte and few maps", "[.alone]") {
  constexpr int count = is_sanitized ? many : 200'000;
  const auto maps = [] {
    std::ifstream file("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  };
  const auto maps_before = maps();
  auto greenlets = suspended(count);
  CHECK(stack_usage().mapped == static_cast<std::size_t>(count));
  if (!is_sanitized) {
    CHECK(resident_bytes() < (1 << 30));
    CHECK(maps() - maps_before < count / 50);
  }
  end_all(greenlets);
  CHECK(stack_usage().idle == stack_usage().mapped);
}

TEST_CASE("guards by madvise cost no maps, and are an argument error on a kernel without them") {
  passes_alone(kernel_has_guards() ? "alone: 200000 suspended greenlets take less than a gibibyte and few maps"
                                   : "alone: a first switch is refused as an argument error each time",
               "madvise");
}

#if !defined(GREENWAY_ASAN) && !defined(GREENWAY_TSAN)

TEST_CASE("alone: when the maps are used up the greenlets that are there go on", "[.alone]") {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> limit;
  const std::size_t enough = std::min<std::size_t>(limit / 2, 100'000);  // a machine may allow more than there is memory for
  std::vector<Greenlet> greenlets;
  greenlets.reserve(enough + 1);
  std::size_t went_on = 0;
  std::string message;
  try {
    while (greenlets.size() <= enough) {
      Greenlet greenlet([&went_on, number = greenlets.size()] {
        const volatile std::size_t kept = number;
        to_parent();
        went_on += kept == number ? 1 : 0;
      });
      greenlet.switch_to();
      greenlets.push_back(std::move(greenlet));
    }
  } catch (const ResourceExhausted& error) {
    message = error.what();
  }
  CHECK(greenlets.size() >= enough - enough / 12);
  if (limit <= 200'000) {
    CHECK(message.find("vm.max_map_count") != std::string::npos);
  }
  const std::size_t made = greenlets.size();
  end_all(greenlets);
  CHECK(went_on == made);
  CHECK(suspended(1).front().active());
}

TEST_CASE("30000 stacks with guards by mprotect work and running out of maps is a typed error") {
  passes_alone("alone: when the maps are used up the greenlets that are there go on", "mprotect");
}

TEST_CASE("alone: idle stacks make room for those of another size", "[.alone]") {
  greenway::set_stack_limits({100'000});
  auto small = suspended(20'000, 0, StackOptions{16 * 1024});
  end_all(small);
  CHECK(stack_usage().idle == 20'000);
  auto large = suspended(20'000);
  CHECK(stack_usage().idle == 0);
  end_all(large);
}

TEST_CASE("idle stacks are released before a new one is refused") {
  passes_alone("alone: idle stacks make room for those of another size", "mprotect");
}

#if !defined(GREENWAY_TEST_EMULATOR)  // which does not limit address space

TEST_CASE("alone: a stack for which there is no address space is a typed error", "[.alone]") {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlimit limit{pages * page_size() + (std::size_t{22} << 20), RLIM_INFINITY};
  REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
  std::vector<Greenlet> greenlets;
  greenlets.reserve(100);
  std::string message;
  try {
    while (greenlets.size() != 100) {
      greenlets.push_back(std::move(suspended(1).front()));
    }
  } catch (const ResourceExhausted& error) {
    message = error.what();
  }
  CHECK(greenlets.size() > 70);
  CHECK(message.find("mmap failed") != std::string::npos);
  end_all(greenlets);
  greenlets.clear();
  CHECK(suspended(1).front().active());
}

TEST_CASE("without address space the last stack that fits is still had and the next is a typed error") {
  const Ended ended = run_alone("alone: a stack for which there is no address space is a typed error");
  INFO(ended.output);
  CHECK(ended.status == 0);
}

#endif

TEST_CASE("alone: memory of idle stacks above the limit goes back", "[.alone]") {
  greenway::set_stack_limits({256});
  const double before = resident_bytes();
  auto greenlets = suspended(many, 64 * 1024);
  const double busy = resident_bytes();
  CHECK(busy - before > many * 64e3);
  end_all(greenlets);
  CHECK(stack_usage().idle <= 256 + 128);
  CHECK(resident_bytes() - before < (busy - before) / 10);
}

TEST_CASE("the memory of idle stacks above the limit is given back without being asked for") {
  for (const char* guard : {"mprotect", ""}) {
    passes_alone("alone: memory of idle stacks above the limit goes back", guard);
  }
}

TEST_CASE("alone: a million spawns leave no memory behind", "[.alone]") {
  const auto spawn = [](int bursts) {
    for (int i = 0; i != bursts; ++i) {
      auto greenlets = suspended(1'000);
      end_all(greenlets);
    }
  };
  spawn(10);
  const double after_10k = resident_bytes();
  spawn(990);
  CHECK(resident_bytes() < 1.05 * after_10k);
}

TEST_CASE("1000000 spawns leave as much memory as 10000 did") {
  const Ended ended = run_alone("alone: a million spawns leave no memory behind");
  INFO(ended.output);
  CHECK(ended.status == 0);
}

#endif

TEST_CASE("idle stacks can be released at once, and greenlets suspended among them keep theirs") {
  greenway::release_idle_stacks();
  const double before = resident_bytes();
  auto greenlets = suspended(many, 16 * 1024);
  const double busy = resident_bytes();
  std::vector<Greenlet> kept;
  for (std::size_t i = 0; i < greenlets.size(); i += 100) {
    kept.push_back(greenlets[i]);
  }
  for (std::size_t i = 0; i != greenlets.size(); ++i) {
    if (i % 100 != 0) {
      greenlets[i].switch_to();
    }
  }
  greenway::release_idle_stacks();
  CHECK(stack_usage().idle == 0);
  CHECK(stack_usage().mapped == kept.size());
  if (!is_sanitized) {
    CHECK(resident_bytes() - before < (busy - before) / 5);
  }

  auto more = suspended(many / 2, 16 * 1024);
  CHECK(stack_usage().mapped == kept.size() + more.size());
  end_all(kept);
  end_all(more);
  CHECK(std::all_of(kept.begin(), kept.end(), [](const Greenlet& greenlet) { return greenlet.dead(); }));
  greenway::release_idle_stacks();
  CHECK(stack_usage().mapped == 0);
}

TEST_CASE("a limit that was lowered is reached as greenlets end") {
  auto greenlets = suspended(2'000 < many ? 2'000 : many);
  end_all(greenlets);
  const std::size_t idle = stack_usage().idle;
  greenway::set_stack_limits({0});
  CHECK(greenway::stack_limits().idle_kept == 0);
  CHECK(stack_usage().idle == idle);
  auto others = suspended(900);
  end_all(others);
  CHECK(stack_usage().idle <= 128);
  greenway::set_stack_limits({});
}

TEST_CASE("a thread that ends unmaps its stacks") {
  const void* where = nullptr;
  std::thread([&] {
    Greenlet greenlet([&] { where = __builtin_frame_address(0); });
    greenlet.switch_to();
  }).join();
  unsigned char residence = 0;
  const auto page = reinterpret_cast<std::uintptr_t>(where) / page_size() * page_size();
  CHECK(mincore(reinterpret_cast<void*>(page), page_size(), &residence) == -1);
}

TEST_CASE("the tops of stacks lie at sixteen places within a kibibyte of their pages") {
  std::vector<std::size_t> places;
  std::vector<Greenlet> greenlets;
  greenway::release_idle_stacks();
  for (int i = 0; i != 32; ++i) {
    greenlets.emplace_back([&] {
      places.push_back(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % page_size());
      to_parent();
    });
    greenlets.back().switch_to();
  }
  std::sort(places.begin(), places.end());
  CHECK(places.back() - places.front() <= 1024);
  places.erase(std::unique(places.begin(), places.end()), places.end());
  CHECK(places.size() == 16);
}

TEST_CASE("the high-water mark of a stack is what its greenlet has touched") {
  greenway::release_idle_stacks();
  const Greenlet fresh([] {});
  CHECK(greenway::stack_high_water(fresh) == 0);
  CHECK(greenway::stack_high_water(Greenlet()) == 0);
  CHECK(greenway::stack_high_water(Greenlet::current()) == 0);

  const Greenlet greenlet([] {
    to_parent();
    touch_down(100 * 1024);
    to_parent();
  });
  greenlet.switch_to();
  CHECK(greenway::stack_high_water(greenlet) <= (is_sanitized ? 4 : 1) * page_size());
  greenlet.switch_to();
  const std::size_t touched = greenway::stack_high_water(greenlet);
  CHECK(touched >= 100 * 1024);
  CHECK(touched <= 100 * 1024 + 4 * page_size());
  CHECK(touched % page_size() == 0);
  greenlet.switch_to();
  CHECK(greenway::stack_high_water(greenlet) == 0);
}

TEST_CASE("the high-water mark of another thread's greenlet is refused") {
  const Greenlet greenlet([] {});
  std::thread([&] { CHECK_THROWS_AS(greenway::stack_high_water(greenlet), greenway::GreenletError); }).join();
}

TEST_CASE("while stacks are sampled each greenlet that ends counts for itself") {
  const auto run = [](std::size_t bytes) {
    auto greenlets = suspended(5, bytes);
    end_all(greenlets);
  };
  run(200 * 1024);
  CHECK(greenway::stack_use().empty());

  greenway::sample_stack_use(true);
  run(0);
  const auto shallow = greenway::stack_use();
  REQUIRE(shallow.size() == 1);
  CHECK(shallow[0].greenlets == 5);
  CHECK(shallow[0].size_bytes == StackOptions{}.size_bytes * greenway::detail::stack_size_factor);
  CHECK(shallow[0].high_water_bytes <= 32 * 1024);

  run(100 * 1024);
  CHECK(greenway::stack_use()[0].greenlets == 10);
  CHECK(greenway::stack_use()[0].high_water_bytes >= 100 * 1024);
  CHECK(greenway::stack_use()[0].high_water_bytes <= 132 * 1024);
  CHECK(stack_usage().idle == 5);

  // What the deep ones have touched is not found again by the one that comes next.
  auto next = suspended(1);
  CHECK(greenway::stack_high_water(next.front()) <= 32 * 1024);
  end_all(next);

  greenway::sample_stack_use(false);
  run(0);
  CHECK(greenway::stack_use()[0].greenlets == 11);
}

TEST_CASE("sampled stacks are counted by the place that made their greenlets, the deepest first") {
  greenway::sample_stack_use(true);
  for (int i = 0; i != 3; ++i) {
    Greenlet([] {}).switch_to();
    Greenlet([] { touch_down(80 * 1024); }).switch_to();
  }
  greenway::sample_stack_use(false);
  const auto uses = greenway::stack_use();
  REQUIRE(uses.size() == 2);
  CHECK(uses[0].greenlets == 3);
  CHECK(uses[1].greenlets == 3);
  CHECK(uses[0].spawned_at != nullptr);
  CHECK(uses[0].spawned_at != uses[1].spawned_at);
  CHECK(uses[0].high_water_bytes >= 80 * 1024);
  CHECK(uses[1].high_water_bytes < 40 * 1024);
}
