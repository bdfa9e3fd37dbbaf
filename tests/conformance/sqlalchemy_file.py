# SPDX-License-Identifier: BSL-1.0
"""Writes with SQLAlchemy a file that sqlalchemy_test.cpp reads, or reads one that it has written.

    sqlalchemy_file.py write FILE      makes the table `thing`, with the rows below
    sqlalchemy_file.py read FILE       fails unless the table has these rows, as Python values and as they are stored
"""

import datetime
import decimal
import enum
import json
import sqlite3
import sys
import uuid
import warnings

import sqlalchemy as sa


class Mood(enum.Enum):
    sad = 1
    happy = 2


class Uuid(sa.types.TypeDecorator):
    """What SQLAlchemy 2's type of that name does, which 1.4 has not."""

    impl = sa.CHAR(32)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.hex

    def process_result_value(self, value, dialect):
        return None if value is None else uuid.UUID(value)


thing = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("flag", sa.Boolean),
    sa.Column("big", sa.BigInteger),
    sa.Column("real", sa.Float),
    sa.Column("price", sa.Numeric(15, 5)),
    sa.Column("name", sa.String(40)),
    sa.Column("blob", sa.LargeBinary),
    sa.Column("day", sa.Date),
    sa.Column("time", sa.Time),
    sa.Column("at", sa.DateTime),
    sa.Column("length", sa.Interval),
    sa.Column("doc", sa.JSON(none_as_null=True)),
    sa.Column("key", Uuid),
    sa.Column("mood", sa.Enum(Mood)),
)

rows = [
    (1, True, 2**63 - 1, 0.1, decimal.Decimal("15.75630"), "méil 😀", b"\0\xff", datetime.date(2024, 2, 29),
     datetime.time(12, 57, 18, 396), datetime.datetime(2012, 10, 15, 12, 57, 18, 396), datetime.timedelta(days=3, hours=4, microseconds=5),
     {"a": [1, 2.5, None, "é"]}, uuid.UUID(int=0xA0 << 120 | 1), Mood.happy),
    (2, False, -(2**63), -1e300, decimal.Decimal("-9999999999.99999"), "", b"", datetime.date(1, 1, 1), datetime.time(0),
     datetime.datetime(9999, 12, 31, 23, 59, 59, 999999), datetime.timedelta(days=-1, seconds=1), "text", uuid.UUID(int=0), Mood.sad),
    (3, True, 0, 5.0, decimal.Decimal("7"), "it's", b"x", datetime.date(9999, 12, 31), datetime.time(23, 59, 59, 999999),
     datetime.datetime(1969, 12, 31), datetime.timedelta(), 5, uuid.UUID(int=2**128 - 1), Mood.sad),
    (4,) + (None,) * 13,
]


def stored(file):
    """Values with their storage classes; of a document what it says, since JSON leaves the writer its spaces."""
    columns = ", ".join(f'"{c.name}", typeof("{c.name}")' for c in thing.columns)
    doc = 2 * list(thing.columns.keys()).index("doc")
    with sqlite3.connect(file) as connection:
        found = connection.execute(f"SELECT {columns} FROM thing ORDER BY id").fetchall()
    return [row[:doc] + (json.loads(row[doc]) if row[doc + 1] == "text" else row[doc],) + row[doc + 1 :] for row in found]


def write(file):
    engine = sa.create_engine("sqlite:///" + file)
    thing.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(thing.insert(), [dict(zip(thing.columns.keys(), row)) for row in rows])


def read(file):
    with sa.create_engine("sqlite:///" + file).connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.select(thing).order_by(thing.c.id))]
    for row, expected in zip(found, rows, strict=True):
        assert row == expected, f"{row} should be {expected}"
    write(file + ".own")
    for row, expected in zip(stored(file), stored(file + ".own"), strict=True):
        assert row == expected, f"stored is {row}, SQLAlchemy stores {expected}"


warnings.simplefilter("ignore", sa.exc.SAWarning)  # that SQLite's numbers are not exact
{"write": write, "read": read}[sys.argv[1]](sys.argv[2])
