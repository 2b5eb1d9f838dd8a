#pragma once
#include <stdint.h>
int cltape_placeholder(void);
