# yaraorm_add_router (NAME SOURCE...): builds the router plugin NAME.so. It is linked so that a call
# from db_for_write to db_for_read stays inside the plugin, and so that a missing symbol is an
# error now and not when the plugin is loaded.
function (yaraorm_add_router name)
  add_library (${name} MODULE ${ARGN})
  set_target_properties (${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
  target_link_options (${name} PRIVATE -Wl,-Bsymbolic -Wl,-z,defs)
  if (TARGET yaraorm::yaraorm)
    target_include_directories (${name} PRIVATE
      $<TARGET_PROPERTY:yaraorm::yaraorm,INTERFACE_INCLUDE_DIRECTORIES>)
  endif ()
endfunction ()
