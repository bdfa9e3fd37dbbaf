// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/decimal.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

constexpr int most_exponent = 20'000;  // beyond what PostgreSQL's numeric holds in front of its point or behind

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A number taken apart: digits without a point, the last `scale` of which stand behind it.
struct Parts {
  bool is_negative = false;
  std::string digits;  // may begin with zeros
  int scale = 0;
};

/// The text of the number, as the class's invariant wants it.
std::string text_of(const Parts& parts) {
  const auto scale = static_cast<std::size_t>(parts.scale);
  std::string digits = parts.digits;
  if (digits.size() <= scale) {
    digits.insert(0, scale + 1 - digits.size(), '0');
  }
  const std::size_t whole = digits.size() - scale;
  const std::size_t begin = std::min(digits.find_first_not_of('0'), whole - 1);
  const bool is_zero = digits.find_first_not_of('0') == std::string::npos;
  std::string text = parts.is_negative && !is_zero ? "-" : "";
  text.append(digits, begin, whole - begin);
  if (scale != 0) {
    text.append(1, '.').append(digits, whole);
  }
  return text;
}

Parts parts_of(const std::string& text) {
  Parts parts;
  parts.is_negative = text.front() == '-';
  parts.digits = text.substr(parts.is_negative ? 1 : 0);
  if (const std::size_t point = parts.digits.find('.'); point != std::string::npos) {
    parts.scale = static_cast<int>(parts.digits.size() - point - 1);
    parts.digits.erase(point, 1);
  }
  return parts;
}

/// What both numbers are with as many digits behind the point and in front of it.
void align(Parts& a, Parts& b) {
  for (const auto& [less, more] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (less->scale < more->scale) {
      less->digits.append(static_cast<std::size_t>(more->scale - less->scale), '0');
      less->scale = more->scale;
    }
  }
  for (const auto& [less, more] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (less->digits.size() < more->digits.size()) {
      less->digits.insert(0, more->digits.size() - less->digits.size(), '0');
    }
  }
}

/// Sums of digits as long as each other.
std::string sum_of(const std::string& a, const std::string& b) {
  std::string sum(a.size() + 1, '0');
  int carry = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = (a[i] - '0') + (b[i] - '0') + carry;
    carry = digit / 10;
    sum[i + 1] = static_cast<char>('0' + digit % 10);
  }
  sum[0] = static_cast<char>('0' + carry);
  return sum;
}

/// As long as each other, `a` not the smaller.
std::string difference_of(const std::string& a, const std::string& b) {
  std::string difference(a.size(), '0');
  int borrowed = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = a[i] - b[i] - borrowed;
    borrowed = digit < 0 ? 1 : 0;
    difference[i] = static_cast<char>('0' + digit + 10 * borrowed);
  }
  return difference;
}

std::optional<int> exponent_of(std::string_view text) {
  const bool had_plus = text.starts_with('+');
  text.remove_prefix(had_plus ? 1 : 0);
  if (text.empty() || (!is_digit(text.front()) && had_plus)) {
    return std::nullopt;
  }
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && std::abs(exponent) <= most_exponent ? std::optional(exponent) : std::nullopt;
}

std::optional<Parts> parsed(std::string_view text) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    const std::optional<int> said = exponent_of(text.substr(e + 1));
    if (!said) {
      return std::nullopt;
    }
    exponent = *said;
    text = text.substr(0, e);
  }
  const std::size_t point = text.find('.');
  parts.digits = text.substr(0, point);
  if (point != std::string_view::npos) {
    parts.digits += text.substr(point + 1);
    parts.scale = static_cast<int>(text.size() - point - 1);
  }
  if (parts.digits.empty() || !std::ranges::all_of(parts.digits, is_digit)) {
    return std::nullopt;
  }
  parts.scale -= exponent;
  if (parts.scale < 0) {
    parts.digits.append(static_cast<std::size_t>(-parts.scale), '0');
    parts.scale = 0;
  }
  return parts;
}

}  // namespace

std::string Decimal::digits_of(std::int64_t value) { return std::to_string(value); }

std::string Decimal::digits_of(std::uint64_t value) { return std::to_string(value); }

Decimal::Decimal(std::string_view text) {
  const std::optional<Parts> parts = parsed(text);
  if (!parts) {
    throw ArgumentError("'" + std::string(text) + "' is no decimal number");
  }
  text_ = text_of(*parts);
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const std::optional<Parts> parts = parsed(text);
  if (!parts) {
    return std::nullopt;
  }
  Decimal number;
  number.text_ = text_of(*parts);
  return number;
}

Decimal Decimal::of_double(double value) {
  if (!std::isfinite(value)) {
    throw ArgumentError("an infinity or NaN is no decimal number");
  }
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 15).ptr;
  return Decimal(std::string_view(digits.data(), end));
}

int Decimal::scale() const noexcept {
  const std::size_t point = text_.find('.');
  return point == std::string::npos ? 0 : static_cast<int>(text_.size() - point - 1);
}

int Decimal::significant_digits() const noexcept {
  const std::size_t first = text_.find_first_of("123456789");
  if (first == std::string::npos) {
    return 0;
  }
  const std::size_t last = text_.find_last_of("123456789");
  const std::size_t point = text_.find('.');
  return static_cast<int>(last - first + 1) - (first < point && point < last ? 1 : 0);
}

