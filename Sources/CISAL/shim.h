#pragma once
#include <isa-l/crc.h>
/* CRC-32C (Castagnoli), as iSCSI has it: the library leaves the inversions to the caller. */
static inline unsigned int tapir_crc32c(const void *data, int count) {
  return ~crc32_iscsi((unsigned char *)data, count, 0xffffffffu);
}
