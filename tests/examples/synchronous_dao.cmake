# bank_dao is synchronous: what it says, what it includes, and what its object refers to.
cmake_minimum_required(VERSION 3.25)

set(symbols "greenway::([a-z]+::)*[A-Za-z]*(Host|Greenlet|Operation[^a]|Task)|greenlet_spawn|[Aa]sio::")
set(words "runtime|greenlet|asio|Async|co_await|co_return|co_yield|coroutine|callback|std::function|Operation|Task")

function(run result)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

function(refuse what text forbidden)
  if(text MATCHES "${forbidden}")
    message(FATAL_ERROR "${what} names ${CMAKE_MATCH_0}")
  endif()
endfunction()

foreach(file IN ITEMS ${source}.hpp ${source}.cpp)
  file(READ ${file} text)
  refuse(${file} "${text}" "${words}")
endforeach()

run(included ${compiler} -std=c++20 -MM ${folders} ${source}.cpp)
refuse("what ${source}.cpp includes" "${included}" "greenway/(runtime|asio)/[a-z_]+.hpp|boost/asio")

run(named ${nm} -C ${library})
refuse(${library} "${named}" "${symbols}")
if(NOT named MATCHES "bank::transfer")
  message(FATAL_ERROR "${library} does not hold the bank's data access")
endif()

# The check itself: where they are, it finds them.
run(named ${nm} -C ${contrast})
foreach(symbol IN ITEMS greenway::AsioHost greenway::Greenlet boost::asio::)
  if(NOT named MATCHES "${symbol}")
    message(FATAL_ERROR "${contrast} does not name ${symbol}: this test would notice nothing")
  endif()
endforeach()
