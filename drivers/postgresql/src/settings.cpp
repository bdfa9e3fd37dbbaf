// SPDX-License-Identifier: BSL-1.0
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include <greenway/base/error.hpp>

namespace greenway::detail::postgresql {

namespace {

/// Options that go to libpq as they are.
constexpr std::array<std::string_view, 17> libpq_options = {"application_name", "channel_binding",
                                                            "keepalives",       "keepalives_count",
                                                            "keepalives_idle",  "keepalives_interval",
                                                            "options",          "passfile",
                                                            "requirepeer",      "sslcert",
                                                            "sslcrl",           "sslkey",
                                                            "sslmode",          "ssl_min_protocol_version",
                                                            "sslrootcert",      "target_session_attrs",
                                                            "tcp_user_timeout"};

constexpr std::array<std::string_view, 6> ssl_modes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};

std::size_t to_number(std::string_view key, std::string_view value, std::size_t least, std::size_t most) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least || number > most) {
    throw ArgumentError("the PostgreSQL URL's option " + std::string(key) + " takes a number from " +
                        std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Prepare to_prepare(std::string_view value) {
  if (value == "auto") {
    return Prepare::second_use;
  }
  if (value == "named") {
    return Prepare::first_use;
  }
  if (value == "never") {
    return Prepare::never;
  }
  throw ArgumentError("the PostgreSQL URL's option prepare is one of auto, named and never");
}

bool to_has_threads(std::string_view value) {
  if (value != "loop" && value != "thread") {
    throw ArgumentError("the PostgreSQL URL's option strategy is one of loop and thread");
  }
  return value == "thread";
}

/// Whether every host of the list is this machine.
bool is_this_machine(std::string_view hosts) {
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    if (!host.starts_with('/') && !host.starts_with('@') && host != "localhost" && !host.starts_with("127.") &&
        host != "::1") {
      return false;
    }
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
  }
  return true;
}

/// Builds Settings, one part of the URL after the other.
class Builder {
 public:
  void give(std::string_view keyword, std::string value) {
    if (value.find('\0') != std::string::npos) {
      throw ArgumentError("the PostgreSQL URL's " + std::string(keyword) + " contains a NUL character");
    }
    if (!value.empty()) {
      settings.keywords.emplace_back(keyword, std::move(value));
    }
  }

  void give_default(std::string_view keyword, std::string_view value) {
    if (!is_given(keyword)) {
      settings.keywords.emplace_back(keyword, value);
    }
  }

  /// Lists as long as one another, as libpq wants them.
  void give_hosts(const std::vector<URL::Host>& hosts) {
    std::string names;
    std::string ports;
    for (const URL::Host& host : hosts) {
      names += (&host == hosts.data() ? "" : ",") + host.name;
      ports += (&host == hosts.data() ? "" : ",") + (host.port == 0 ? std::string() : std::to_string(host.port));
    }
    give("host", names);
    give("port", ports.find_first_not_of(',') == std::string::npos ? std::string() : ports);
  }

  void take_option(const std::string& key, const std::string& value) {
    if (key == "prepare") {
      settings.prepare = to_prepare(value);
    } else if (key == "prepared_statement_cache_size") {
      settings.statement_cache_size = to_number(key, value, 0, 10'000);
    } else if (key == "connect_timeout") {
      settings.connect_timeout = std::chrono::seconds(to_number(key, value, 1, 3600));
    } else if (key == "strategy") {
      settings.has_threads = to_has_threads(value);
    } else if (key == "sslmode" && std::ranges::find(ssl_modes, value) == ssl_modes.end()) {
      throw ArgumentError(
          "the PostgreSQL URL's option sslmode is one of disable, allow, prefer, require, verify-ca "
          "and verify-full");
    } else if (std::ranges::find(libpq_options, key) != libpq_options.end()) {
      give(key, value);
    } else {
      throw_unknown(key);
    }
  }

  /// What has been given for a keyword, or empty.
  [[nodiscard]] std::string given(std::string_view keyword) const {
    const auto found = std::ranges::find(settings.keywords, keyword, &std::pair<std::string, std::string>::first);
    return found == settings.keywords.end() ? std::string() : found->second;
  }

  Settings settings;

 private:
  [[nodiscard]] bool is_given(std::string_view keyword) const { return !given(keyword).empty(); }

  [[noreturn]] static void throw_unknown(const std::string& key) {
    std::string known = "connect_timeout, host, port, prepare, prepared_statement_cache_size, strategy";
    for (const std::string_view option : libpq_options) {
      known.append(", ").append(option);
    }
    throw ArgumentError("the PostgreSQL URL has an unknown option, " + key + "; it knows " + known);
  }
};

void refuse_service_file() {
  if (std::getenv("PGSERVICE") != nullptr) {
    throw ArgumentError(
        "the environment variable PGSERVICE is set: libpq would mix the service's settings into the "
        "URL's; unset it, and write the settings into the URL");
  }
}

}  // namespace

Settings make_settings(const URL& url) {
  refuse_service_file();
  Builder builder;
  builder.give_hosts(url.hosts());
  builder.give("user", url.username());
  builder.give("password", url.password().value_or(std::string()));
  builder.give("dbname", url.database());
  for (const auto& [key, value] : url.query()) {
    if (key != "host" && key != "port") {
      builder.take_option(key, value);
    }
  }
  const char* const inherited = std::getenv("PGHOST");
  std::string host = builder.given("host");
  if (host.empty() && inherited != nullptr) {
    host = inherited;
  }
  builder.settings.is_local = is_this_machine(host);
  if (!builder.settings.is_local) {
    builder.give_default("sslmode", "verify-full");
  }
  builder.give_default("keepalives_idle", "30");
  builder.give_default("keepalives_interval", "10");
  builder.give_default("keepalives_count", "3");
  builder.give("gssencmode", "disable");
  builder.give("client_encoding", "UTF8");
  builder.give("fallback_application_name", "greenway");
  const std::string port = builder.given("port");
  builder.settings.where = (host.empty() ? "the local socket" : host) + (port.empty() ? "" : ':' + port);
  return std::move(builder.settings);
}

}  // namespace greenway::detail::postgresql
