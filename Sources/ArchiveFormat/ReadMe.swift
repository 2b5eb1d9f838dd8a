/// The text in catalogue 0 for whoever finds the volume without this program.
public enum ReadMe {
  /// The text for a volume: plain ASCII, lines of at most 110 characters. Its commands are run in the tests.
  public static func text(for volume: VolumeDescriptor, program: String, date: String) -> [UInt8] {
    Array(
      """
      WHAT THIS VOLUME IS

      Volume \(volume.vsn), labelled on \(date) (UTC) by \(program), a tar for tape.
      Its UUID is \(volume.id);
      it is volume \(volume.sequenceInSet) of the set \(volume.set).

      Everything on it can be had back with programs that every Unix has: mt, dd and tar; and for the lists of
      what is where, lz4 and sqlite3 (3.37 or later). /dev/nst0 stands for the drive, by the name under which it
      does not rewind by itself.

      HOW IT IS LAID OUT

      The volume begins with a label of 80 bytes (VOL1). Behind it lie files, numbered from 1. Each of them is
      three tape files, and each tape file is closed by one filemark:

        a header    three blocks of 80 bytes of text: HDR1 HDR2 UHL1
        the file    blocks of \(volume.blockSize) bytes, the last one shorter
        a trailer   three blocks of 80 bytes of text: EOF1 EOF2 UTL1

      So the header of file K begins behind filemark 3(K-1), counted from the beginning of the tape, and the file
      itself behind filemark 3(K-1)+1. The labels follow ECMA-13, ISO 1001 and ANSI X3.27.

      Columns 5 to 20 of HDR1 say what the file is:

        CATALOG nnnnnnnn    a catalogue: what the files before it hold
        xxxxxxxx1xxxxxxx    one member: an ordinary tar archive (POSIX pax)
        xxxxxxxx2xxxxxxx    several members: an ordinary tar archive too
        xxxxxxxx3xxxxxxx    the bytes of one member as they are; its name is in the catalogue behind it
        xxxxxxxxFxxxxxxx    nothing: a file that was given up

      HOW TO GET EVERYTHING BACK

      Into the present directory; what is no archive comes as raw.NUMBER, catalogues come into catalogues/.

        T=/dev/nst0; B=\(volume.blockSize)
        mkdir -p catalogues
        mt -f $T setblk 0
        mt -f $T rewind
        dd if=$T bs=80 count=1 of=/dev/null
        while h=$(dd if=$T bs=80) && [ -n "$h" ]; do
          k=$(printf %s "$h" | cut -c165-174)
          case $(printf %s "$h" | cut -c5-20) in
            CATALOG*)       dd if=$T bs=$B | tar -xOf - catalogue.sqlite.lz4 | lz4 -dc > catalogues/$k ;;
            ????????[12]*)  dd if=$T bs=$B | tar -xpf - ;;
            ????????3*)     dd if=$T bs=$B of=raw.$k ;;
            *)              mt -f $T fsf 1 ;;
          esac
          mt -f $T fsf 1
        done
        for c in catalogues/*; do
          sqlite3 -separator ' ' $c "SELECT printf('raw.%010d', m.fseq), d.path || m.name
            FROM member m JOIN directory d ON d.id = m.directory WHERE m.layout = 3"
        done

      The last lines say which names the raw files had. A later version of a name replaces the earlier one.
      Files behind the last catalogue were never confirmed.

      HOW TO GET ONE FILE BACK

      File K, with N = 3 x (K-1) + 1, if it is an archive; for the other kind, dd alone with of=NAME:

        mt -f $T rewind
        mt -f $T fsf N
        dd if=$T bs=$B | tar -xpf -

      HOW TO FIND OUT WHAT IS WHERE

      The last file of the volume is a catalogue, which leads to the others:

        mt -f $T eod
        mt -f $T bsf 3
        mt -f $T fsf 1
        dd if=$T bs=$B | tar -xOf - catalogue.sqlite.lz4 | lz4 -dc > last
        sqlite3 last "SELECT m.fseq, m.size, d.path || m.name
          FROM member m JOIN directory d ON d.id = m.directory ORDER BY m.id"
        sqlite3 last "SELECT number, fseq, 3 * (fseq - 1) + 1 AS filemarks FROM earlier_catalogue"

      (dd without a count reads to behind the next filemark; tar by itself may stop in front of it.)

      """.utf8)
  }
}
