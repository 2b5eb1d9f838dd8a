import Foundation
import Testing

/// Tapes of other programs: listed and restored, never written to. Made as SIMH images by a few lines of Python.
struct ForeignTapeTests {
  private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../TapeLabelsTests/Golden/cta-labels.bin").path

  private static let maker = #"""
    import struct, sys
    def record(out, data):
        word = struct.pack('<I', len(data))
        out.write(word + data + b'\0' * (len(data) % 2) + word)
    def mark(out): out.write(bytes(4))
    def label(text): return text.ljust(80).encode()[:80]
    golden = open(sys.argv[1], 'rb').read()
    labels = [golden[at:at + 80] for at in range(0, len(golden), 80)]

    # CTA's, with its own labels but for what differs from file to file.
    with open('cta.tap', 'wb') as out:
        record(out, labels[0])
        for number, name in ((1, 'one'), (2, 'two')):
            data = open(name, 'rb').read()
            blocks = [data[at:at + 262144] for at in range(0, len(data), 262144)]
            def first(group, count):
                found = bytearray(labels[2])
                found[0:3], found[4:21] = group, (b'%016X' % (0xA00000000 + number)).ljust(17)
                found[31:35], found[54:60] = b'%04d' % number, b'%06d' % count
                return bytes(found)
            def user(group): return group + labels[4][3:4] + b'%010d' % number + labels[4][14:]
            record(out, first(b'HDR', 0)); record(out, labels[3]); record(out, user(b'UHL')); mark(out)
            for block in blocks: record(out, block)
            mark(out)
            record(out, first(b'EOF', len(blocks))); record(out, labels[6]); record(out, user(b'UTL')); mark(out)

    # A mainframe's: a user label behind VOL1, no fixed length, a name twice, one that leads away, one that goes on.
    with open('ansi.tap', 'wb') as out:
        record(out, label('VOL1TAPE01' + ' ' * 27 + 'SOMEBODY'.ljust(14) + ' ' * 28 + '3')); record(out, label('UVL1'))
        files = (('DATA.SET', b'x' * 1000, 'EOF'), ('DATA.SET', b'y' * 5, 'EOF'), ('../UP', b'z' * 7, 'EOV'))
        for number, (name, data, end) in enumerate(files):
            blocks = [data[at:at + 300] for at in range(0, len(data), 300)]
            def first(group, count):
                return label(group + '1' + name.ljust(17) + 'TAPE010001%04d000100 89001 00000 %06dIBM OS/VS 370' % (number + 1, count))
            record(out, first('HDR', 0)); record(out, label('HDR2U0008000080')); mark(out)
            for block in blocks: record(out, block)
            mark(out); record(out, first(end, len(blocks))); record(out, label(end + '2U0008000080')); mark(out)
        mark(out)

