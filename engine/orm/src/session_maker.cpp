// SPDX-License-Identifier: BSL-1.0
#include <greenway/orm/session_maker.hpp>

#include <utility>

namespace greenway {

void SessionMaker::configure(SessionOptions options) {
  options.info.merge(options_.info);
  options_ = std::move(options);
}

}  // namespace greenway
