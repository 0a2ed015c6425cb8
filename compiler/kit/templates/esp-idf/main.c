/* Runs the network @NAME@ once. */
#include "@NAME@.h"

#include <stdio.h>

@BUFFERS@
void app_main(void) {
@FILL@  printf("status %d\n", (int)@CALL@);
}