double Decimal::to_double() const noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error == std::errc::result_out_of_range) {
    const bool is_large = text_.find_first_of("123456789") < text_.find('.');
    const double size = is_large ? std::numeric_limits<double>::infinity() : 0.0;
    return is_negative() ? -size : size;
  }
  return value;
}

std::optional<std::int64_t> Decimal::to_integer() const noexcept {
  const std::size_t point = std::min(text_.find('.'), text_.size());
  if (text_.find_first_of("123456789", point) != std::string::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + point, value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

Decimal Decimal::rounded(int scale) const {
  Parts parts = parts_of(text_);
  const int kept_scale = std::max(scale, 0);
  if (scale >= parts.scale) {
    parts.digits.append(static_cast<std::size_t>(scale - parts.scale), '0');
    parts.scale = scale;
  } else {
    const auto dropped = static_cast<std::size_t>(parts.scale - scale);
    if (parts.digits.size() <= dropped) {
      parts.digits.insert(0, dropped + 1 - parts.digits.size(), '0');
    }
    const std::size_t kept = parts.digits.size() - dropped;
    const bool goes_up = parts.digits[kept] >= '5';
    parts.digits.resize(kept);
    if (goes_up) {
      std::string one(kept, '0');
      one.back() = '1';
      parts.digits = sum_of(parts.digits, one);
    }
    parts.digits.append(static_cast<std::size_t>(kept_scale - scale), '0');
    parts.scale = kept_scale;
  }
  Decimal number;
  number.text_ = text_of(parts);
  return number;
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  Parts left = parts_of(a.text_);
  Parts right = parts_of(b.text_);
  align(left, right);
  Parts sum{left.is_negative, {}, left.scale};
  if (left.is_negative == right.is_negative) {
    sum.digits = sum_of(left.digits, right.digits);
  } else if (left.digits >= right.digits) {
    sum.digits = difference_of(left.digits, right.digits);
  } else {
    sum.digits = difference_of(right.digits, left.digits);
    sum.is_negative = right.is_negative;
  }
  Decimal number;
  number.text_ = text_of(sum);
  return number;
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  const Parts left = parts_of(a.text_);
  const Parts right = parts_of(b.text_);
  std::vector<int> columns(left.digits.size() + right.digits.size(), 0);
  for (std::size_t i = left.digits.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t k = right.digits.size(); k-- > 0;) {
      const int digit = columns[i + k + 1] + (left.digits[i] - '0') * (right.digits[k] - '0') + carry;
      columns[i + k + 1] = digit % 10;
      carry = digit / 10;
    }
    columns[i] += carry;
  }
  Parts product{left.is_negative != right.is_negative, {}, left.scale + right.scale};
  for (const int digit : columns) {
    product.digits += static_cast<char>('0' + digit);
  }
  Decimal number;
  number.text_ = text_of(product);
  return number;
}

Decimal operator-(const Decimal& a) {
  Parts parts = parts_of(a.text_);
  parts.is_negative = !parts.is_negative;
  Decimal number;
  number.text_ = text_of(parts);
  return number;
}

Decimal Decimal::divided_by(const Decimal& divisor, int scale) const {
  Parts left = parts_of(text_);
  Parts right = parts_of(divisor.text_);
  right.digits.erase(0, right.digits.find_first_not_of('0'));
  if (right.digits.empty()) {
    throw ArgumentError("a decimal number cannot be divided by 0");
  }
  // One digit more than is wanted decides how it is rounded; what is cut off behind it never makes a half of it.
  const int wanted = scale + 1;
  left.digits.append(static_cast<std::size_t>(std::max(wanted + right.scale - left.scale, 0)), '0');
  Parts quotient{left.is_negative != right.is_negative, {}, std::max(wanted, left.scale - right.scale)};
  std::string rest;
  for (const char digit : left.digits) {
    rest += digit;
    rest.erase(0, std::min(rest.find_first_not_of('0'), rest.size()));
    char count = '0';
    while (rest.size() > right.digits.size() || (rest.size() == right.digits.size() && rest >= right.digits)) {
      rest = difference_of(rest, std::string(rest.size() - right.digits.size(), '0') + right.digits);
      rest.erase(0, std::min(rest.find_first_not_of('0'), rest.size()));
      ++count;
    }
    quotient.digits += count;
  }
  Decimal number;
  number.text_ = text_of(quotient);
  return number.rounded(scale);
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept {
  if (a.is_negative() != b.is_negative()) {
    return a.is_negative() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  // Digits in front of the point, of which the larger number has more; then digit by digit, a missing one being 0.
  const auto magnitude = [](const Decimal& number) {
    std::string_view text = number.text_;
    text.remove_prefix(number.is_negative() ? 1 : 0);
    const std::size_t point = std::min(text.find('.'), text.size());
    return std::pair(text.substr(0, point), text.substr(std::min(point + 1, text.size())));
  };
  const auto [a_whole, a_rest] = magnitude(a);
  const auto [b_whole, b_rest] = magnitude(b);
  std::strong_ordering order = a_whole.size() <=> b_whole.size();
  if (order == 0) {
    order = a_whole.compare(b_whole) <=> 0;
  }
  for (std::size_t i = 0; order == 0 && i < std::max(a_rest.size(), b_rest.size()); ++i) {
    order = (i < a_rest.size() ? a_rest[i] : '0') <=> (i < b_rest.size() ? b_rest[i] : '0');
  }
  return a.is_negative() ? 0 <=> order : order;
}

std::ostream& operator<<(std::ostream& out, const Decimal& number) { return out << number.text_; }

}  // namespace greenway
