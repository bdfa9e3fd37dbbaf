# Installing: each module is a component of the package, so that find_package(greenway COMPONENTS sql) asks for no
# database. After all modules are there, greenway_install_package() writes what find_package reads.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(greenway_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/greenway)

# The packages that a consumer must find for a target of somebody else's, as arguments of find_dependency.
set(greenway_package_Boost::context Boost 1.81 COMPONENTS context)
set(greenway_package_Boost::fiber Boost 1.81 COMPONENTS fiber)
set(greenway_package_Boost::headers Boost 1.81)
set(greenway_package_Threads::Threads Threads)
set(greenway_package_PostgreSQL::PostgreSQL PostgreSQL)
set(greenway_package_SQLite::SQLite3 SQLite3)
# Those that pkg-config knows: the prefix of pkg_check_modules() and the module.
set(greenway_package_PkgConfig::libuv PKG_CONFIG libuv libuv)
set(greenway_package_PkgConfig::glib PKG_CONFIG glib glib-2.0)

# Makes a target a component of the package.
#
#   greenway_install(<target> <name> <linked target>…)
function(greenway_install target name)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set(config "set(greenway_${name}_modules")
  foreach(linked IN LISTS ARGN)
    if(linked MATCHES "^greenway::(.+)")
      string(APPEND config " ${CMAKE_MATCH_1}")
    elseif(DEFINED greenway_package_${linked})
      list(JOIN greenway_package_${linked} " " package)
      list(APPEND packages "${package}")
    else()
      message(FATAL_ERROR "GreenwayInstall.cmake does not know which package ${linked} comes from")
    endif()
  endforeach()
  string(APPEND config ")\nset(greenway_${name}_packages \"${packages}\")\n")
  set_property(GLOBAL APPEND PROPERTY GREENWAY_COMPONENTS ${name})
  set_property(GLOBAL APPEND_STRING PROPERTY GREENWAY_COMPONENT_TABLE "${config}")
  if(GREENWAY_INSTALL)
    install(TARGETS ${target} EXPORT greenway-${name} FILE_SET HEADERS)
    install(EXPORT greenway-${name} NAMESPACE greenway:: DESTINATION ${greenway_package_folder})
  endif()
endfunction()

# To be called once, after the last module.
function(greenway_install_package)
  get_property(greenway_components GLOBAL PROPERTY GREENWAY_COMPONENTS)
  get_property(greenway_component_table GLOBAL PROPERTY GREENWAY_COMPONENT_TABLE)
  configure_package_config_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/greenwayConfig.cmake.in greenwayConfig.cmake
                                INSTALL_DESTINATION ${greenway_package_folder})
  write_basic_package_version_file(greenwayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/greenwayConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/greenwayConfigVersion.cmake
          DESTINATION ${greenway_package_folder})
endfunction()
