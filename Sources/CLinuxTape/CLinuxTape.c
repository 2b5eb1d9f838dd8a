#include "CLinuxTape.h"
int cltape_placeholder(void) { return 0; }
