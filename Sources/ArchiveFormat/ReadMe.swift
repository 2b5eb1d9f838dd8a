/// The text in catalogue 0 for whoever finds the volume without this program.
public enum ReadMe {
  /// The text for a volume: plain ASCII, lines of at most 100 characters.
  public static func text(for volume: VolumeDescriptor, program: String, date: String) -> [UInt8] {
    let factor = volume.blockSize / 512
    return Array(
      """
      WHAT THIS VOLUME IS

      Volume \(volume.vsn), written by \(program) (a tar for tape), labelled on \(date) (UTC).
      Volume UUID \(volume.id), volume \(volume.sequenceInSet) of the set \(volume.set).

      Everything on it can be had back with two programs that every Unix has, `mt` and `tar`. The examples name
      the drive /dev/nst0, the tape device that does not rewind by itself.

      HOW IT IS LAID OUT

      The volume begins with a label (VOL1, 80 bytes). Behind it lie files, numbered from 1. Each is three tape
      files, and each tape file is closed by one filemark:

        a header    three blocks of 80 bytes of text: HDR1 HDR2 UHL1
        the file    blocks of \(volume.blockSize) bytes, the last one shorter
        a trailer   three blocks of 80 bytes of text: EOF1 EOF2 UTL1

      So the header of file K begins behind filemark 3(K-1), counted from the beginning of the tape, and the file
      itself behind filemark 3(K-1)+1. The labels follow ANSI X3.27 / ECMA-13 / ISO 1001.

      Column 5 to 21 of HDR1 says what the file is:
        CATALOG nnnnnnnn    a catalogue: which members the files before it hold, and where
        xxxxxxxx1xxxxxxx    one member: an ordinary tar archive (POSIX pax)
        xxxxxxxx2xxxxxxx    several members: an ordinary tar archive too
        xxxxxxxx3xxxxxxx    the bytes of one member as they are; its name is in the catalogue
        xxxxxxxxFxxxxxxx    nothing: a file that was given up

      HOW TO GET ONE FILE BACK

      File 2, if it is a tar archive (numbers: 3 x (2-1) + 1 = 4):

        mt -f /dev/nst0 rewind
        mt -f /dev/nst0 fsf 4
        tar -b \(factor) -xf /dev/nst0

      File K, if it holds the bytes as they are:

        mt -f /dev/nst0 rewind
        mt -f /dev/nst0 fsf N            (N = 3 x (K-1) + 1)
        dd if=/dev/nst0 bs=\(volume.blockSize) of=NAME

      To look at a label:

        mt -f /dev/nst0 rewind
        mt -f /dev/nst0 fsf N            (N = 3 x (K-1))
        dd if=/dev/nst0 bs=80 count=3

      HOW TO FIND OUT WHAT IS WHERE

      A catalogue is a tar archive too. The last file of the volume is one:

        mt -f /dev/nst0 eod
        mt -f /dev/nst0 bsf 3
        mt -f /dev/nst0 fsf 1
        tar -b \(factor) -xf /dev/nst0
        lz4 -d catalogue.sqlite.lz4 catalogue.sqlite
        sqlite3 catalogue.sqlite

      Table `member` has the members of the files since the catalogue before: `fseq` is the number of the file,
      `directory` and `name` make up the member's name. Table `earlier_catalogue` says which files are the other
      catalogues. The first one, this one, is file 1. Members behind the last catalogue were never confirmed.

      HOW TO GET EVERYTHING BACK

        mt -f /dev/nst0 rewind
        mt -f /dev/nst0 fsf 1
        K=1
        while dd if=/dev/nst0 bs=\(volume.blockSize) of=part && [ -s part ]; do
          tar -xf part || mv part file.$K
          K=$((K+1))
          mt -f /dev/nst0 fsf 2 || break
        done

      What is no tar archive is left as file.K: the bytes of one member as they are. Each catalogue overwrites the
      one before. (dd reads to behind the filemark of the file; two more lead over the trailer and the next header.)

      """.utf8)
  }
}
