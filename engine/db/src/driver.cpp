// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/driver.hpp>

#include <map>
#include <mutex>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, DriverFactory, std::less<>> factories;
};

// Never destroyed, so that engines may be made and registered until the very end of the process.
Registry& registry() {
  static auto& instance = *new Registry;
  return instance;
}

}  // namespace

void register_driver(std::string drivername, DriverFactory factory) {
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  known.factories.insert_or_assign(std::move(drivername), std::move(factory));
}

std::unique_ptr<Driver> make_driver(const URL& url) {
  DriverFactory factory;
  std::string names;
  {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    if (const auto found = known.factories.find(url.drivername()); found != known.factories.end()) {
      factory = found->second;
    }
    for (const auto& [name, unused] : known.factories) {
      names += names.empty() ? name : ", " + name;
    }
  }
  if (!factory) {
    throw ArgumentError("no driver is registered for '" + url.drivername() + "'; there are: " +
                        (names.empty() ? "none (create_engine() registers those that were linked)" : names));
  }
  return factory(url);
}

}  // namespace greenway
