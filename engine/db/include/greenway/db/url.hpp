// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/db/url.hpp
/// @brief Where a database is and how to log in: `dialect://user:password@host:port/database?option=value`.
///
/// Layer: db. Source: SQLAlchemy's `sqlalchemy.engine.URL`.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenway {

/// A database URL, taken apart. Percent-escapes are decoded in every part.
///
/// `sqlite:///bank.db` is the relative path "bank.db", `sqlite:////tmp/bank.db` the absolute one, `sqlite://` and
/// `sqlite:///:memory:` a database in memory. `postgresql:///bank?host=/run/postgresql` is a Unix socket's folder.
/// Several servers are tried in their order: `postgresql://one:5432,two:5433/bank`,
/// `postgresql:///bank?host=one:5432&host=two:5433` and `postgresql:///bank?host=one,two&port=5432,5433` are the same to
/// drivers.
class URL {
 public:
  /// @param text  The URL.
  /// @throws ArgumentError  It is none; the message does not repeat a password.
  explicit URL(std::string_view text);

  /// @return The dialect's name: "postgresql" (for which "postgres" stands too), "sqlite".
  [[nodiscard]] const std::string& drivername() const noexcept { return drivername_; }
  /// @return The user, or empty.
  [[nodiscard]] const std::string& username() const noexcept { return username_; }
  /// @return The password, if one is given. Never printed.
  [[nodiscard]] const std::optional<std::string>& password() const noexcept { return password_; }
  /// @return The host, the first one of several, or empty; brackets of an IPv6 address removed.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// @return The port, or 0.
  [[nodiscard]] int port() const noexcept { return port_; }
  /// A server.
  struct Host {
    std::string name;  ///< Or a Unix socket's folder.
    int port = 0;      ///< Or 0.
    /// @return Whether both name the same server.
    friend bool operator==(const Host&, const Host&) = default;
  };
  /// @return All servers, those of the options `host` and `port` too.
  /// @throws ArgumentError  Hosts are given twice over, or there are neither one port nor as many as hosts.
  [[nodiscard]] std::vector<Host> hosts() const;
  /// @return The database or file, or empty.
  [[nodiscard]] const std::string& database() const noexcept { return database_; }
  /// @return The options in their order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& query() const noexcept { return query_; }
  /// @param key  An option's name.
  /// @return The last value given for `key`, if any.
  [[nodiscard]] std::optional<std::string> option(std::string_view key) const;

  /// @param hide_password  Replaces a password, also one among the options, by `***`; false gives the whole URL, secret
  ///                       included.
  /// @return The URL as text.
  [[nodiscard]] std::string to_string(bool hide_password = true) const;

  /// @param username  Or empty.
  /// @param password  Or none.
  void set_credentials(std::string username, std::optional<std::string> password) noexcept {
    username_ = std::move(username);
    password_ = std::move(password);
  }
  /// @return Whether they are the same in every part.
  friend bool operator==(const URL&, const URL&) = default;

 private:
  void parse_authority(std::string_view text);
  void add_hosts_of_options(std::vector<Host>& hosts) const;

  std::string drivername_;
  std::string username_;
  std::optional<std::string> password_;
  std::string host_;
  int port_ = 0;
  std::vector<Host> more_hosts_;
  std::string database_;
  std::vector<std::pair<std::string, std::string>> query_;
};

}  // namespace greenway
