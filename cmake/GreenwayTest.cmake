# Test programs on Catch2.
find_package(Catch2 REQUIRED)
include(Catch)

set(greenway_tests_folder ${CMAKE_CURRENT_LIST_DIR}/../tests)

# Catch2's own code and main(), once for all tests.
add_library(greenway_test_main OBJECT ${greenway_tests_folder}/support/main.cpp)
target_include_directories(greenway_test_main PUBLIC ${greenway_tests_folder})
target_compile_features(greenway_test_main PUBLIC cxx_std_20)
target_link_libraries(greenway_test_main PUBLIC Catch2::Catch2)

# One program <name>_test a subject folder; each TEST_CASE is a test "<name>/<test case>" of ctest.
#
# What is tested is the libraries, as they are optimised; the sources of the tests themselves are not, which halves the
# time to compile them. OPTIMISED where a test's own code is what switches stacks, or has much to enumerate.
#
# LAUNCHES_FIBERS keeps AddressSanitizer's frames off the heap: one that Boost begins on a new stack without a word would lie
# among those of the fiber that launched it, and be used after they are gone.
#
#   greenway_test(<name> [OPTIMISED] [LAUNCHES_FIBERS] SOURCES … LIBRARIES … [ENVIRONMENT NAME=VALUE])
function(greenway_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMISED;LAUNCHES_FIBERS" "ENVIRONMENT" "SOURCES;LIBRARIES")
  if(arg_LAUNCHES_FIBERS)
    list(APPEND arg_ENVIRONMENT
      ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1:check_initialization_order=1)
  endif()
  add_executable(${name}_test ${arg_SOURCES})
  if(NOT arg_OPTIMISED)
    target_compile_options(${name}_test PRIVATE -O0 -g1)
  endif()
  target_link_libraries(${name}_test PRIVATE greenway_test_main greenway_warnings ${arg_LIBRARIES})
  catch_discover_tests(${name}_test TEST_PREFIX "${name}/" PROPERTIES TIMEOUT 300 ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()
