// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/glib/glib_host.hpp
/// @brief Greenlets on a GLib main context, and so in GTK and all that is built on it.
///
/// Layer: host. Only programs that use GLib include it.

#include <glib.h>

#include <greenway/runtime/host.hpp>

namespace greenway {

/// The host of one `GMainContext`: a source in it, of the default priority.
///
/// ```cpp
/// greenway::GlibHost host;                                     // of the default context
/// g_idle_add([](gpointer) -> gboolean {
///   greenway::greenlet_spawn(load_user, 42).start(show);      // load_user is synchronous; the loop goes on meanwhile
///   return G_SOURCE_REMOVE;
/// }, nullptr);
/// g_main_loop_run(loop);
/// ```
///
/// Greenlets run on the thread that owns the context while it runs, between its other sources. The loop counts as running
/// where the thread owns the context, which is so inside `g_main_loop_run` and each callback.
///
/// @par Threads
/// Made and destroyed on the thread that runs the context.
///
/// @par Lifetime
/// Holds a reference to the context. Destroying the host, while the loop does not run, ends the greenlets that are left and
/// takes the source away.
class GlibHost final : public Host {
 public:
  /// @param context  Any that has no host yet; null for the default one.
  /// @throws InvalidRequestError  It has one.
  /// @throws ResourceExhausted    The system refused a descriptor.
  explicit GlibHost(GMainContext* context = nullptr);
  ~GlibHost() override;

  /// @param context  Any; null for the default one.
  /// @return The host that has been made for it.
  /// @throws NoHost  There is none.
  [[nodiscard]] static GlibHost& of(GMainContext* context = nullptr);

  [[nodiscard]] bool is_running_here() const noexcept override;

 private:
  struct Source;

  void schedule() noexcept override;
  void watch(bool on) noexcept override;
  void turn(Duration length) noexcept override;

  GMainContext* context_;
  Source* source_;
  bool is_dispatching_ = false;
};

}  // namespace greenway
