# cmake -DINPUT=file -DOUTPUT=file.inc -P EmbedFile.cmake: the bytes of a file
# as the elements of a C array.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "${bytes}\n")
