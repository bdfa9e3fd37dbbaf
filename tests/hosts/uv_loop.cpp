// SPDX-License-Identifier: BSL-1.0
#include <exception>
#include <optional>

#include <greenway/uv/uv_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class UvLoop final : public LoopUnderTest {
 public:
  UvLoop() {
    uv_loop_init(&loop_);
    // Other threads post to it, while nothing else keeps it alive.
    uv_async_init(&loop_, &work_, nullptr);
    host_.emplace(&loop_);
  }
  ~UvLoop() override {
    host_.reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&work_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop_) != 0) {
      std::terminate();  // the host has left something in it
    }
  }
  greenway::Host& host() override { return *host_; }
  void run_until(const bool& is_done) override {
    while (!is_done) {
      host_->run(UV_RUN_ONCE);
    }
  }

 private:
  uv_loop_t loop_{};
  uv_async_t work_{};
  std::optional<greenway::UvHost> host_;
};

}  // namespace

void with_uv_loop(const std::function<void(LoopUnderTest&)>& use) {
  UvLoop loop;
  use(loop);
}
