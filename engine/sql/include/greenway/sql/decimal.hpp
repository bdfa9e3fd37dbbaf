// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/sql/decimal.hpp
/// @brief Exact decimal numbers, as NUMERIC columns hold them.
///
/// Layer: sql. Source: PostgreSQL's `numeric`, whose scales and rounding these are.

#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace greenway {

/// A decimal number of any size, never rounded unless rounded() says so.
///
/// It has a scale, the number of digits behind its point: 1.50 prints with two. Numbers of different scales that are
/// worth the same compare equal. It is always a number: NaN and the infinities of PostgreSQL's `numeric` cannot be read
/// as one, which throws DataError; they can be read as `double` and as `std::string`.
///
/// Invariant: the text is an optional minus, digits without needless zeros in front, and behind a point as many digits
/// as the scale says. Zero has no sign.
///
/// @par Cost
/// A text: up to 15 characters are held in place. Arithmetic works digit by digit; where millions of numbers are added,
/// read them as integers of the smallest unit.
class Decimal {
 public:
  /// 0.
  Decimal() : text_("0") {}
  /// @param value  Any integer.
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Decimal(T value)
      : text_(std::signed_integral<T> ? digits_of(static_cast<std::int64_t>(value))
                                      : digits_of(static_cast<std::uint64_t>(value))) {}
  /// @param text  `-12.50`, `.5`, `1.5e-3`: an optional sign, digits with or without a point, an optional exponent.
  /// @throws ArgumentError  It is something else, or its exponent is beyond 20,000.
  explicit Decimal(std::string_view text);
  /// @param text  As above.
  /// @throws ArgumentError  As above.
  explicit Decimal(const char* text) : Decimal(std::string_view(text)) {}
  /// A double would bring digits that nobody wrote: give a text, or say how many digits count by of_double().
  Decimal(double) = delete;

  /// @param text  As the constructor's.
  /// @return The number; empty when it is none.
  [[nodiscard]] static std::optional<Decimal> parse(std::string_view text);
  /// @param value  Finite.
  /// @return What 15 significant digits say of it: as many as every double has.
  /// @throws ArgumentError  It is infinite or no number.
  [[nodiscard]] static Decimal of_double(double value);

  /// @return The text; see the invariant.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  /// @return How many digits stand behind the point.
  [[nodiscard]] int scale() const noexcept;
  /// @return How many digits count, from the first that is not 0 to the last that is not 0; 0 of zero.
  [[nodiscard]] int significant_digits() const noexcept;
  /// @return Whether it is below zero.
  [[nodiscard]] bool is_negative() const noexcept { return text_.front() == '-'; }
  /// @return The nearest double; an infinity beyond its range.
  [[nodiscard]] double to_double() const noexcept;
  /// @return The integer, if it is a whole number that fits.
  [[nodiscard]] std::optional<std::int64_t> to_integer() const noexcept;

  /// @param scale  Digits behind the point; negative rounds before it.
  /// @return The number of that scale (0 for a negative one) which is nearest, of two equally near the one farther from
  ///         zero, as PostgreSQL's `round` does.
  [[nodiscard]] Decimal rounded(int scale) const;

  /// @param a  Any.
  /// @param b  Any.
  /// @return The sum, with the larger of the scales.
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  /// @param a  Any.
  /// @param b  Any.
  /// @return The difference, with the larger of the scales.
  friend Decimal operator-(const Decimal& a, const Decimal& b) { return a + -b; }
  /// @param a  Any.
  /// @param b  Any.
  /// @return The product, with the sum of the scales.
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  /// @param a  Any.
  /// @return The number with the other sign.
  friend Decimal operator-(const Decimal& a);
  /// @param other  Added.
  /// @return This.
  Decimal& operator+=(const Decimal& other) { return *this = *this + other; }
  /// @param other  Subtracted.
  /// @return This.
  Decimal& operator-=(const Decimal& other) { return *this = *this - other; }
  /// @param other  Multiplied by.
  /// @return This.
  Decimal& operator*=(const Decimal& other) { return *this = *this * other; }
  /// Divides.
  /// @param divisor  Not 0.
  /// @param scale    Of the quotient, at least 0.
  /// @return The quotient, rounded as by rounded().
  /// @throws ArgumentError  The divisor is 0.
  [[nodiscard]] Decimal divided_by(const Decimal& divisor, int scale) const;

  /// @param a  Any.
  /// @param b  Any.
  /// @return Which is worth more; 1.5 and 1.50 are equal.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept;
  /// @param a  Any.
  /// @param b  Any.
  /// @return Whether both are worth the same.
  friend bool operator==(const Decimal& a, const Decimal& b) noexcept { return (a <=> b) == 0; }
  /// Prints the text.
  friend std::ostream& operator<<(std::ostream& out, const Decimal& number);

 private:
  [[nodiscard]] static std::string digits_of(std::int64_t value);
  [[nodiscard]] static std::string digits_of(std::uint64_t value);

  std::string text_;
};

}  // namespace greenway
