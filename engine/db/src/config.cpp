// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/config.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <utility>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

[[noreturn]] void refuse(const std::string& name, std::string_view expected) {
  throw ArgumentError("the configuration's " + name + " is not " + std::string(expected));
}

template <class T>
T number(const std::string& name, const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : (refuse(name, "a number"), value);
}

bool boolean(const std::string& name, std::string text) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::transform(text.begin(), text.end(), text.begin(), lower);
  if (text == "true" || text == "yes" || text == "on" || text == "1") {
    return true;
  }
  return text == "false" || text == "no" || text == "off" || text == "0" ? false : (refuse(name, "true or false"), false);
}

Duration seconds(const std::string& name, const std::string& text) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number<double>(name, text)));
}

template <class E>
E one_of(const std::string& name, const std::string& text, std::initializer_list<std::pair<std::string_view, E>> known) {
  std::string names;
  for (const auto& [word, value] : known) {
    if (word == text) {
      return value;
    }
    names += (names.empty() ? "" : ", ") + std::string(word);
  }
  refuse(name, "one of " + names);
}

using Setter = std::function<void(EngineOptions&, const std::string& name, const std::string& text)>;

template <class T>
Setter to(T EngineOptions::*option) {
  return [option](EngineOptions& options, const std::string& name, const std::string& text) {
    if constexpr (std::is_same_v<T, bool>) {
      options.*option = boolean(name, text);
    } else if constexpr (std::is_same_v<T, Duration>) {
      options.*option = seconds(name, text);
    } else if constexpr (std::is_same_v<T, std::string>) {
      options.*option = text;
    } else {
      options.*option = number<T>(name, text);
    }
  };
}

const std::map<std::string, Setter, std::less<>>& setters() {
  using O = EngineOptions;
  static const std::map<std::string, Setter, std::less<>> all{
      {"autobegin", to(&O::autobegin)},
      {"connect_timeout", to(&O::connect_timeout)},
      {"echo", to(&O::echo)},
      {"echo_pool", to(&O::echo_pool)},
      {"hide_parameters", to(&O::hide_parameters)},
      {"isolation_level", to(&O::isolation_level)},
      {"logging_name", to(&O::logging_name)},
      {"max_overflow", to(&O::max_overflow)},
      {"pool_pre_ping", to(&O::pool_pre_ping)},
      {"pool_recycle", to(&O::pool_recycle)},
      {"pool_size", to(&O::pool_size)},
      {"pool_timeout", to(&O::pool_timeout)},
      {"pool_use_lifo", to(&O::pool_use_lifo)},
      {"query_cache_size", to(&O::query_cache_size)},
      {"statement_timeout", to(&O::statement_timeout)},
      {"pool_reset_on_return",
       [](O& options, const std::string& name, const std::string& text) {
         options.pool_reset_on_return = one_of<ResetOnReturn>(
             name, text,
             {{"rollback", ResetOnReturn::rollback}, {"commit", ResetOnReturn::commit}, {"none", ResetOnReturn::none}});
       }},
      {"poolclass",
       [](O& options, const std::string& name, const std::string& text) {
         options.poolclass = one_of<PoolClass>(name, text,
                                               {{"queue", PoolClass::queue},
                                                {"null", PoolClass::null},
                                                {"single", PoolClass::single},
                                                {"assertion", PoolClass::assertion}});
       }},
  };
  return all;
}

}  // namespace

EngineOptions options_from_config(const Config& config, std::string_view prefix) {
  EngineOptions options;
  for (const auto& [name, text] : config) {
    if (!name.starts_with(prefix) || name.substr(prefix.size()) == "url") {
      continue;
    }
    const auto setter = setters().find(std::string_view(name).substr(prefix.size()));
    if (setter == setters().end()) {
      throw ArgumentError("the configuration's " + name + " is no option of an engine");
    }
    setter->second(options, name, text);
  }
  return options;
}

}  // namespace greenway
