/* Runs the network @NAME@ once. */
#include "@NAME@.h"

@BUFFERS@
int @MAIN@(void) {
@FILL@  return @CALL@ == @PREFIX@_OK ? 0 : 1;
}
