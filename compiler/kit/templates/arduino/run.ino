// Runs the network @NAME@ once a second.
#include <@NAME@.h>

@BUFFERS@
void setup() { Serial.begin(115200); }

void loop() {
@FILL@  int32_t status = @CALL@;
  Serial.println(status);
  delay(1000);
}
