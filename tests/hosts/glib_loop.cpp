// SPDX-License-Identifier: BSL-1.0
#include <greenway/glib/glib_host.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class GlibLoop final : public LoopUnderTest {
 public:
  explicit GlibLoop(GMainContext* context) : context_(context), host_(context) {}
  greenway::Host& host() override { return host_; }
  void run_until(const bool& is_done) override {
    g_main_context_acquire(context_);
    while (!is_done) {
      g_main_context_iteration(context_, TRUE);
    }
    g_main_context_release(context_);
  }

 private:
  GMainContext* context_;
  greenway::GlibHost host_;
};

}  // namespace

void with_glib_loop(const std::function<void(LoopUnderTest&)>& use) {
  GMainContext* const context = g_main_context_new();
  {
    GlibLoop loop(context);
    use(loop);
  }
  g_main_context_unref(context);
}
