// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <greenway/base/error.hpp>

namespace greenway::detail {

namespace {

using Words = std::vector<std::string_view>;

std::string join(const Words& words) {
  std::string text;
  for (const std::string_view word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

/// The option's value, or its default when it is not given.
std::string one_of(const URL& url, std::string_view key, std::string fallback, const Words& allowed) {
  std::string value = url.option(key).value_or(std::move(fallback));
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    throw ArgumentError("the option " + std::string(key) + "=" + value + " of " + url.to_string() +
                        " has no meaning: choose one of " + join(allowed));
  }
  return value;
}

std::chrono::milliseconds milliseconds(const URL& url, std::string_view key, std::chrono::milliseconds fallback) {
  const auto text = url.option(key);
  if (!text) {
    return fallback;
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    throw ArgumentError("the option " + std::string(key) + "=" + *text + " of " + url.to_string() +
                        " is no whole number of milliseconds below 2^32");
  }
  return std::chrono::milliseconds(value);
}

void refuse_what_has_no_meaning(const URL& url) {
  if (!url.host().empty() || url.port() != 0 || !url.username().empty() || url.password()) {
    throw ArgumentError("SQLite has no host, port, user or password, but " + url.to_string() +
                        " names one: write sqlite:///relative.db or sqlite:////absolute/path.db");
  }
  static const Words known = {"strategy",     "mode",         "journal_mode", "synchronous",
                              "busy_timeout", "foreign_keys", "begin"};
  for (const auto& [key, value] : url.query()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw ArgumentError("SQLite has no option '" + key + "' (" + url.to_string() + "): there are " + join(known));
    }
  }
}

/// A name that no other engine of this process has. The leading slash is what lets connections share it (SQLite's
/// memdb VFS).
std::string next_memory_name() {
  static std::atomic<unsigned> last{0};
  return "/greenway-" + std::to_string(++last);
}

std::string absolute_path(const URL& url) {
  const std::string& path = url.database();
  if (path.find('\0') != std::string::npos || path.starts_with("file:")) {
    throw ArgumentError("the path of " + url.to_string() +
                        " holds a NUL or begins with 'file:', which SQLite would read as a URI of its own");
  }
  return std::filesystem::absolute(path).string();
}

}  // namespace

SQLiteOptions::SQLiteOptions(const URL& url) {
  refuse_what_has_no_meaning(url);
  one_of(url, "strategy", "thread", {"thread"});
  is_in_memory = url.database().empty() || url.database() == ":memory:";
  path = is_in_memory ? next_memory_name() : absolute_path(url);
  mode = one_of(url, "mode", mode, {"rwc", "rw", "ro"});
  synchronous = one_of(url, "synchronous", synchronous, {"full", "normal", "extra", "off"});
  busy_timeout = milliseconds(url, "busy_timeout", std::chrono::seconds(5));
  foreign_keys = one_of(url, "foreign_keys", "on", {"on", "off"}) == "on";
  begins_immediate = one_of(url, "begin", "deferred", {"deferred", "immediate"}) == "immediate";
  if (is_in_memory || mode == "ro") {
    if (url.option("journal_mode") || (is_in_memory && mode != "rwc")) {
      throw ArgumentError(
          "a database in memory, or one that is only read, has no journal of its own, and one in memory "
          "has no mode: leave 'journal_mode' and 'mode' out of " +
          url.to_string());
    }
    journal_mode.clear();
  } else {
    journal_mode = one_of(url, "journal_mode", journal_mode, {"wal", "delete", "truncate", "persist", "memory"});
  }
}

}  // namespace greenway::detail
