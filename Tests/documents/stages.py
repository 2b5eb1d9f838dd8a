"""What the pages find when their commands run: files, cartridges, and what is not run, with the reason."""

# Of the machine, read by the commands; whatever else there is below `/` is a page's own.
SHARED = {"bin", "lib", "lib64", "proc", "sbin", "sys", "usr"}
ETC = ["alternatives", "group", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd", "terminfo"]

# For all pages. `blank` puts a blank cartridge into the drive; without a drive /dev/nst0 is a virtual cartridge.
PRELUDE = r"""
blank() {
  rm -rf "$HOME/.local/state/tapir" /var/lib/tapir
  if [ "$DRIVE" ]; then
    mt -f /dev/nst0 rewind && mt -f /dev/nst0 erase && mt -f /dev/nst0 rewind
  else
    rm -rf /dev/nst0
    [ -d /checks/blank ] || tapir library create /checks/blank --slots 1
    cp -a /checks/blank/V00001 /dev/nst0
  fi
}
"""

# Once for each page: a home directory, and what else the pages archive.
BEGIN = r"""
set -e
mkdir -p /home/me/src /home/me/letters /home/me/images /far /data /archive
seq 2000 > /home/me/thesis.tex
seq 300 > /home/me/letters/notes.txt
for i in 1 2 3 4 5 6 7 8 9; do seq $i > /home/me/src/$i.c; done
pg_dump db > /checks/db.sql
head -c 2000000 /usr/bin/python3 > /data/measured
cp -r /home /w/home
cp -r /etc /far/etc
set +e
"""

# Page, heading: what is done before the first command there.
STAGES = {}

NOT_RUN = {}

# Commands that end with another exit status than 0, as they should.
STATUS = {}


def needs_drive(command):
    """Whether the command works on a real drive or library only."""
    return False


def in_drive_run(command):
    """Whether the command is also run with a drive."""
    return True
