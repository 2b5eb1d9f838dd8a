/// The texts of `tapir help TOPIC`. Their commands are tried by a test.
enum HelpTopicText {
  static let gettingStarted = """
    GETTING STARTED

    A virtual cartridge is a folder that behaves like a cartridge in a drive; -c makes it when its name ends in .vtl:

      tapir -cf home.vtl /home/me                  archive
      tapir -tf home.vtl                           list
      tapir -xf home.vtl -C /restore home/me/a.txt restore one file; its digest is checked before it gets its name
      tapir -rf home.vtl /etc                      append
      tapir volume show home.vtl                   which volume, how much is on it
      tapir volume verify home.vtl                 read it all and compare with the digests

    With a drive it is the same: /dev/nst0 in the place of home.vtl. A blank cartridge is labelled by -c, with the name of
    --vsn (six characters, as on its sticker) or one that is made up. A cartridge that holds anything is never overwritten,
    unless --erase-volume=VSN names it.

    A member is safe when its batch is committed: catalogue written, drive flushed, index brought up to date; at the end,
    and every 64 GiB, 50000 members or 5 minutes. After a crash everything committed is there; -r goes on behind it.

    Where a file is, without a cartridge:

      tapir index find '*a.txt'                    of drives; -f home.vtl of that cartridge

    See also: tapir help drives, libraries, recovery.
    """

  static let drives = """
    DRIVES

    Use /dev/nst0, which does not rewind by itself. Debian gives it to group tape: put yourself into that group.

      tapir drive status /dev/nst0                 what is in it, where it stands; moves nothing
      tapir drive health /dev/nst0                 errors, wear, what to do about it
      tapir drive eject /dev/nst0
      tapir plan -cf LTO-9 /home                   how many cartridges, how long, before anything is written
      tapir plan -xf /dev/nst0 home/me             how long, before anything is restored

    Positions have to be those of blocks, and nothing may be written behind one's back: as root tapir sets the driver's
    options itself, else it says which 'mt stsetoptions' root has to give once.

    A drive that waits for files stops and has to go back. tapir lets it rest until three quarters of the buffer are full:
    --buffer=4G makes that longer, --drive-rate=112M-300M says how fast it streams, --pack puts many small files together.
    --totals says who waited for whom.

    After a failed write nothing more is written; what was committed is safe. 'medium error' and 'Input/output error':
    clean the drive, try another cartridge. The kernel's words are in dmesg.
    """

  static let libraries = """
    LIBRARIES

    A virtual library is a folder of cartridges with slots and drives; it exchanges them by itself:

      tapir library create tapes --slots 8 --capacity 12T
      tapir -cf tapes /home                        a new volume, on a cartridge of the scratch pool
      tapir -rf tapes /etc                         goes on on the volume written last
      tapir -tf tapes                              what is on all of them; loads nothing
      tapir -xf tapes -C /restore home/me          loads what it needs
      tapir library status tapes                   what is where
      tapir volume erase tapes V00001              back to the scratch pool: everything on it is given up

    --vsn=V00001 means that one, also -f tapes/V00001. Several commands at once take a drive each (--drives with create).
    'library migrate' copies what is old or full to tape, 'library status --stale' says what that is.

    A real library: --changer=/dev/sg3 (or /dev/sch0) with -f /dev/nst0 fetches volumes by their barcodes through mtx.
    --drive-element=N when the drive is not its first. 'tapir library status --changer=/dev/sg3' shows it.
    """

  static let spanning = """
    SPANNING: MORE THAN ONE CARTRIDGE HOLDS

    A volume set is one session on several volumes. A member goes on on the next volume where one is full, and is restored
    from all of them.

      tapir -cf tapes /data                        a library takes the next scratch cartridge by itself
      tapir -cf /dev/nst0 --changer=/dev/sg3 /data the same with a real one: blank cartridges with a barcode
      tapir -cM --vsn A00001,A00002 -f /dev/nst0 /data   by hand: asks for the next one
      tapir -cMf one.vtl -f two.vtl /data          several names: one after the other
      tapir -cMf /dev/nst0 -F change-it /data      a script changes it

    Without any of these the session ends at the full volume and says what was not archived; what was is safe.

      tapir -xMf /dev/nst0 -C /restore             asks for each volume by its VSN; -xf tapes fetches them

    --no-span keeps each member on one volume. --drive-element and several drives: see tapir help libraries.
    On ordinary archives -M and -L are as with GNU tar.
    """

  static let versions = """
    VERSIONS

    Nothing on a volume is overwritten: every version is there still.

      tapir -r --changed -f tapes /home            append what changed since; what vanished is noted
      tapir -xf tapes -C /restore                  the newest of each, without what vanished or was deleted
      tapir -xf tapes -C /restore --as-of='3 days ago'   everything as it was then
      tapir index log -f tapes                     the sessions, numbered
      tapir -tf tapes --session 12                 what one of them archived
      tapir -tf tapes --newest                     the newest version of each member
      tapir index show -f tapes home/me/thesis.tex every version of a member
      tapir --delete -f tapes home/me/tmp          not found any more, but by --as-of
      tapir index rename -f tapes home/me home/you
      tapir volume repack old.vtl new.vtl          only what is live, on a fresh volume: room again

    --changed belongs to a series: the same host and directory, or --series=NAME. --retain=DAYS keeps a volume from being
    erased. -g and -G are GNU tar's, with its snapshots.
    """

