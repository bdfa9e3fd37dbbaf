// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "shell.hpp"

/// Runs an ORM seed twice, without its tables and with them, and checks what it prints, what it sends besides asking the
/// catalogue (the figures of SQLAlchemy's own programs), and what it leaves in the database.
/// @param lines  What it prints; moments are printed as "…".
void check_orm_seed(const Shell& shell, const std::string& program, const std::string& url, const std::string& lines);
