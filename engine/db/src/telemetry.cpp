// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/telemetry.hpp>

#include <algorithm>
#include <cctype>

#include <greenway/base/error.hpp>
#include <greenway/db/url.hpp>

namespace greenway {

namespace {

// The first word, in capitals.
std::string operation_of(std::string_view statement) {
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const auto begin = std::find_if(statement.begin(), statement.end(), is_letter);
  std::string word(begin, std::find_if_not(begin, statement.end(), is_letter));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return word;
}

}  // namespace

std::string span_name(const StatementContext& context) {
  const std::string operation = operation_of(context.statement);
  return context.url.database().empty() ? operation : operation + ' ' + context.url.database();
}

SpanAttributes span_attributes(const StatementContext& context) {
  SpanAttributes attributes;
  const auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) {
      attributes.emplace_back(name, std::move(value));
    }
  };
  add("db.system.name", std::string(context.system));
  add("db.namespace", context.url.database());
  add("db.operation.name", operation_of(context.statement));
  add("db.query.text", context.statement);
  add("server.address", context.url.host());
  add("server.port", context.url.port() == 0 ? std::string() : std::to_string(context.url.port()));
  return attributes;
}

SpanAttributes error_attributes(const DBAPIError& error) {
  const std::string code = !error.sqlstate().empty() ? error.sqlstate()
                           : error.code() != 0       ? std::to_string(error.code())
                                                     : std::string();
  SpanAttributes attributes{{"error.type", code.empty() ? "disconnect" : code}};
  if (!code.empty()) {
    attributes.emplace_back("db.response.status_code", code);
  }
  return attributes;
}

}  // namespace greenway