    # GNU tar's, in records of 10 KiB, with another file behind it.
    with open('gnu.tap', 'wb') as out:
        data = open('gnu.tar', 'rb').read()
        for at in range(0, len(data), 10240): record(out, data[at:at + 10240])
        mark(out); record(out, b'another file'); mark(out)
    """#

  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.write(Self.maker, to: "make.py")
    try place.file("one", bytes: 600_000)
    try place.file("two", bytes: 7)
    let made = try place.shell("mkdir t; cp one t; ln t/one t/link; tar -cf gnu.tar t; python3 make.py \(Self.golden)")
    #expect(made.status == 0, "\(made.errors)")
    return place
  }

  @Test func filesOfCTAAreListedAndRestoredByTheirIdentifiers() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR -tf cta.tap; mkdir o; $TAPIR -xf cta.tap -C o 2>/dev/null; cd o; ls; cmp 0000000A00000001.1 ../one
      cmp 0000000A00000002.2 ../two; cd ..; $TAPIR -df cta.tap -C o 2>/dev/null; echo $?
      $TAPIR -xOf cta.tap 0000000A00000002.2 2>/dev/null | cmp - two
      $TAPIR -tvf cta.tap 2>/dev/null | cut -c-10,25-
      """)
    #expect(result.status == 0)
    let names = ["0000000A00000001.1", "0000000A00000002.2"]
    #expect(Array(result.lines.prefix(5)) == names + names + ["0"])
    #expect(
      result.lines.suffix(2).map { $0.split(separator: " ").last.map(String.init) } == names)
    #expect(result.lines.suffix(2).allSatisfy { $0.hasPrefix("-rw-r--r--") })
    #expect(
      result.errors
        == "tapir: volume L01001 in cta.tap is not a volume of tapir, written by CTA 5.11.20.0: reading its files as they"
        + " are\n")
  }

  @Test func otherLabelledFilesAreReadAndWhatIsMissingIsSaid() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR -xvf ansi.tap -C t; echo $?; cd t; wc -c DATA.SET DATA.SET.2 file.._UP | sed -n 1,3p
      $TAPIR -tvf ../ansi.tap 2>/dev/null | grep -c 1989-01-01
      """)
    #expect(
      result.lines == [
        "DATA.SET", "DATA.SET.2", "file.._UP", "2", "1000 DATA.SET", "   5 DATA.SET.2", "   7 file.._UP", "3",
      ])
    #expect(
      result.errors == """
        tapir: volume TAPE01 in ansi.tap is not a volume of tapir: reading its files as they are
        tapir: file.._UP: On tape: it goes on on the next volume
        tapir: Exiting with failure status due to previous errors

        """)
  }

  @Test func aTapeWithoutALabelIsTheArchiveThatItHolds() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR -tf gnu.tap; mkdir o; $TAPIR -xf gnu.tap -C o && diff -r t o/t && stat -c %h o/t/one
      $TAPIR -df gnu.tap; gzip -k gnu.tar; mv gnu.tar.gz gnu.tar; python3 make.py \(Self.golden); $TAPIR -tf gnu.tap | wc -l
      """)
    #expect(
      result.lines == ["t/", "t/link", "t/one", "2", "3"] || result.lines == ["t/", "t/one", "t/link", "2", "3"])
    #expect(result.errors == "")
  }

  @Test func theirMembersGoToOtherArchives() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR -cf x.vtl --vsn V00001 @cta.tap @gnu.tap 2>/dev/null; $TAPIR -xOf x.vtl 0000000A00000001.1 | cmp - one
      $TAPIR -tf x.vtl | wc -l; $TAPIR -cf x.tar @cta.tap 2>/dev/null; tar -xOf x.tar 0000000A00000002.2 | cmp - two
      """)
    #expect(result.status == 0 && result.lines == ["5"], "\(result)")
  }

  @Test func nothingIsWrittenToThem() throws {
    let place = try place()
    let result = try place.shell(
      """
      sha1sum *.tap > before
      for i in cta ansi gnu; do $TAPIR -rf $i.tap one; echo $?; $TAPIR -cf $i.tap one; echo $?; done; sha1sum -c before
      """)
    #expect(
      result.lines == ["2", "2", "2", "2", "2", "2", "ansi.tap: OK", "cta.tap: OK", "gnu.tap: OK"], "\(result.errors)")
  }

  @Test func damageCostsTheFileThatItHit() throws {
    let place = try place()
    let result = try place.shell(
      """
      python3 -c "
      data = bytearray(open('cta.tap', 'rb').read()); at = data.find(open('one', 'rb').read()[:64])
      word = data[at - 4:at]; end = at + int.from_bytes(word, 'little')
      data[at - 1] |= 0x80; data[end + 3] |= 0x80
      open('cta.tap', 'wb').write(data)"
      mkdir o; $TAPIR -xf cta.tap -C o; echo $?; ls o; cmp o/0000000A00000002.2 two
      """)
    #expect(result.lines == ["2", "0000000A00000002.2"], "\(result.errors)")
    #expect(
      result.errors.contains(
        "file 1 on tape: cannot read block at block 5 of cta.tap: medium error: the image marks it as read with an error"
      ),
      "\(result.errors)")
  }
}
