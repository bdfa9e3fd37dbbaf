// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

#include <sys/uio.h>

namespace greenway::interpose {

/// The buffers of a writev() or sendmsg(), of which a part has been written. Copies none of them.
class Gather {
 public:
  Gather(const iovec* vectors, std::size_t count) noexcept : vectors_(vectors), count_(count) {
    for (std::size_t i = 0; i != count; ++i) {
      size_ += vectors[i].iov_len;
    }
  }

  /// @return How many bytes there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// @param done  So many bytes have been written.
  /// @param part  Where the rest of a buffer that was written in part is put.
  /// @return What to write next: that rest, or all buffers that follow.
  std::pair<const iovec*, std::size_t> after(std::size_t done, iovec& part) const noexcept {
    std::size_t i = 0;
    for (; i != count_ && done >= vectors_[i].iov_len; ++i) {
      done -= vectors_[i].iov_len;
    }
    if (done == 0) {
      return {vectors_ + i, count_ - i};
    }
    part = {static_cast<char*>(vectors_[i].iov_base) + done, vectors_[i].iov_len - done};
    return {&part, 1};
  }

 private:
  const iovec* vectors_;
  std::size_t count_;
  std::size_t size_ = 0;
};

}  // namespace greenway::interpose
