"""What the pages find when their commands run: files, cartridges, and what is not run, with the reason."""
import re

# Of the machine, read by the commands; whatever else there is below `/` is a page's own.
SHARED = {"bin", "lib", "lib64", "proc", "sbin", "sys", "usr"}
ETC = ["alternatives/awk", "alternatives/mt", "alternatives/rmt", "alternatives/which", "group", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd", "terminfo"]

# For all pages. `blank` puts a blank cartridge into the drive; without a drive /dev/nst0 is a virtual cartridge.
PRELUDE = r"""
blank() {
  rm -rf "$HOME/.local/state/tapir" /var/lib/tapir "${TAPIR_INDEX:-/var/lib/tapir}"
  if [ "$DRIVE" ]; then
    mt -f /dev/nst0 rewind && mt -f /dev/nst0 erase && mt -f /dev/nst0 rewind
  else
    rm -rf /dev/nst0
    [ -d /checks/blank ] || tapir library create /checks/blank --slots 1
    cp -a /checks/blank/V00001 /dev/nst0
  fi
}
written() {  # a volume with some of everything
  blank && tapir -cf /dev/nst0 --vsn "$1" /home && tapir -rf /dev/nst0 /etc && tapir -rf /dev/nst0 --layout=raw /data
}
library() {  # FOLDER: a library of small cartridges with one volume
  rm -rf "$1" && tapir library create "$1" --slots 4 --capacity 64M && tapir -cf "$1" /home && tapir -rf "$1" /etc
}
"""

# Once for each page: a home directory, and what else the pages archive.
BEGIN = r"""
set -e
mkdir -p /home/me/src /home/me/letters /home/me/images /home/me/tmp /far /data /archive /yesterday
seq 2000 > /home/me/thesis.tex
seq 300 > /home/me/letters/notes.txt
for i in 1 2 3 4 5 6 7 8 9; do seq $i > /home/me/src/$i.c; done
pg_dump db > /checks/db.sql
head -c 2000000 /usr/bin/bash > /data/measured
cp -r /home /w/home
cp -a /etc /far/etc
[ ! "$CHANGER" ] || ln -sf "$CHANGER" /dev/sg3
set +e
"""

PHOTOS = r"""
python3 - << 'END'
import os
for year in range(2000, 2025):
    os.makedirs(f"photos/{year}")
    for i in range(400):
        with open(f"photos/{year}/{i:03}.tif", "w") as f:
            f.truncate(320_000_000)
END
"""

# Page, heading: what is done before the first command there; before all commands of the page (no heading), and at its end.
STAGES = {
    "README.md": {
        "You have a drive": "blank; export TAPIR_INDEX=/w/drive.sqlite",
        "You have a disk full of virtual cartridges": "unset TAPIR_INDEX; blank",
        "You write programs": "tar -cf photos.tar home",
    },
    "docs/guide.md": {
        "When is a member safe?": "blank",
        "A part of one member": r"""
blank && mkdir images && truncate -s 21G images/disk.img && tapir -cSf /dev/nst0 images""",
        "Yesterday's state": "library tapes",
        "Many cartridges: libraries": "rm -rf tapes; [ ! \"$DRIVE\" ] || { mtx -f /dev/sg3 load 3; blank; }",
        "Room again": r"""
library tapes && tapir -cf tapes /data && tapir library create new --slots 2
tapir -cf old.vtl --vsn V00007 /home && tapir library create /archive --slots 2""",
        "Copies, and images of other programs": "blank; rm -rf tapes; library tapes",
        "Drives of other machines": "written V00008; mkdir /far/tapes; tapir -cf /far/tapes/V00001/ /etc",
        "How long will it take?": PHOTOS,
        "Several cartridges by hand": "blank",
        "Ordinary archives": r"""
written V00009 && mkdir /backup && tapir -caf photos.zip home && seq 200000 > home/numbers""",
    },
    "docs/from-tar-mt-mbuffer.md": {"Writing": "blank; [ \"$DRIVE\" ] || export TAPIR_INDEX=/w/drive.sqlite", "More than one tape": "blank", "Tape over ssh": "written V00001",
                                    "Old tapes": "blank; tar -cf /dev/nst0 /home; library tapes"},
    "docs/from-tar-mt-mbuffer.md (before)": {"Writing": "blank"},
    "docs/performance.md": {
        "": PHOTOS,
        "What restoring takes": r"""
export TAPIR_INDEX=/w/drive.sqlite; for i in {10..29}; do head -c 1000000 /dev/zero > f$i; done
tapir -cf v.vtl --vsn V00001 --no-span f1* && tapir -rf v.vtl f2*""",
    },
    "docs/json.md": {"": "library tapes"},
    "docs/index.md": {"": "written V00001; tapir index rebuild /dev/nst0 --index-db index.sqlite; cp /data/measured FILE"},
    "docs/installing.md": {
        "": r"""
mkdir -p /srv /etc/systemd/system /etc/tapir
make -C /repository install-files BINARY=/bin-of-tests/tapir PREFIX=/usr/local > /dev/null""",
    },
    "docs/tape-format.md": {"": "written V00001"},
    "docs/thirty-years.md": {
        "From a cartridge in a drive": "written V00001; cp -a /w/home /w/kept",
        "From a virtual cartridge": r"""
rm -rf home etc data; mkdir tapes; tapir -cf tapes/V00001/ --vsn V00001 --compression=lz4 /home
tapir -rf tapes/V00001 /etc && tapir -rf tapes/V00001 --layout=raw /data""",
        "From an image (`.tap`)": r"""
diff -r /home /w/home && cmp raw.* /data/measured && tapir volume copy tapes/V00001 old.tap""",
        "end": r"""
diff -r /home home || return 1
if [ "$DRIVE" ]; then  # what the tape says of itself works too
  mkdir again && cd again && mt -f /dev/nst0 rewind && mt -f /dev/nst0 fsf 1 || return 1
  dd if=/dev/nst0 bs=262144 | tar -xf - README.txt
  sed -n '/^HOW TO GET EVERYTHING/,/^HOW TO GET ONE/s/^  //p' README.txt > commands
  [ -s commands ] && sh -e commands && diff -r /home home && cmp raw.* /data/measured
fi""",
        "Is it what was archived?": "",
    },
}

PACKAGE = "Tests/documents/install does"
TESTS = "this is one of those tests"
MINUTES = "it takes minutes"
NOT_RUN = {
    "make bench-castor      # CASTOR's table, the table of drives, docs/castor.svg, the six file sets": MINUTES,
    "swift test --filter DriveTimingTests": TESTS,
    "make deps demo     # installs the libraries, builds, archives /usr/include and restores it": "the CI runs it",
    "make deps                                          # Debian 12's libraries; Swift 6.3 is there already": "the CI runs it",
    "make build": "the CI runs it",
    "make install DESTDIR=/tmp/stage PREFIX=/usr/local  # DESTDIR is for packagers: without it, below PREFIX": PACKAGE,
    "make uninstall DESTDIR=/tmp/stage PREFIX=/usr/local": PACKAGE,
    "make deb                       # .build/deb/tapir_VERSION_ARCHITECTURE.deb, and lintian's opinion": PACKAGE,
    "dpkg-buildpackage -b -us -uc   # the same in Debian's way: into the parent folder": PACKAGE,
    "sudo adduser me tape": "there are no accounts here",
    "sudo systemctl enable --now tapir-backup@home.timer": "systemd does not run here; Tests/documents/nights checks the units",
    "make test          # runs all tests": TESTS,
}

# The same for whoever is not root.
NOT_RUN_BY_USERS = {
    "tar --rsh-command=/usr/bin/ssh --rmt-command='tapir rmt' -cf host:other.vtl /home   # GNU tar onto a virtual cartridge":
        "GNU tar 1.34 reaches other machines as root only",
}

# Commands that end with another exit status than 0, as they should.
STATUS = {}


def needs_drive(command):
    """Whether the command works on a real drive or library only."""
    return command.page.endswith("(before)") or command.heading == "Old tapes" or re.search(r"\bmtx? -f|--changer|/dev/nst1|if=\$T|\bmt\b|last.sqlite|catalogues/|tail -n 1 places", command.text)


# With a drive: the pages that are about drives, whole, and what needs one on the others.
DRIVE_PAGES = ("docs/from-tar-mt-mbuffer.md", "docs/tape-format.md", "docs/thirty-years.md")
NO_DRIVE = ("From a virtual cartridge", "From an image (`.tap`)", "Is it what was archived?")


def in_drive_run(command):
    """Whether the command is also run with a drive."""
    return needs_drive(command) or command.page.startswith(DRIVE_PAGES) and command.heading not in NO_DRIVE


def text_with_drive(text):
    """The command as it runs with the library there, whose cartridges are called otherwise."""
    return text.replace("V0000", "TVM00") if "--changer" in text else text
