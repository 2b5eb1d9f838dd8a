#pragma once
/* The magnetic-tape ioctls of Linux's st driver (st(4), linux/mtio.h): numbers that are macros, and variadic calls with
   their types. No logic: every function is one call and returns what it returns, with errno set. */
#include <stdint.h>

/* Operations of MTIOCTOP. */
extern const int16_t cltape_MTFSF, cltape_MTBSF, cltape_MTFSR, cltape_MTBSR, cltape_MTWEOF, cltape_MTWEOFI, cltape_MTREW,
    cltape_MTOFFL, cltape_MTEOM, cltape_MTERASE, cltape_MTSETBLK, cltape_MTSEEK, cltape_MTSETDRVBUFFER, cltape_MTLOAD;

/* Bits of the generic status that MTIOCGET gives. */
extern const int64_t cltape_GMT_EOF, cltape_GMT_BOT, cltape_GMT_EOT, cltape_GMT_EOD, cltape_GMT_WR_PROT,
    cltape_GMT_ONLINE, cltape_GMT_DR_OPEN;

/* Options, set and cleared by MTSETDRVBUFFER. */
extern const int32_t cltape_MT_ST_SETBOOLEANS, cltape_MT_ST_CLEARBOOLEANS, cltape_MT_ST_TWO_FM,
    cltape_MT_ST_SCSI2LOGICAL, cltape_MT_ST_SYSV, cltape_MT_ST_NOWAIT_EOF, cltape_MT_ST_ASYNC_WRITES;

/* MTIOCTOP. */
int cltape_operate(int descriptor, int16_t operation, int32_t count);

/* MTIOCGET. */
struct cltape_status {
  int64_t residual; /* the st driver: number of the current partition */
  int64_t flags;    /* GMT_* */
  int64_t file;     /* -1 when not known */
  int64_t block;    /* within the file; -1 when not known */
  uint8_t density;  /* code of the medium's density */
  uint32_t block_size; /* 0: each block has its own */
};
int cltape_get(int descriptor, struct cltape_status *status);

/* MTIOCPOS. */
int cltape_position(int descriptor, int64_t *block);

/* SG_IO, from the device to the computer. result: 0, or -1 with errno set; then the rest says nothing. */
struct cltape_answer {
  uint8_t status;         /* SCSI status: 0 good, 2 check condition */
  uint16_t host, driver;  /* what Linux says of the transport; 0 is good */
  int32_t missing;        /* bytes of the buffer that were not filled */
  uint8_t sense_length;
  uint8_t sense[96];
};
int cltape_ask(int descriptor, const uint8_t *command, uint8_t command_length, uint8_t *buffer, uint32_t length,
               uint32_t milliseconds, struct cltape_answer *answer);
