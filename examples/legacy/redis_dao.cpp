// SPDX-License-Identifier: BSL-1.0
#include "redis_dao.hpp"

#include <stdexcept>

#include <hiredis/hiredis.h>

namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

template <class... Values>
Reply command(redisContext* context, const char* format, Values... values) {
  Reply reply(static_cast<redisReply*>(redisCommand(context, format, values...)));
  if (reply == nullptr) {
    throw std::runtime_error(context->errstr);
  }
  if (reply->type == REDIS_REPLY_ERROR) {
    throw std::runtime_error(reply->str);
  }
  return reply;
}

}  // namespace

void RedisDao::Free::operator()(redisContext* context) const { redisFree(context); }

RedisDao::RedisDao(const std::string& host, int port) : context_(redisConnect(host.c_str(), port)) {
  if (context_ == nullptr || context_->err != 0) {
    throw std::runtime_error(context_ == nullptr ? "no memory" : context_->errstr);
  }
}

void RedisDao::deposit(const std::string& account, long cents) {
  command(context_.get(), "INCRBY %s %ld", account.c_str(), cents);
}

long RedisDao::balance(const std::string& account) {
  return std::stol(command(context_.get(), "GET %s", account.c_str())->str);
}

std::string RedisDao::receive(const std::string& list) {
  return command(context_.get(), "BLPOP %s 0", list.c_str())->element[1]->str;
}

void RedisDao::send(const std::string& list, const std::string& message) {
  command(context_.get(), "RPUSH %s %s", list.c_str(), message.c_str());
}
