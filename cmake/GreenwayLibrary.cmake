# One module: a library `greenway_<name>`, alias and export name greenway::<name>, whose public headers are exactly those
# under include/. It sees its own include/ and those of the targets it links, so that an include against the arrows does
# not compile.
#
#   greenway_library(<name> [STATIC] [SOURCES …] [PUBLIC targets …] [PRIVATE targets …])
function(greenway_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "STATIC" "" "SOURCES;PUBLIC;PRIVATE")
  set(target greenway_${name})
  set(type "")
  if(arg_STATIC)
    set(type STATIC)
  endif()
  add_library(${target} ${type} ${arg_SOURCES})
  add_library(greenway::${name} ALIAS ${target})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  target_include_directories(${target} PRIVATE src)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:greenway_warnings>)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  greenway_install(${target} ${name} ${arg_PUBLIC} ${arg_PRIVATE})
endfunction()
