// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

struct redisContext;

/// Accounts in Redis, by hiredis.
class RedisDao {
 public:
  /// Throws std::runtime_error with hiredis' own words, as all that follows.
  RedisDao(const std::string& host, int port);

  void deposit(const std::string& account, long cents);
  long balance(const std::string& account);

  /// Waits for a message in a list and takes it.
  std::string receive(const std::string& list);
  void send(const std::string& list, const std::string& message);

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  std::unique_ptr<redisContext, Free> context_;
};
