// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

std::vector<Shape> casts() {
  const ColumnElement none = null();
  return {
      value("CAST of a parameter", cast("5", Integer()), "CAST($1 AS INTEGER)"),
      value("CAST to SMALLINT", cast(id(), SmallInteger()), "CAST(account.id AS SMALLINT)"),
      value("CAST to TEXT", cents().cast(Text()), "CAST(account.cents AS TEXT)"),
      value("CAST to VARCHAR", cents().cast(String(9)), "CAST(account.cents AS VARCHAR(9))"),
      value("CAST to NUMERIC", cents().cast(Numeric(12, 3)), "CAST(account.cents AS NUMERIC(12, 3))"),
      value("CAST to FLOAT", cents().cast(Float(20)), "CAST(account.cents AS FLOAT(20))"),
      value("CAST to DOUBLE", cents().cast(Double()), "CAST(account.cents AS DOUBLE PRECISION)",
            "CAST(account.cents AS DOUBLE)"),
      value("CAST to BOOLEAN", id().cast(Boolean()), "CAST(account.id AS BOOLEAN)"),
      value("CAST to bytes", owner().cast(LargeBinary()), "CAST(account.owner AS BYTEA)", "CAST(account.owner AS BLOB)"),
      value("CAST to DATE", opened().cast(Date()), "CAST(account.opened AS DATE)", "date(account.opened)"),
      value("CAST to TIME", opened().cast(Time()), "CAST(account.opened AS TIME WITHOUT TIME ZONE)",
            "CAST(account.opened AS TEXT)"),
      value("CAST to a moment", opened().cast(DateTime(true)), "CAST(account.opened AS TIMESTAMP WITH TIME ZONE)",
            "CAST(account.opened AS TEXT)"),
      value("CAST to INTERVAL", none.cast(Interval()), "CAST(NULL AS INTERVAL)", "CAST(NULL AS TEXT)"),
      value("CAST to UUID", none.cast(Uuid()), "CAST(NULL AS UUID)", "CAST(NULL AS TEXT)"),
      value("CAST to JSONB", none.cast(JSONB()), "CAST(NULL AS JSONB)", "CAST(NULL AS TEXT)"),
      value("CAST to an array", none.cast(ARRAY(Integer())), "CAST(NULL AS INTEGER[])", "!SQLite has no arrays"),
      value("an element of an array", none.cast(ARRAY(Integer()))[1], "(CAST(NULL AS INTEGER[]))[$1]",
            "!SQLite has no arrays"),
      value("type_coerce says nothing", type_coerce(cents(), Integer()), "account.cents"),
      value("a literal", literal(5), "$1"),
      value("a literal of JSON", literal(Value(JSONText{"{}"}), JSON()), "CAST($1 AS JSON)", "?1"),
      value("NULL", none, "NULL"),
      value("true", true_(), "true", "1"),
      value("SQL as it stands", literal_column("1 + 1", Integer()), "1 + 1"),
      value("a column of no table", column("cents", BigInteger()), "cents"),
      value("a column of no table, quoted", select(column("Town")).select_from(tables().person).limit(1).scalar_subquery(),
            "(SELECT \"Town\" FROM person LIMIT $1)"),
      value("CASE", case_({{cents() > 5, "rich"}, {cents() > 1, "well"}}, Operand("poor")),
            "CASE WHEN account.cents > $2 THEN $3 WHEN account.cents > $4 THEN $5 ELSE $1 END"),
      value("CASE without ELSE", case_({{cents() == nullptr, owner()}}),
            "CASE WHEN account.cents IS NULL THEN account.owner END"),
      value("CASE of a value", case_(id(), {{1, "one"}, {cents(), "cents"}}),
            "CASE account.id WHEN $1 THEN $2 WHEN account.cents THEN $3 END"),
      value("CASE of a tree", case_({{cents() > 1 && id() > 1, case_({{id() == 2, 1}}, Operand(0))}}, Operand(id() + 1)),
            "CASE WHEN account.cents > $2 AND account.id > $3 THEN CASE WHEN account.id = $5 THEN $6 ELSE $4 END ELSE "
            "account.id + "
            "$1 END"),
      value("EXTRACT a year", extract("year", opened()), "EXTRACT(year FROM account.opened)",
            "CAST(STRFTIME('%Y', account.opened) AS INTEGER)"),
      value("EXTRACT what SQLite counts", extract("epoch", opened()) + 1, "EXTRACT(epoch FROM account.opened) + $1",
            "CAST(STRFTIME('%s', account.opened) AS INTEGER) + ?1"),
      value("EXTRACT what it does not", extract("century", opened()), "EXTRACT(century FROM account.opened)",
            "!SQLite cannot extract 'century'"),
  };
}

}  // namespace shapes
