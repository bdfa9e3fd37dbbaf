// SPDX-License-Identifier: BSL-1.0
#pragma once

// Catch2, whichever major version is installed: Debian 12 has 2.13, later systems have 3.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
