// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/orm/any_entity.hpp
/// @brief An entity of any class.
///
/// Layer: orm.

#include <memory>
#include <string>
#include <utility>

#include <greenway/orm/detail/mapper.hpp>

namespace greenway {

/// An entity whose class is known when the program runs.
class AnyEntity {
 public:
  /// @param mapper  What its class is mapped to.
  /// @param object  The entity.
  AnyEntity(const detail::Mapper& mapper, std::shared_ptr<void> object) noexcept
      : mapper_(&mapper), object_(std::move(object)) {}

  /// @tparam T  A mapped class.
  /// @return The entity, or null if it is of another class.
  template <class T>
  [[nodiscard]] std::shared_ptr<T> as() const {
    return mapper_ == detail::mapper_slot<T>.load(std::memory_order_acquire) ? std::static_pointer_cast<T>(object_)
                                                                             : nullptr;
  }
  /// @return The name of its class.
  [[nodiscard]] const std::string& class_name() const noexcept { return mapper_->name; }
  /// @return The entity.
  [[nodiscard]] const std::shared_ptr<void>& object() const noexcept { return object_; }

 private:
  const detail::Mapper* mapper_;
  std::shared_ptr<void> object_;
};

}  // namespace greenway
