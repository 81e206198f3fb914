# Ns3::Ns3: the ns-3 modules that splitwan-sim uses, from libns3-dev alone. Debian's own ns3Config.cmake and .pc
# files also want the package ns3 and GSL. Pinned to 3.37: ns-3 is not binary compatible between versions.
find_path(NS3_INCLUDE_DIR ns3/core-module.h)
set(_ns3_needed NS3_INCLUDE_DIR)
set(_ns3_libraries)
foreach(_module internet point-to-point traffic-control network core)
  find_library(NS3_${_module}_LIBRARY NAMES ns3-${_module} ns3.37-${_module})
  list(APPEND _ns3_needed NS3_${_module}_LIBRARY)
  list(APPEND _ns3_libraries ${NS3_${_module}_LIBRARY})
endforeach()

# Debian builds without ns-3's own version: the library's so-number is it.
if(NS3_core_LIBRARY)
  file(REAL_PATH ${NS3_core_LIBRARY} _ns3_core)
  if(_ns3_core MATCHES "\\.so\\.([0-9]+)$")
    set(Ns3_VERSION 3.${CMAKE_MATCH_1})
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Ns3 REQUIRED_VARS ${_ns3_needed} VERSION_VAR Ns3_VERSION
  REASON_FAILURE_MESSAGE "expected ns3/core-module.h and libns3-core.so with its fellows (apt install libns3-dev)")
mark_as_advanced(${_ns3_needed})

if(Ns3_FOUND AND NOT TARGET Ns3::Ns3)
  add_library(Ns3::Ns3 INTERFACE IMPORTED)
  target_include_directories(Ns3::Ns3 INTERFACE ${NS3_INCLUDE_DIR})
  # ns-3 finds its classes by name: a linker that drops a library without a direct reference drops its classes.
  target_link_libraries(Ns3::Ns3 INTERFACE
    "-Wl,--push-state,--no-as-needed" ${_ns3_libraries} "-Wl,--pop-state")
endif()
