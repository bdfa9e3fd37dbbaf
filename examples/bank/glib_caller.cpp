// SPDX-License-Identifier: BSL-1.0
#include <chrono>

#include <greenway/glib/glib_host.hpp>

#include "bank/callback_clients.hpp"
#include "bank/caller.hpp"

namespace bank {

namespace {

/// Notes every millisecond by how much the loop is late.
struct Ticker {
  Run& run;
  greenway::TimePoint due = greenway::Clock::now() + std::chrono::milliseconds(1);

  static gboolean tick(gpointer self) noexcept {
    auto& ticker = *static_cast<Ticker*>(self);
    const greenway::TimePoint now = greenway::Clock::now();
    ticker.run.held(now - ticker.due);
    ticker.due = now + std::chrono::milliseconds(1);
    return G_SOURCE_CONTINUE;
  }
};

}  // namespace

void call_from_glib(const greenway::Engine& engine, Run& run) {
  GMainContext* const context = g_main_context_new();
  GMainLoop* const loop = g_main_loop_new(context, FALSE);
  Ticker ticker{run};
  GSource* const timer = g_timeout_source_new(1);
  g_source_set_callback(timer, Ticker::tick, &ticker, nullptr);
  g_source_attach(timer, context);
  {
    greenway::GlibHost host(context);
    // In the loop, so that its end is not missed when the clients end at once.
    host.post([&] { start_clients(host, engine, run, [loop] { g_main_loop_quit(loop); }); });
    g_main_loop_run(loop);
  }
  g_source_destroy(timer);
  g_source_unref(timer);
  g_main_loop_unref(loop);
  g_main_context_unref(context);
}

}  // namespace bank
