get_filename_component(network "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
get_filename_component(network "${network}" NAME)
idf_component_register(SRCS "main.c" REQUIRES "${network}")
