# Builds and tests ./${project} in the folder ${name}, with Greenway installed from the build folder ${install} or taken
# from the source folder ${source}.
cmake_minimum_required(VERSION 3.25)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name})
file(REMOVE_RECURSE ${folder})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(install)
  run(${CMAKE_COMMAND} --install ${install} --prefix ${folder}/prefix)
  set(greenway -D CMAKE_PREFIX_PATH=${folder}/prefix)
else()
  set(greenway -D GREENWAY_SOURCE_FOLDER=${source})
endif()
run(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${folder}/build
    -D CMAKE_CXX_COMPILER=${compiler} ${greenway})
run(${CMAKE_COMMAND} --build ${folder}/build)
run(${CMAKE_CTEST_COMMAND} --test-dir ${folder}/build --output-on-failure --no-tests=error)
