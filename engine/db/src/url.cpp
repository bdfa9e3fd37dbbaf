// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/url.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

// What is wrong is told by the part's name: the text itself may hold a password, in the wrong place.
[[noreturn]] void refuse(std::string_view what) {
  throw ArgumentError("could not parse the database URL: " + std::string(what) +
                      "; expected dialect://user:password@host:port/database?option=value");
}

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }

// Splits `text` at the first `separator`: the part before is returned, `text` keeps the part after, or nothing.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

std::string decoded(std::string_view text, std::string_view part) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '%') {
      unsigned code = 0;
      const std::string_view digits = text.substr(at + 1, 2);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) {
        refuse("a % in the " + std::string(part) + " is not followed by two hexadecimal digits (write it as %25)");
      }
      c = static_cast<char>(code);
      at += 2;
    }
    if (is_control(c)) {
      refuse("the " + std::string(part) + " has a control character");
    }
    plain += c;
  }
  return plain;
}

std::string encoded(std::string_view text, std::string_view reserved) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == ' ' || reserved.find(c) != std::string_view::npos) {
      const auto code = static_cast<unsigned char>(c);
      escaped += '%';
      escaped += digits[code >> 4U];
      escaped += digits[code & 0xFU];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string parse_drivername(std::string_view text) {
  const bool is_name = !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.' || c == '_';
  });
  if (!is_name) {
    refuse("it does not begin with a dialect's name");
  }
  return text == "postgres" ? "postgresql" : std::string(text);
}

int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    refuse("the port is not a number from 1 to 65535");
  }
  return port;
}

// "db.example:5432", "[::1]:5432", either part perhaps missing.
URL::Host parse_host(std::string_view text) {
  URL::Host host;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
      refuse("the brackets around the host are not closed");
    }
    host.name = decoded(text.substr(1, end - 1), "host");
    text.remove_prefix(end + 1);
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    host.name = decoded(text.substr(0, end), "host");
    text.remove_prefix(end);
  }
  if (!text.empty()) {
    host.port = parse_port(text.substr(1));
  }
  return host;
}

bool is_secret(std::string_view option) noexcept {
  constexpr std::array<std::string_view, 2> secrets{"password", "sslpassword"};
  return std::find(secrets.begin(), secrets.end(), option) != secrets.end();
}

}  // namespace

URL::URL(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    refuse("it has no ://");
  }
  drivername_ = parse_drivername(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const std::size_t authority_size = std::min(text.find_first_of("/?"), text.size());
  parse_authority(text.substr(0, authority_size));
  text.remove_prefix(authority_size);
  std::string_view path = cut(text, '?');
  if (!path.empty()) {
    database_ = decoded(path.substr(1), "database");
  }
  while (!text.empty()) {
    std::string_view value = cut(text, '&');
    if (value.find('=') == std::string_view::npos || value.front() == '=') {
      refuse("an option after the ? is not of the form name=value");
    }
    std::string key = decoded(cut(value, '='), "name of an option");
    query_.emplace_back(std::move(key), decoded(value, "value of an option"));
  }
}

void URL::parse_authority(std::string_view text) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    std::string_view user = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (text.find('@') != std::string_view::npos) {
      refuse("there are two @ before the database (write one that belongs to the user or password as %40)");
    }
    const bool has_password = user.find(':') != std::string_view::npos;
    username_ = decoded(cut(user, ':'), "user");
    if (has_password) {
      password_ = decoded(user, "password");
    }
  }
  Host first = parse_host(cut(text, ','));
  host_ = std::move(first.name);
  port_ = first.port;
  while (!text.empty()) {
    more_hosts_.push_back(parse_host(cut(text, ',')));
  }
}

std::vector<URL::Host> URL::hosts() const {
  std::vector<Host> hosts;
  if (!host_.empty() || port_ != 0) {
    hosts.push_back({host_, port_});
    hosts.insert(hosts.end(), more_hosts_.begin(), more_hosts_.end());
  }
  add_hosts_of_options(hosts);
  return hosts;
}

void URL::add_hosts_of_options(std::vector<Host>& hosts) const {
  const bool has_named = !hosts.empty() && !hosts.front().name.empty();
  std::vector<int> ports;
  for (const auto& [key, value] : query_) {
    std::string_view list = value;
    if (key == "host" && has_named) {
      refuse("the host is named before the database and in the options");
    }
    while (!list.empty() && (key == "host" || key == "port")) {
      const std::string_view item = cut(list, ',');
      if (key == "port") {
        ports.push_back(parse_port(item));
      } else {
        hosts.push_back(item.starts_with('/') || item.starts_with('@') ? Host{std::string(item), 0} : parse_host(item));
      }
    }
  }
  if (ports.empty()) {
    return;
  }
  if (hosts.empty()) {
    hosts.emplace_back();
  }
  if (ports.size() != 1 && ports.size() != hosts.size()) {
    refuse("there are " + std::to_string(hosts.size()) + " hosts and " + std::to_string(ports.size()) + " ports");
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].port != 0) {
      refuse("the port is named twice");
    }
    hosts[i].port = ports[ports.size() == 1 ? 0 : i];
  }
}

std::optional<std::string> URL::option(std::string_view key) const {
  const auto found = std::find_if(query_.rbegin(), query_.rend(), [&](const auto& item) { return item.first == key; });
  return found == query_.rend() ? std::nullopt : std::optional(found->second);
}

std::string URL::to_string(bool hide_password) const {
  std::string url = drivername_ + "://";
  if (!username_.empty() || password_) {
    url += encoded(username_, ":@/?[]#");
    if (password_) {
      url += ':' + (hide_password ? "***" : encoded(*password_, ":@/?[]#"));
    }
    url += '@';
  }
  const auto add_host = [&](const std::string& host, int port) {
    url += host.find(':') == std::string::npos ? encoded(host, "@/?[]#,") : '[' + host + ']';
    url += port != 0 ? ':' + std::to_string(port) : "";
  };
  add_host(host_, port_);
  for (const Host& host : more_hosts_) {
    url += ',';
    add_host(host.name, host.port);
  }
  if (!database_.empty()) {
    url += '/' + encoded(database_, "?#");
  }
  char separator = '?';
  for (const auto& [key, value] : query_) {
    url += separator + encoded(key, "=&#") + '=';
    url += hide_password && is_secret(key) ? "***" : encoded(value, "&#");
    separator = '&';
  }
  return url;
}

}  // namespace greenway
