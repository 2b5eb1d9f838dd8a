import Foundation
import Testing

/// One session over the cartridges of a library, and what becomes of it when the index is lost.
///
/// A hard link to what lies on an earlier volume has its data again.
struct LibrarySpanTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    let made = try place.shell(
      """
      mkdir tree; for i in {1..12}; do head -c $((i * 1000003)) /dev/urandom > tree/$i; done; ln tree/1 tree/link
      $TAPIR library create tapes --cartridges 8 --capacity 16M > /dev/null; $TAPIR -cf tapes --sort=name tree
      """)
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.errors == (2...7).map { "tapir: going on on volume V0000\($0)\n" }.joined(), "\(made.errors)")
    return place
  }

  @Test func aLibraryIsFilledListedAndRestored() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR -tf tapes | sort > list; find tree -type d -printf '%p/\\n' -o -print | sort | cmp - list && wc -l < list
      mkdir o; $TAPIR -xf tapes -C o && diff -r tree o/tree; $TAPIR -df tapes && echo same
      mkdir one; $TAPIR -xf tapes -C one tree/12 && cmp tree/12 one/tree/12; $TAPIR -xOf tapes tree/11 | cmp - tree/11
      $TAPIR -xOf tapes --range=10000000:100000 tree/12 | cmp - <(head -c 10100000 tree/12 | tail -c 100000)
      """)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.lines == ["14", "same"], "\(result.text)")
    #expect(result.errors == "")
  }

  @Test func theLostIndexComesBackFromAllCartridges() throws {
    let place = try place()
    let result = try place.shell(
      """
      dump() { sqlite3 tapes/index.sqlite "SELECT v.vsn, b.number, hex(b.uuid), hex(b.digest) FROM batch b JOIN volume v \\
        ON v.id = b.volume ORDER BY 1, 2; SELECT v.vsn, m.fseq, m.offset, hex(m.name), m.size, hex(m.digest) FROM member m \\
        JOIN batch b ON b.id = m.id >> 24 JOIN volume v ON v.id = b.volume ORDER BY 1, 2, 3"; }
      dump > before; rm tapes/index.sqlite*
      mkdir one; $TAPIR -xf tapes -C one tree/12 2>/dev/null && cmp tree/12 one/tree/12
      $TAPIR index rebuild tapes | wc -l; dump | cmp - before && echo equal
      rm tapes/index.sqlite*; for i in 7 2 5 1 3 6 4; do $TAPIR index rebuild tapes --vsn V0000$i > /dev/null; done
      dump | cmp - before && echo equal; mkdir o; $TAPIR -xf tapes -C o && diff -r tree o/tree && echo same
      """)
    #expect(result.lines == ["7", "equal", "equal", "same"], "\(result.text)\(result.errors)")
  }

  @Test func aFullVolumeHasOneThatContinuesItAndNoOther() throws {
    let place = try place()
    let result = try place.shell(
      "echo x > x; $TAPIR -rf tapes --vsn V00001 x; echo $?; $TAPIR -rf tapes x && $TAPIR -tf tapes x")
    #expect(result.lines == ["2", "x"])
    #expect(
      result.errors.contains(
        "volume V00001 is full and goes on on another volume already\nhint: the 0 members before it are safe; append to"
          + " V00007, the last volume of its set\n"), "\(result.errors)")
  }

  @Test func linksReadAheadOfAChangeOfVolumeAreReadAgain() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir -p tree/deep; head -c 1000003 /dev/urandom > tree/deep/first
      for i in 1 2 3 4 5; do mkdir tree/$i; head -c 7000001 /dev/urandom > tree/$i/a; ln tree/deep/first tree/$i/link; done
      ln tree/deep/first operand; $TAPIR library create tapes --cartridges 4 --capacity 16M > /dev/null
      $TAPIR -cf tapes --buffer=64M --sort=name --remove-files -C tree deep 1 2 3 -C "$PWD" ./operand -C tree 4 5 2> log
      echo $? $(($(grep -c 'going on on' log) >= 2)) $(grep -vc 'going on on' log); find tree operand -type f 2>&1 | wc -l
      sqlite3 tapes/index.sqlite 'SELECT count(*) FROM member WHERE type = 1 AND link_fseq IS NULL'
      $TAPIR -tf tapes | wc -l; mkdir o; $TAPIR -xf tapes -C o; md5sum o/deep/first o/?/link o/operand | cut -c 1-32 | uniq -c | wc -l
      """)
    #expect(result.lines == ["0 1 0", "1", "0", "18", "1"], "\(result.text)\(result.errors)")
  }
}
