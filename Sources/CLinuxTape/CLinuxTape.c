#include "CLinuxTape.h"
#include <linux/mtio.h>
#include <sys/ioctl.h>

const int16_t cltape_MTFSF = MTFSF, cltape_MTBSF = MTBSF, cltape_MTFSR = MTFSR, cltape_MTBSR = MTBSR,
              cltape_MTWEOF = MTWEOF, cltape_MTWEOFI = MTWEOFI, cltape_MTREW = MTREW,
              cltape_MTOFFL = MTOFFL, cltape_MTEOM = MTEOM, cltape_MTERASE = MTERASE, cltape_MTSETBLK = MTSETBLK, cltape_MTSEEK = MTSEEK,
              cltape_MTSETDRVBUFFER = MTSETDRVBUFFER;

/* The macros test a status: given all bits they give the one they test. */
const int64_t cltape_GMT_EOF = GMT_EOF(0xffffffffL), cltape_GMT_BOT = GMT_BOT(0xffffffffL),
              cltape_GMT_EOT = GMT_EOT(0xffffffffL), cltape_GMT_EOD = GMT_EOD(0xffffffffL),
              cltape_GMT_WR_PROT = GMT_WR_PROT(0xffffffffL), cltape_GMT_ONLINE = GMT_ONLINE(0xffffffffL),
              cltape_GMT_DR_OPEN = GMT_DR_OPEN(0xffffffffL);

const int32_t cltape_MT_ST_SETBOOLEANS = MT_ST_SETBOOLEANS, cltape_MT_ST_CLEARBOOLEANS = MT_ST_CLEARBOOLEANS,
              cltape_MT_ST_TWO_FM = MT_ST_TWO_FM, cltape_MT_ST_SCSI2LOGICAL = MT_ST_SCSI2LOGICAL,
              cltape_MT_ST_SYSV = MT_ST_SYSV, cltape_MT_ST_NOWAIT_EOF = MT_ST_NOWAIT_EOF, cltape_MT_ST_ASYNC_WRITES = MT_ST_ASYNC_WRITES;

int cltape_operate(int descriptor, int16_t operation, int32_t count) {
  struct mtop request = {.mt_op = operation, .mt_count = count};
  return ioctl(descriptor, MTIOCTOP, &request);
}

int cltape_get(int descriptor, struct cltape_status *status) {
  struct mtget answer = {0};
  int result = ioctl(descriptor, MTIOCGET, &answer);
  *status = (struct cltape_status){answer.mt_resid, answer.mt_gstat, answer.mt_fileno, answer.mt_blkno};
  return result;
}

int cltape_position(int descriptor, int64_t *block) {
  struct mtpos answer = {0};
  int result = ioctl(descriptor, MTIOCPOS, &answer);
  *block = answer.mt_blkno;
  return result;
}
