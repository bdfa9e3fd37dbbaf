# Warnings, sanitizers, ccache and mold: how the project itself is built. Nothing here reaches a consumer.
add_library(greenway_warnings INTERFACE)
target_compile_options(greenway_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast $<$<BOOL:${GREENWAY_WERROR}>:-Werror>)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  find_program(ccache_program ccache)
  if(ccache_program AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What one checkout has compiled serves the others too, wherever they lie: its root is what paths begin with, also in a
    # project of its own below it.
    cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH checkout)
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${checkout} CCACHE_NOHASHDIR=1 ${ccache_program})
  endif()
  find_program(mold_program mold)
  if(mold_program AND NOT CMAKE_CROSSCOMPILING)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

if(GREENWAY_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With the address sanitizer g++ 12 takes it that Asio frees a coroutine's frame otherwise than it has allocated it.
    target_compile_options(greenway_warnings INTERFACE -Wno-mismatched-new-delete)
    # And, where it optimises as well, that what Asio's bind_executor() moves has no value: for those who call it.
    set(greenway_false_warnings -Wno-maybe-uninitialized)
  endif()
  add_compile_options(-fsanitize=${GREENWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GREENWAY_SANITIZE})
endif()
