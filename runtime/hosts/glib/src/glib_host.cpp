// SPDX-License-Identifier: BSL-1.0
#include <greenway/glib/glib_host.hpp>

#include <atomic>
#include <chrono>
#include <new>
#include <utility>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

/// What sources of ours are found by.
gpointer name_of_hosts() noexcept {
  static char name = 0;
  return &name;
}

}  // namespace

/// GLib allocates it, and frees it when nobody refers to it any more.
struct GlibHost::Source {
  GSource base;
  GlibHost* host;
  gpointer tag;  // of the descriptor
  std::atomic<bool> is_ready;

  static Source& of(GSource* source) noexcept { return *reinterpret_cast<Source*>(source); }

  static gboolean prepare(GSource* source, gint* timeout) noexcept {
    *timeout = -1;
    return of(source).is_ready.load(std::memory_order_acquire) ? TRUE : FALSE;
  }
  static gboolean check(GSource* source) noexcept {
    const bool is_readable = g_source_query_unix_fd(source, of(source).tag) != 0;
    return is_readable || of(source).is_ready.load(std::memory_order_acquire) ? TRUE : FALSE;
  }
  static gboolean dispatch(GSource* source, GSourceFunc, gpointer) noexcept {
    Source& self = of(source);
    self.is_ready.store(false, std::memory_order_relaxed);
    const bool outer = std::exchange(self.host->is_dispatching_, true);
    self.host->poll();
    self.host->is_dispatching_ = outer;
    return G_SOURCE_CONTINUE;
  }

  static GSourceFuncs functions;
};

GSourceFuncs GlibHost::Source::functions = {prepare, check, dispatch, nullptr, nullptr, nullptr};

GlibHost::GlibHost(GMainContext* context) : context_(context != nullptr ? context : g_main_context_default()) {
  if (g_main_context_find_source_by_funcs_user_data(context_, &Source::functions, name_of_hosts()) != nullptr) {
    throw InvalidRequestError("the GLib context has a host already: GlibHost::of(context) finds it");
  }
  g_main_context_ref(context_);
  source_ = &Source::of(g_source_new(&Source::functions, sizeof(Source)));
  source_->host = this;
  new (&source_->is_ready) std::atomic<bool>(false);
  source_->tag = g_source_add_unix_fd(&source_->base, native_handle(), static_cast<GIOCondition>(0));
  g_source_set_name(&source_->base, "greenway");
  g_source_set_callback(&source_->base, nullptr, name_of_hosts(), nullptr);
  g_source_attach(&source_->base, context_);
  adopt_thread();
}

GlibHost::~GlibHost() {
  end();
  leave_thread();
  g_source_destroy(&source_->base);
  g_source_unref(&source_->base);
  g_main_context_unref(context_);
}

GlibHost& GlibHost::of(GMainContext* context) {
  GSource* const source = g_main_context_find_source_by_funcs_user_data(context, &Source::functions, name_of_hosts());
  if (source == nullptr) {
    throw NoHost("the GLib context has no host: make a greenway::GlibHost for it before greenlets are spawned");
  }
  return *Source::of(source).host;
}

bool GlibHost::is_running_here() const noexcept { return is_own_thread() && g_main_context_is_owner(context_) != FALSE; }

void GlibHost::schedule() noexcept {
  source_->is_ready.store(true, std::memory_order_release);
  g_main_context_wakeup(context_);
}

void GlibHost::watch(bool on) noexcept {
  g_source_modify_unix_fd(&source_->base, source_->tag, on ? G_IO_IN : static_cast<GIOCondition>(0));
}

void GlibHost::turn(Duration length) noexcept {
  if (is_dispatching_) {
    Host::turn(length);  // GLib does not dispatch a source inside itself
    return;
  }
  GSource* const bound =
      g_timeout_source_new(static_cast<guint>(std::chrono::ceil<std::chrono::milliseconds>(length).count()));
  g_source_set_callback(bound, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr, nullptr);
  g_source_attach(bound, context_);
  g_main_context_iteration(context_, TRUE);
  g_source_destroy(bound);
  g_source_unref(bound);
}

}  // namespace greenway
