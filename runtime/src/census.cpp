// SPDX-License-Identifier: BSL-1.0
#include "census.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include <unistd.h>

#include "debug_root.hpp"
#include "hub.hpp"

namespace greenway::detail {

namespace {

/// One loop that runs.
struct Resident {
  Host* host;
  pid_t thread;
};

struct Residents {
  std::mutex mutex;
  std::vector<Resident> hosts;
  RuntimeCounters ended;
};

// Never destroyed: the threads of a program that ends may still come and go.
Residents& residents() {
  static auto* all = new Residents;
  return *all;
}

}  // namespace

void enter_census(Hub& hub) noexcept {
  hub.thread_number = gettid();
  const std::lock_guard lock(residents().mutex);
  hub.next_hub = greenway_debug_root.hubs;
  if (hub.next_hub != nullptr) {
    hub.next_hub->previous_hub = &hub;
  }
  greenway_debug_root.hubs = &hub;
}

void leave_census(Hub& hub) noexcept {
  const std::lock_guard lock(residents().mutex);
  (hub.previous_hub != nullptr ? hub.previous_hub->next_hub : greenway_debug_root.hubs) = hub.next_hub;
  if (hub.next_hub != nullptr) {
    hub.next_hub->previous_hub = hub.previous_hub;
  }
  RuntimeCounters& ended = residents().ended;
  add_counters(ended, hub);
  ended.stacks_mapped = ended.stacks_idle = ended.threads = 0;
}

RuntimeCounters counters_of_ended_threads() {
  const std::lock_guard lock(residents().mutex);
  return residents().ended;
}

void enter_census(Host& host) noexcept {
  const std::lock_guard lock(residents().mutex);
  auto& hosts = residents().hosts;
  const auto known = std::find_if(hosts.begin(), hosts.end(), [&](const Resident& one) { return one.host == &host; });
  if (known != hosts.end()) {
    known->thread = gettid();
  } else {
    hosts.push_back({&host, gettid()});
  }
}

void leave_census(Host& host) noexcept {
  const std::lock_guard lock(residents().mutex);
  std::erase_if(residents().hosts, [&](const Resident& resident) { return resident.host == &host; });
}

void for_each_hub(const std::function<void(Hub&)>& visit) {
  const std::lock_guard lock(residents().mutex);
  for (Hub* hub = greenway_debug_root.hubs; hub != nullptr; hub = hub->next_hub) {
    visit(*hub);
  }
}

void for_each_host(const std::function<void(Host&, pid_t)>& visit) {
  const std::lock_guard lock(residents().mutex);
  for (const Resident& resident : residents().hosts) {
    visit(*resident.host, resident.thread);
  }
}

}  // namespace greenway::detail
