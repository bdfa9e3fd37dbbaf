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
#   greenway_test(<name> SOURCES … LIBRARIES …)
function(greenway_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE greenway_test_main greenway_warnings ${arg_LIBRARIES})
  catch_discover_tests(${name}_test TEST_PREFIX "${name}/" PROPERTIES TIMEOUT 120)
endfunction()
