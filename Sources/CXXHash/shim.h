#pragma once
#include <xxhash.h>
/* The plain calls of a distribution's build use SSE2 only (5 GB/s); the dispatching ones pick AVX2 or AVX-512 (50 GB/s). */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif
static inline XXH64_hash_t tapir_xxh3_64(const void *data, size_t count, XXH64_hash_t seed) {
  return XXH3_64bits_withSeed(data, count, seed);
}
static inline XXH128_hash_t tapir_xxh3_128(const void *data, size_t count) {
  return XXH3_128bits(data, count);
}
static inline XXH_errorcode tapir_xxh3_128_update(XXH3_state_t *state, const void *data, size_t count) {
  return XXH3_128bits_update(state, data, count);
}
static inline XXH_errorcode tapir_xxh3_64_update(XXH3_state_t *state, const void *data, size_t count) {
  return XXH3_64bits_update(state, data, count);
}
