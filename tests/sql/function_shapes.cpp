// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

std::vector<Shape> functions() {
  return {
      value("count", func::count(), "count(*)"),
      value("count of a column", func::count(id()), "count(account.id)"),
      value("count of distinct", func::count(distinct(owner())), "count(DISTINCT account.owner)"),
      value("sum of an expression", func::sum(cents() * 2), "sum(account.cents * $1)"),
      value("avg", func::avg(cents()), "avg(account.cents)"),
      value("min of a function", func::min(func::lower(owner())), "min(lower(account.owner))"),
      value("coalesce", func::coalesce(cents(), id(), 0), "coalesce(account.cents, account.id, $1)"),
      value("any function", func("nullif", cents(), 5), "nullif(account.cents, $1)"),
      value("a function of a condition", func("coalesce", cents() > 5 && id() == 1, false_()),
            "coalesce(account.cents > $1 AND account.id = $2, false)", "coalesce(account.cents > ?1 AND account.id = ?2, 0)"),
      value("a function of a select", func::abs(select(func::sum(age()))),
            "abs((SELECT sum(person.age) AS sum_1 FROM person))"),
      {"a function from nowhere", select(func::upper("x").label("x")), "SELECT upper($1) AS x"},
      {"functions name their columns", select(func::count(), func::max(id()), func::max(cents())),
       "SELECT count(*) AS count_1, max(account.id) AS max_1, max(account.cents) AS max_2 FROM account"},
      {"now, from nowhere", select(func::now().label("x")), "SELECT now() AS x", "SELECT CURRENT_TIMESTAMP AS x"},
      {"current_date", select(func::current_date().label("x")), "SELECT CURRENT_DATE AS x"},
      value("a filter", func::count().filter(cents() > 5), "count(*) FILTER (WHERE account.cents > $1)"),
      value("a filter of two conditions", func::sum(cents()).filter(cents() > 5 || id() == 1),
            "sum(account.cents) FILTER (WHERE account.cents > $1 OR account.id = $2)"),
      value("string_agg", func::string_agg(owner(), literal_column("','")), "string_agg(account.owner, ',')",
            "group_concat(account.owner, ',')"),
      value("string_agg in an order",
            func::string_agg(owner(), literal_column("','")).aggregate_order_by({id().desc(), cents()}),
            "string_agg(account.owner, ',' ORDER BY account.id DESC, account.cents)",
            "!SQLite has no aggregate with an ORDER BY of its own"),
      value("array_agg", func::array_agg(id()), "array_agg(account.id)", "!SQLite has no function array_agg"),
      value("array_agg in an order, filtered",
            func::array_agg(owner()).aggregate_order_by({owner().asc().nulls_first()}).filter(id() > 1),
            "array_agg(account.owner ORDER BY account.owner ASC NULLS FIRST) FILTER (WHERE account.id > $1)",
            "!SQLite has no function array_agg"),
      value("an element of array_agg", func::array_agg(id())[1], "(array_agg(account.id))[$1]", "!SQLite has no arrays"),
      value("within_group", func("percentile_cont", literal_column("0.5")).within_group({cents().desc()}),
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY account.cents DESC)", "!SQLite has no WITHIN GROUP"),
      value("within_group, filtered", func("mode").within_group({owner()}).filter(id() > 1),
            "mode() WITHIN GROUP (ORDER BY account.owner) FILTER (WHERE account.id > $1)", "!SQLite has no WITHIN GROUP"),
  };
}

std::vector<Shape> windows() {
  const ColumnElement total = func::sum(cents());
  return {
      value("a window of all rows", func::count().over(), "count(*) OVER ()"),
      value("a window", func::row_number().over({owner()}, {cents().desc()}),
            "row_number() OVER (PARTITION BY account.owner ORDER BY account.cents DESC)"),
      value("a window of several columns", func::rank().over({owner(), opened()}, {cents().desc().nulls_last(), id()}),
            "rank() OVER (PARTITION BY account.owner, account.opened ORDER BY account.cents DESC NULLS LAST, account.id)"),
      value("a window of an expression", func::dense_rank().over({cents() % 2}, {-cents()}),
            "dense_rank() OVER (PARTITION BY account.cents % $1 ORDER BY -account.cents)"),
      value("any window function", func("lag", cents()).over({}, {id()}), "lag(account.cents) OVER (ORDER BY account.id)"),
      value("a filtered window", total.filter(id() > 1).over({owner()}),
            "sum(account.cents) FILTER (WHERE account.id > $1) OVER (PARTITION BY account.owner)"),
      value("a frame as SQL", total.over({}, {id()}, "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES"),
            "sum(account.cents) OVER (ORDER BY account.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)"),
      value("rows before and behind", total.over({}, {id()}, FrameClause::rows(-2, 3)),
            "sum(account.cents) OVER (ORDER BY account.id ROWS BETWEEN 2 PRECEDING AND 3 FOLLOWING)"),
      value("rows to the end", total.over({}, {id()}, FrameClause::rows(0, std::nullopt)),
            "sum(account.cents) OVER (ORDER BY account.id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"),
      value("a range of values", total.over({owner()}, {id()}, FrameClause::range_(std::nullopt, 5)),
            "sum(account.cents) OVER (PARTITION BY account.owner ORDER BY account.id RANGE BETWEEN UNBOUNDED PRECEDING AND 5 "
            "FOLLOWING)"),
      value("groups of equals", total.over({}, {owner()}, FrameClause::groups(-1, -1)),
            "sum(account.cents) OVER (ORDER BY account.owner GROUPS BETWEEN 1 PRECEDING AND 1 PRECEDING)"),
      value("of a window more", total.over() - cents(), "sum(account.cents) OVER () - account.cents"),
  };
}

}  // namespace shapes
