# A legacy DAO is ordinary code of its library: in what it says, in what it includes and can include, and in what its
# object refers to.
cmake_minimum_required(VERSION 3.25)

function(run result)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

function(refuse what text forbidden)
  if(text MATCHES "${forbidden}")
    message(FATAL_ERROR "${what} names ${CMAKE_MATCH_0}")
  endif()
endfunction()

set(words "[Gg]reenway|greenlet|[Ii]nterpose|co_await|coroutine")
foreach(file IN ITEMS ${source}.hpp ${source}.cpp)
  file(READ ${file} text)
  refuse(${file} "${text}" "${words}")
endforeach()

list(REMOVE_ITEM folders -I)
run(included ${compiler} -std=c++17 -MM ${folders} ${source}.cpp)
refuse("what ${source}.cpp includes" "${included}" "greenway/[a-z_]+/[a-z_]+.hpp")
# The tests of other DAOs run at the same time.
cmake_path(GET source FILENAME name)
file(WRITE ${name}_reaches.cpp "#include <greenway/runtime/wait.hpp>\n")
execute_process(COMMAND ${compiler} -std=c++20 -fsyntax-only ${folders} ${name}_reaches.cpp
                RESULT_VARIABLE is_out_of_reach OUTPUT_QUIET ERROR_QUIET)
if(is_out_of_reach EQUAL 0)
  message(FATAL_ERROR "${source}.cpp is compiled with Greenway's headers in reach")
endif()

run(named ${nm} -C ${object})
refuse(${object} "${named}" "greenway")

# The check itself: where Greenway is, it finds it.
run(named ${nm} -C ${contrast})
if(NOT named MATCHES "greenway::")
  message(FATAL_ERROR "${contrast} does not name Greenway: this test would notice nothing")
endif()
