#include "CLinuxTape.h"
#include <linux/mtio.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

const int16_t cltape_MTFSF = MTFSF, cltape_MTBSF = MTBSF, cltape_MTFSR = MTFSR, cltape_MTBSR = MTBSR,
              cltape_MTWEOF = MTWEOF, cltape_MTWEOFI = MTWEOFI, cltape_MTREW = MTREW,
              cltape_MTOFFL = MTOFFL, cltape_MTEOM = MTEOM, cltape_MTERASE = MTERASE, cltape_MTSETBLK = MTSETBLK, cltape_MTSEEK = MTSEEK,
              cltape_MTSETDRVBUFFER = MTSETDRVBUFFER, cltape_MTLOAD = MTLOAD;

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
  *status = (struct cltape_status){
      .residual = answer.mt_resid, .flags = answer.mt_gstat, .file = answer.mt_fileno, .block = answer.mt_blkno,
      .density = (answer.mt_dsreg & MT_ST_DENSITY_MASK) >> MT_ST_DENSITY_SHIFT,
      .block_size = (answer.mt_dsreg & MT_ST_BLKSIZE_MASK) >> MT_ST_BLKSIZE_SHIFT};
  return result;
}

int cltape_position(int descriptor, int64_t *block) {
  struct mtpos answer = {0};
  int result = ioctl(descriptor, MTIOCPOS, &answer);
  *block = answer.mt_blkno;
  return result;
}

int cltape_ask(int descriptor, const uint8_t *command, uint8_t command_length, uint8_t *buffer, uint32_t length,
               uint32_t milliseconds, struct cltape_answer *answer) {
  uint8_t sense[sizeof answer->sense] = {0};
  sg_io_hdr_t request = {.interface_id = 'S', .dxfer_direction = length ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
                         .cmd_len = command_length, .cmdp = (unsigned char *)command, .mx_sb_len = sizeof sense,
                         .sbp = sense, .dxferp = buffer, .dxfer_len = length, .timeout = milliseconds};
  int result = ioctl(descriptor, SG_IO, &request);
  *answer = (struct cltape_answer){.status = request.status, .host = request.host_status,
                                   .driver = request.driver_status, .missing = request.resid,
                                   .sense_length = request.sb_len_wr};
  memcpy(answer->sense, sense, sizeof sense);
  return result;
}
