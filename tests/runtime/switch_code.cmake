# cmake -D objdump=PROGRAM -D object=FILE -P switch_code.cmake
#
# Reads the machine code of greenway_probe_switch: what a program inlines for Greenlet::switch_to(). Up to its first
# return, the code that runs when nothing is out of the ordinary, it must leave by one indirect jump and call nothing,
# and nowhere may it touch the control words of the floating-point units.
execute_process(COMMAND ${objdump} --disassemble=greenway_probe_switch --no-show-raw-insn ${object}
                OUTPUT_VARIABLE code COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\t[^\n]+" code "${code}")
list(TRANSFORM code STRIP)

if(code MATCHES "fxsave|fxrstor|xsave|xrstor|mxcsr|fnstcw|fldcw")
  message(FATAL_ERROR "the switch touches control words: ${CMAKE_MATCH_0}\n${code}")
endif()

set(jumps 0)
set(saved_at -1)
set(position 0)
foreach(instruction IN LISTS code)
  math(EXPR position "${position} + 1")
  if(instruction MATCHES "^ret")
    break()
  elseif(instruction MATCHES "^call")
    message(FATAL_ERROR "the ordinary path of a switch calls something: ${instruction}\n${code}")
  elseif(instruction MATCHES "^mov +%rsp,\\(")
    set(saved_at ${position})
  elseif(instruction MATCHES "^jmp +\\*")
    math(EXPR jumps "${jumps} + 1")
    math(EXPR distance "${position} - ${saved_at}")
    if(saved_at EQUAL -1 OR distance GREATER 8)
      message(FATAL_ERROR "the jump does not follow the saving of the stack pointer\n${code}")
    endif()
  endif()
endforeach()
if(NOT jumps EQUAL 1)
  message(FATAL_ERROR "the ordinary path of a switch has ${jumps} indirect jumps, and not one\n${code}")
endif()
message(STATUS "${position} instructions")
