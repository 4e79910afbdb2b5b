# The program, and the manual pages and completions that it prints itself (target: docs).
include(GNUInstallDirs)

# Adds the file as an output of `conntest help ARGS`, to be installed in the folder.
function(add_help_output file folder)
  add_custom_command(
    OUTPUT ${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man ${CMAKE_BINARY_DIR}/completion
    COMMAND conntest help ${ARGN} > ${file}
    DEPENDS conntest
    VERBATIM)
  install(FILES ${CMAKE_BINARY_DIR}/${file} DESTINATION ${folder} OPTIONAL)
endfunction()

foreach(page
    conntest conntest-traffic conntest-serve conntest-report conntest-help conntest-version)
  add_help_output(man/${page}.1 ${CMAKE_INSTALL_MANDIR}/man1 --mdoc ${page})
  list(APPEND pages man/${page}.1)
endforeach()
add_custom_target(man DEPENDS ${pages})

add_help_output(completion/conntest.bash
  ${CMAKE_INSTALL_DATADIR}/bash-completion/completions --completion bash)
add_help_output(completion/_conntest
  ${CMAKE_INSTALL_DATADIR}/zsh/site-functions --completion zsh)
add_help_output(completion/conntest.fish
  ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d --completion fish)
add_custom_target(docs DEPENDS
  man completion/conntest.bash completion/_conntest completion/conntest.fish)

install(TARGETS conntest)
