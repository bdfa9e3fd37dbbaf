// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <greenway/base/error.hpp>
#include <greenway/sql/decimal.hpp>

#include "support/catch.hpp"

using greenway::ArgumentError;
using greenway::Decimal;

namespace {

__extension__ using Int128 = __int128;

/// The integer, in decimal; std::to_string() does not know 128 bits.
std::string digits_of(Int128 number) {
  const bool is_negative = number < 0;
  std::string digits;
  for (Int128 rest = is_negative ? -number : number; rest != 0 || digits.empty(); rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return is_negative ? "-" + digits : digits;
}

/// `number` / 10^`scale`.
Decimal scaled(Int128 number, int scale) { return Decimal(digits_of(number) + "e-" + std::to_string(scale)); }

}  // namespace

TEST_CASE("a decimal is read from text and printed without needless signs and zeros") {
  const std::vector<std::pair<const char*, const char*>> samples = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.00", "0.00"},
      {"007", "7"},
      {"+1.50", "1.50"},
      {".5", "0.5"},
      {"5.", "5"},
      {"-.5", "-0.5"},
      {"1.5e-3", "0.0015"},
      {"1.5E+3", "1500"},
      {"12e0", "12"},
      {"0.1e1", "1"},
      {"1e2", "100"},
      {"-12345.6700", "-12345.6700"},
      {"99999999999999999999999999999999999999.000000001", "99999999999999999999999999999999999999.000000001"}};
  for (const auto& [text, printed] : samples) {
    INFO(text);
    CHECK(Decimal(text).str() == printed);
  }
  CHECK(Decimal(-5).str() == "-5");
  CHECK(Decimal(std::numeric_limits<std::uint64_t>::max()).str() == "18446744073709551615");
  std::ostringstream out;
  out << Decimal("-1.20");
  CHECK(out.str() == "-1.20");
}

TEST_CASE("what is no number is refused") {
  for (const char* text :
       {"", "-", ".", "1.2.3", "1 ", " 1", "0x1", "NaN", "Infinity", "1e", "e1", "1e99999", "--1", "1-1", "1e+-2"}) {
    INFO(text);
    CHECK_THROWS_AS(Decimal(text), ArgumentError);
    CHECK_FALSE(Decimal::parse(text).has_value());
  }
  CHECK_THROWS_AS(Decimal::of_double(std::nan("")), ArgumentError);
}

TEST_CASE("decimals compare by what they are worth") {
  CHECK(Decimal("1.5") == Decimal("1.50"));
  CHECK(Decimal("-0.0") == Decimal(0));
  CHECK(Decimal("10") > Decimal("9.99"));
  CHECK(Decimal("-10") < Decimal("-9.99"));
  CHECK(Decimal("-1") < Decimal("0.001"));
  CHECK(Decimal("0.10") < Decimal("0.101"));
  CHECK(Decimal("1.05") != Decimal("1.5"));
}

TEST_CASE("sums, differences and products of decimals are exact") {
  CHECK((Decimal("0.1") + Decimal("0.2")).str() == "0.3");
  CHECK((Decimal("999.99") + Decimal("0.01")).str() == "1000.00");
  CHECK((Decimal("1") - Decimal("1.00")).str() == "0.00");
  CHECK((Decimal("1.25") * Decimal("-0.4")).str() == "-0.500");
  CHECK((-Decimal("1.5")).str() == "-1.5");
  CHECK((-Decimal("0.0")).str() == "0.0");
  Decimal total;
  total += Decimal("2.50");
  total -= 1;
  total *= 3;
  CHECK(total.str() == "4.50");
}

TEST_CASE("random decimals add, subtract, multiply and compare as integers of 128 bits do") {
  std::mt19937_64 random(20261121);
  for (int i = 0; i < 20'000; ++i) {
    const auto a = static_cast<std::int64_t>(random()) >> (random() % 63);
    const auto b = static_cast<std::int64_t>(random()) >> (random() % 63);
    const int scale = static_cast<int>(random() % 25);
    const Decimal x = scaled(a, scale);
    const Decimal y = scaled(b, scale);
    if (x + y != scaled(Int128{a} + b, scale) || x - y != scaled(Int128{a} - b, scale) ||
        x * y != scaled(Int128{a} * b, 2 * scale) || (x < y) != (a < b) || (x == y) != (a == b)) {
      FAIL_CHECK(x << " and " << y);
    }
  }
}

TEST_CASE("rounding goes to the nearest, and from the middle away from zero") {
  CHECK(Decimal("2.345").rounded(2).str() == "2.35");
  CHECK(Decimal("-2.345").rounded(2).str() == "-2.35");
  CHECK(Decimal("2.3449").rounded(2).str() == "2.34");
  CHECK(Decimal("9.99").rounded(1).str() == "10.0");
  CHECK(Decimal("0.4").rounded(0).str() == "0");
  CHECK(Decimal("-0.4").rounded(0).str() == "0");
  CHECK(Decimal("0.5").rounded(0).str() == "1");
  CHECK(Decimal("1.5").rounded(4).str() == "1.5000");
  CHECK(Decimal("1250").rounded(-2).str() == "1300");
  CHECK(Decimal("49").rounded(-2).str() == "0");
  CHECK(Decimal("51").rounded(-2).str() == "100");
}

TEST_CASE("division is to a scale, and by zero refused") {
  CHECK(Decimal("1").divided_by(3, 5).str() == "0.33333");
  CHECK(Decimal("2").divided_by(3, 2).str() == "0.67");
  CHECK(Decimal("-1").divided_by(8, 2).str() == "-0.13");
  CHECK(Decimal("10.5").divided_by(Decimal("0.25"), 0).str() == "42");
  CHECK(Decimal("0.00123").divided_by(100, 1).str() == "0.0");
  CHECK(Decimal("123456789012345678901234567890").divided_by(Decimal("0.1"), 0).str() ==
        "1234567890123456789012345678900");
  CHECK_THROWS_AS(Decimal(1).divided_by(Decimal("0.00"), 2), ArgumentError);
}

TEST_CASE("decimals become doubles and integers where these can hold them") {
  CHECK(Decimal("12.5").to_double() == 12.5);
  CHECK(std::isinf(Decimal("1e400").to_double()));
  CHECK(Decimal("1e-400").to_double() == 0);
  CHECK(Decimal("-5.000").to_integer() == -5);
  CHECK_FALSE(Decimal("5.001").to_integer().has_value());
  CHECK_FALSE(Decimal("9223372036854775808").to_integer().has_value());
  CHECK(Decimal::of_double(0.1 + 0.2).str() == "0.3");
  CHECK(Decimal::of_double(1e20) == Decimal("100000000000000000000"));
  CHECK(Decimal("-0.001200").significant_digits() == 2);
  CHECK(Decimal("1.0203").significant_digits() == 5);
  CHECK(Decimal("1200").significant_digits() == 2);
  CHECK(Decimal("0.00").significant_digits() == 0);
}
