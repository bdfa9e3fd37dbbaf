// SPDX-License-Identifier: BSL-1.0
#include <chrono>

#include <greenway/uv/uv_host.hpp>

#include "bank/callback_clients.hpp"
#include "bank/caller.hpp"

namespace bank {

namespace {

/// A loop, its host, and a timer that notes every millisecond by how much it is late.
class UvClients {
 public:
  explicit UvClients(Run& run) : run_(run), host_(open()) {
    uv_timer_init(&loop_, &ticker_);
    ticker_.data = this;
  }

  void make_transfers(const greenway::Engine& engine) {
    tick();
    start_clients(host_, engine, run_, [this] { uv_close(reinterpret_cast<uv_handle_t*>(&ticker_), nullptr); });
    host_.run();
  }

 private:
  uv_loop_t* open() {
    uv_loop_init(&loop_);
    return &loop_;
  }
  void tick() {
    due_ = greenway::Clock::now() + std::chrono::milliseconds(1);
    uv_timer_start(&ticker_, [](uv_timer_t* timer) { static_cast<UvClients*>(timer->data)->tick_over(); }, 1, 0);
  }
  void tick_over() {
    run_.held(greenway::Clock::now() - due_);
    tick();
  }

  /// Closed when the host has left it.
  struct Loop : uv_loop_t {
    ~Loop() { uv_loop_close(this); }
  };

  Run& run_;
  Loop loop_;
  greenway::UvHost host_;
  uv_timer_t ticker_{};
  greenway::TimePoint due_;
};

}  // namespace

void call_from_uv(const greenway::Engine& engine, Run& run) {
  UvClients clients(run);
  clients.make_transfers(engine);
}

}  // namespace bank
