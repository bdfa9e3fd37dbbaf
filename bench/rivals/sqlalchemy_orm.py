# SPDX-License-Identifier: BSL-1.0
"""10,000 entities through SQLAlchemy's ORM and asyncpg, select or insert: prints the wall and CPU nanoseconds of one."""

import asyncio
import os
import sys
import time

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from sqlalchemy import BigInteger, Column, DateTime, Float, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base

import datetime

Base = declarative_base()
COUNT = 10_000


def mapped(table):
    return type(table, (Base,), {
        "__tablename__": table,
        "id": Column(BigInteger, primary_key=True, autoincrement=False),
        "name": Column(Text),
        "ts": Column(DateTime(timezone=True)),
        "val": Column(Float),
    })


async def main(what, url, table, rounds):
    entity = mapped(table)
    engine = create_async_engine(url)
    wall = cpu = 0
    for n in range(rounds + 1):
        if what == "insert":
            async with engine.begin() as connection:
                await connection.execute(text("TRUNCATE " + table))
        now = datetime.datetime.now(datetime.timezone.utc)
        started, used = time.perf_counter_ns(), time.process_time_ns()
        async with AsyncSession(engine) as session:
            if what == "select":
                rows = (await session.scalars(select(entity).where(entity.id <= COUNT))).all()
                assert len(rows) == COUNT
            else:
                session.add_all([entity(id=i, name=f"name {i}", ts=now, val=i / 7) for i in range(1, COUNT + 1)])
                await session.commit()
        if n:  # the first one warms up
            wall += time.perf_counter_ns() - started
            cpu += time.process_time_ns() - used
    await engine.dispose()
    print(wall // rounds, cpu // rounds)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
