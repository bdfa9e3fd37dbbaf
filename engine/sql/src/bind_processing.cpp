// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/detail/bind_processing.hpp>

#include <algorithm>

#include <greenway/base/detail/json_string.hpp>
#include <greenway/base/error.hpp>
#include <greenway/sql/detail/value_text.hpp>

namespace greenway::detail {

namespace {

using std::chrono::microseconds;
using Moment = std::chrono::sys_time<microseconds>;
using Local = std::chrono::local_time<microseconds>;

[[noreturn]] void throw_no_such_value(const std::string& text, const char* what) {
  Diagnostics fields;
  fields.message = "'" + text + "' cannot be stored as " + what;
  throw DataError(std::move(fields));
}

Value moment(microseconds since_1970, bool has_timezone) {
  return has_timezone ? Value(Moment(since_1970)) : Value(Local(since_1970));
}

Value as_datetime(const Value& value, bool has_timezone, bool reads_text) {
  if (const auto* day = value.get_if<std::chrono::sys_days>()) {
    return moment(day->time_since_epoch(), has_timezone);
  }
  if (const auto* utc = value.get_if<Moment>()) {
    return moment(utc->time_since_epoch(), has_timezone);
  }
  if (const auto* local = value.get_if<Local>()) {
    return moment(local->time_since_epoch(), has_timezone);
  }
  if (const auto* text = value.get_if<std::string>(); text != nullptr && reads_text) {
    const auto since_2000 = parse_timestamp(*text);
    return since_2000 ? moment(microseconds(*since_2000 + microseconds_before_2000), has_timezone)
                      : (throw_no_such_value(*text, "a date and time"), Value());
  }
  return value;
}

Value as_date(const Value& value, bool reads_text) {
  if (const auto* utc = value.get_if<Moment>()) {
    return std::chrono::floor<std::chrono::days>(*utc);
  }
  if (const auto* local = value.get_if<Local>()) {
    return std::chrono::sys_days(std::chrono::floor<std::chrono::days>(local->time_since_epoch()));
  }
  if (const auto* text = value.get_if<std::string>(); text != nullptr && reads_text) {
    const auto days = parse_date(*text);
    return days ? Value(std::chrono::sys_days(std::chrono::days(*days + days_before_2000)))
                : (throw_no_such_value(*text, "a date"), Value());
  }
  return value;
}

/// Of types whose values are nothing but a text until it has been read.
Value as_read(const Value& value, TypeKind kind) {
  const std::string* const text = value.get_if<std::string>();
  if (text == nullptr) {
    return value;
  }
  switch (kind) {
    case TypeKind::time: {
      const auto time = parse_time(*text);
      return time ? Value(TimeOfDay(microseconds(*time))) : (throw_no_such_value(*text, "a time of day"), Value());
    }
    case TypeKind::uuid: {
      const auto uuid = parse_uuid(*text);
      return uuid ? Value(*uuid) : (throw_no_such_value(*text, "a UUID"), Value());
    }
    default: {
      const auto number = Decimal::parse(*text);
      return number ? Value(*number) : (throw_no_such_value(*text, "a decimal number"), Value());
    }
  }
}

Value as_json(const Value& value) {
  std::string json;
  switch (value.kind()) {
    case ValueKind::json:
      return value;
    case ValueKind::boolean:
    case ValueKind::integer:
    case ValueKind::real:
    case ValueKind::numeric:
      append_text(json, value);
      break;
    default: {
      std::string text;
      append_text(text, value);
      append_json_string(json, text);
    }
  }
  return JSONText{std::move(json)};
}

/// One step of SQLite's path to an element.
void append_step(std::string& path, const Value& step) {
  if (const auto* index = step.get_if<std::int64_t>()) {
    path += '[' + std::to_string(*index) + ']';
    return;
  }
  std::string key;
  append_text(key, step);
  if (std::ranges::any_of(key, [](char c) { return c == '"' || static_cast<unsigned char>(c) < 0x20; })) {
    throw_no_such_value(key, "a key of SQLite's JSON paths, which cannot say quotes and control characters");
  }
  path += '.';
  append_json_string(path, key);
}

Value as_path(const Value& value, bool is_sqlite) {
  const auto* const steps = value.get_if<std::vector<Value>>();
  if (is_sqlite) {
    std::string path = "$";
    if (steps == nullptr) {
      append_step(path, value);
    } else {
      for (const Value& step : *steps) {
        append_step(path, step);
      }
    }
    return path;
  }
  if (steps == nullptr) {
    return value;
  }
  std::vector<Value> texts;
  for (const Value& step : *steps) {
    std::string text;
    append_text(text, step);
    texts.emplace_back(std::move(text));
  }
  return Value(std::move(texts));
}

}  // namespace

[[gnu::hot]] Value bound_to(const Value& value, const Type& type, Dialect::Kind dialect) {
  const TypeKind kind = type.kind();
  const bool is_sqlite = dialect == Dialect::Kind::sqlite;
  if (value.is_null() || (kind < TypeKind::date && kind != TypeKind::numeric)) {
    return value;
  }
  if (kind == TypeKind::json_path) {
    return as_path(value, is_sqlite);
  }
  if (const auto* items = value.get_if<std::vector<Value>>()) {
    const Type item = kind == TypeKind::array ? type.item() : type;
    std::vector<Value> list;
    list.reserve(items->size());
    for (const Value& each : *items) {
      const bool is_nested = each.kind() == ValueKind::array;
      list.push_back(bound_to(each, is_nested ? type : item, dialect));
    }
    return Value(std::move(list));
  }
  switch (kind) {
    case TypeKind::datetime:
      return as_datetime(value, type.data().has_timezone, is_sqlite);
    case TypeKind::date:
      return as_date(value, is_sqlite);
    case TypeKind::time:
    case TypeKind::uuid:
    case TypeKind::numeric:
      return is_sqlite ? as_read(value, kind) : value;
    case TypeKind::json:
    case TypeKind::jsonb:
      return as_json(value);
    default:
      return value;
  }
}

}  // namespace greenway::detail
