// SPDX-License-Identifier: BSL-1.0
#pragma once

// All that a session knows, in the order in which it came, until some of it goes.

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <boost/pool/pool.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "instance.hpp"

namespace greenway::detail {

class Instances {
 public:
  Instances() = default;
  Instances(const Instances&) = delete;
  Instances& operator=(const Instances&) = delete;
  ~Instances() { clear(); }

  std::size_t size() const noexcept { return all_.size(); }
  std::vector<Instance*>::const_iterator begin() const noexcept { return all_.begin(); }
  std::vector<Instance*>::const_iterator end() const noexcept { return all_.end(); }
  // That of an entity; or null.
  Instance* find(const void* object) const noexcept;

  Instance& emplace(const Mapper& mapper, std::size_t number, std::shared_ptr<void> object, SessionState& session);
  void erase(Instance& instance) noexcept;
  void clear() noexcept;

 private:
  bool index_by_object() const noexcept;

  static constexpr std::size_t most_a_block = 512;  // a block that is too large is mapped by the system each time anew

  boost::pool<> memory_{sizeof(Instance), 32, most_a_block};
  std::vector<Instance*> all_;
  // By their entities. Who only loads them never asks, so it is made for whom asks first.
  mutable boost::unordered_flat_map<const void*, Instance*> by_object_;
  mutable bool is_by_object_ = false;
};

// Those of one class that stand for rows, by their keys.
class IdentityMap {
 public:
  bool empty() const noexcept { return instances_.empty(); }
  // Null where there is none.
  Instance* find(const EntityKey& key) const noexcept {
    const auto found = instances_.find(key);
    return found == instances_.end() ? nullptr : *found;
  }
  // False where there is another one of its key.
  bool insert(Instance& instance) { return instances_.insert(&instance).second; }
  // In place of another one of its key.
  void put(Instance& instance) {
    instances_.erase(instance.key);
    instances_.insert(&instance);
  }
  void erase(const Instance& instance) noexcept {
    if (const auto found = instances_.find(instance.key); found != instances_.end() && *found == &instance) {
      instances_.erase(found);
    }
  }
  void reserve(std::size_t count) {
    if (count > instances_.size()) {
      instances_.reserve(count);
    }
  }

 private:
  static const EntityKey& key(const EntityKey& key) noexcept { return key; }
  static const EntityKey& key(const Instance* instance) noexcept { return instance->key; }
  struct Hash {
    using is_transparent = void;
    template <class T>
    std::size_t operator()(const T& one) const noexcept {
      return key(one).hash();
    }
  };
  struct Equal {
    using is_transparent = void;
    template <class T, class U>
    bool operator()(const T& one, const U& other) const noexcept {
      return key(one) == key(other);
    }
  };

  boost::unordered_flat_set<Instance*, Hash, Equal> instances_;
};

}  // namespace greenway::detail
