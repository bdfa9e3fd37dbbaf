// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which row of its table an entity stands for.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <greenway/sql/value.hpp>

namespace greenway::detail {

// Appends a part of a primary key: what is equal appends the same bytes, and what is not does not.
void append_key(std::string& key, const Value& part);

// A whole primary key. Almost always it is one integer, which needs no memory.
class EntityKey {
 public:
  EntityKey() noexcept = default;
  explicit EntityKey(std::int64_t number) noexcept : number_(number) {}
  // What append_key has made of its parts; an integer alone is the key that the other constructor makes.
  EntityKey(std::string_view parts);
  EntityKey(const std::string& parts) : EntityKey(std::string_view(parts)) {}
  EntityKey(const EntityKey& other) : number_(other.number_), parts_(other.copied_parts()) {}
  EntityKey(EntityKey&&) noexcept = default;
  EntityKey& operator=(const EntityKey& other) { return *this = EntityKey(other); }
  EntityKey& operator=(EntityKey&&) noexcept = default;
  ~EntityKey() = default;

  std::size_t hash() const noexcept {
    return parts_ == nullptr ? static_cast<std::size_t>(number_) : std::hash<std::string>()(*parts_);
  }
  friend bool operator==(const EntityKey& a, const EntityKey& b) noexcept {
    return a.parts_ == nullptr || b.parts_ == nullptr ? a.parts_ == b.parts_ && a.number_ == b.number_
                                                      : *a.parts_ == *b.parts_;
  }
  // An order of some kind, the same for all sessions.
  friend std::strong_ordering operator<=>(const EntityKey& a, const EntityKey& b) noexcept {
    if (a.parts_ != nullptr && b.parts_ != nullptr) {
      return *a.parts_ <=> *b.parts_;
    }
    return a.parts_ == nullptr && b.parts_ == nullptr ? a.number_ <=> b.number_
                                                      : (a.parts_ != nullptr) <=> (b.parts_ != nullptr);
  }

 private:
  std::unique_ptr<std::string> copied_parts() const {
    return parts_ == nullptr ? nullptr : std::make_unique<std::string>(*parts_);
  }

  std::int64_t number_ = 0;
  std::unique_ptr<std::string> parts_ = {};  // null where the number says all
};

}  // namespace greenway::detail