  static let scripts = """
    SCRIPTS

    Exit status: 0 all done; 1 some files differ or changed while they were read; 2 something failed. Data is on standard
    output, everything else on standard error. 128 + N after signal N, when what was committed is safe.

    With --json every mode and verb says what happens in JSON, a line for each event; messages have codes that stay, and
    the last line is 'summary' (docs/json.md, docs/tapir.schema.json):

      tapir -cf tapes --json /home | jq -r 'select(.event == "committed") | .bytes'

    The index is a SQLite database that stays the same (docs/index.md):

      sqlite3 -readonly tapes/index.sqlite 'SELECT vsn, block_size FROM volume'

    Into and out of pipes, of any length:

      pg_dump db | tapir -rf tapes --stream db.sql
      tapir -xOf tapes db.sql | psql db
      cat photos.tar | tapir -rf tapes @-          a stream of tar, member by member

    Nothing asks a question unless -w, or -M without -F, says so. A script that must not depend on somebody's defaults
    says --no-config and -f. Nightly backups: the package has a systemd timer, docs/installing.md.
    """

  static var configuration: String {
    """
    CONFIGURATION

    Defaults of options, in /etc/tapir.conf and ~/.config/tapir/config ($XDG_CONFIG_HOME/tapir/config), or in the file
    that $TAPIR_CONFIG names in place of the latter:

      [defaults]
      file = /srv/tapes            ; when there is no -f and no $TAPE
      sync-seconds = 60

      [drive /dev/nst0]
      drive-rate = 112M-300M
      changer = /dev/sch0

      [library /srv/tapes]
      retain = 30

      [series home]
      pack = 1M

    The command line wins, then $TAR_OPTIONS, then $TAPE and $TAPIR_INDEX, then [series], [drive], [library], [defaults]; of
    equal sections the user's file. Ordinary archives have nothing of it. What is not understood is an error that names
    the line. --no-config reads none of them.

      tapir config show [ARCHIVE]  what holds, and where each value comes from

    Options that can be set, and in which sections:


    """
      + ConfigurableOption.all.map { option in
        let places = ConfigurableOption.Scope.allCases.filter { option.scopes.contains($0) }.map(\.word)
        let name = option.name + String(repeating: " ", count: max(1, 16 - option.name.count))
        return "  " + name + places.joined(separator: ", ") + "\n"
      }.joined()
  }

  static let recovery = """
    RECOVERY

    The index is lost, or not of this machine: it is made anew from what is on the volume. Reading works without one, too.

      tapir index rebuild ARCHIVE                  from the catalogues
      tapir index rebuild --scan ARCHIVE           where the end of the tape cannot be read: file by file
      tapir index check ARCHIVE                    does the index say what the volume says?
      tapir -xf ARCHIVE --no-index -C /restore     from the beginning, without catalogues

    Something is damaged. It is named, gets no file, and costs no other:

      tapir volume verify ARCHIVE                  names everything that is
      tapir -xf ARCHIVE --keep-damaged -C /restore keeps what can be read as NAME.damaged
      tapir index show -f ARCHIVE NAME             other versions of it
      tapir volume repack ARCHIVE new.vtl          everything else to a fresh volume
      Try again in another drive, and after cleaning this one: dirty heads look like damage.

    A session was interrupted, the machine died, the drive failed: everything committed is safe. The next -r goes on behind
    it; what lies there uncommitted is overwritten, unless 'tapir index rebuild --salvage' takes it in first.

    A message that says too little: docs/messages.md has all of them, with what to do.
    """

  static let withoutTapir = """
    RESTORING WITHOUT TAPIR

    A volume is files between filemarks, in groups of three: header labels of 80 bytes, a tar archive, trailer labels.
    The first archive is a text, README.txt, that says this too. All that is needed is mt, dd and tar:

      T=/dev/nst0
      mt -f $T setblk 0                            # variable blocks
      mt -f $T rewind; mt -f $T fsf 1
      dd if=$T bs=262144 | tar -xOf - README.txt   # what the tape says of itself

    File number K, as 'tapir index find' and the catalogues know it, lies behind 3 x (K - 1) + 1 filemarks:

      mt -f $T rewind; mt -f $T fsf $((3 * (K - 1) + 1))
      dd if=$T bs=262144 | tar -xpf -

    262144 is the block size, which 'dd if=$T bs=80 count=4' shows in the label UHL1 at the beginning; a greater number
    does as well. Catalogues are archives of catalogue.sqlite.lz4: 'lz4 -d', then sqlite3. A script that restores everything
    from a tape, and one for virtual cartridges, are in docs/thirty-years.md; every byte is in docs/tape-format.md.
    """
}
