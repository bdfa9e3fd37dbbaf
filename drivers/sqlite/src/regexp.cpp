// SPDX-License-Identifier: BSL-1.0
#include "regexp.hpp"

#include <array>
#include <memory>
#include <new>

#include <regex.h>
#include <sqlite3.h>

namespace greenway::detail {

namespace {

/// A compiled pattern, which SQLite keeps from row to row as long as the pattern is a constant.
struct Pattern {
  explicit Pattern(const char* text) noexcept : error(::regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB)) {}
  ~Pattern() {
    if (error == 0) {
      ::regfree(&compiled);
    }
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  regex_t compiled = {};
  int error;
};

void regexp(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[1]));
  const auto* const wanted = reinterpret_cast<const char*>(sqlite3_value_text(arguments[0]));
  if (text == nullptr || wanted == nullptr) {
    sqlite3_result_null(context);
    return;
  }
  auto* pattern = static_cast<Pattern*>(sqlite3_get_auxdata(context, 0));
  std::unique_ptr<Pattern> made;
  if (pattern == nullptr) {
    made.reset(new (std::nothrow) Pattern(wanted));
    pattern = made.get();
    if (pattern == nullptr) {
      sqlite3_result_error_nomem(context);
      return;
    }
    if (pattern->error != 0) {
      std::array<char, 128> why{};
      ::regerror(pattern->error, &pattern->compiled, why.data(), why.size());
      const std::unique_ptr<char, void (*)(void*)> message(sqlite3_mprintf("REGEXP '%q': %s", wanted, why.data()),
                                                           sqlite3_free);
      sqlite3_result_error(context, message != nullptr ? message.get() : why.data(), -1);
      return;
    }
  }
  sqlite3_result_int(context, ::regexec(&pattern->compiled, text, 0, nullptr, 0) == 0 ? 1 : 0);
  if (made != nullptr) {
    sqlite3_set_auxdata(context, 0, made.release(), [](void* kept) { delete static_cast<Pattern*>(kept); });
  }
}

}  // namespace

int install_regexp(sqlite3* db) noexcept {
  return sqlite3_create_function_v2(db, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr, regexp,
                                    nullptr, nullptr, nullptr);
}

}  // namespace greenway::detail
