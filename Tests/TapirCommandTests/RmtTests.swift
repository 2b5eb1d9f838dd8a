import Foundation
import Testing

/// `tapir rmt`: GNU tar and tapir on "another machine", which a stand-in for the remote shell reaches.
struct RmtTests {
  private static let shell = #"""
    printf '#!/bin/sh\nshift; [ "$1" = -l ] && shift 2; exec sh -c "$*"\n' > rsh; chmod +x rsh; h=localhost:$PWD
    far() { local t=$1; shift; $t --rsh-command=$PWD/rsh --rmt-command="$TAPIR rmt" "$@"; }
    mkdir tree; for i in {1..12}; do head -c $((i * 30011)) /dev/urandom > tree/$i; done; : > tree/empty; echo new > new
    """#

  @Test func gnuTarCreatesListsComparesAppendsAndVerifiesOnACartridge() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      \(Self.shell)
      far tar -cf $h/x.vtl tree; far tar -df $h/x.vtl && far tar -rf $h/x.vtl new; far tar -tf $h/x.vtl | tail -n 1
      far tar -tf $h/x.vtl | wc -l; mkdir o; far tar -xf $h/x.vtl -C o; diff -r tree o/tree && cmp new o/new
      far tar -cWf $h/y.vtl tree; echo $?; far tar -uf $h/y.vtl tree new; far tar -tf $h/y.vtl | wc -l
      far tar -b 1 -cf $h/z.vtl tree && $TAPIR -tf z.vtl | wc -l; far $TAPIR -tf $h/z.vtl --rmt-command="env $TAPIR rmt" | wc -l
      """)
    #expect(result.lines == ["new", "15", "0", "15", "14", "14"], "\(result.text)\(result.errors)")
    #expect(result.errors == "")
  }

  @Test func gnuTarGoesOnFromCartridgeToCartridge() throws {
    let place = try Workplace()
    let result = try place.shell(
      #"""
      \#(Self.shell); for i in {1..12}; do head -c 300000 /dev/urandom > tree/$i; done
      $TAPIR library create tapes --cartridges 6 --capacity 1M > /dev/null
      printf '#!/bin/sh\necho "'$h'/tapes/V0000$TAR_VOLUME" >&$TAR_FD\n' > next; chmod +x next
      far tar -b 32 -cMf $h/tapes/V00001 -F ./next tree; echo $?; far tar -b 32 -tMf $h/tapes/V00001 -F ./next | wc -l
      mkdir o; far tar -b 32 -xMf $h/tapes/V00001 -F ./next -C o; diff -r tree o/tree
      far tar -cf $h/tapes new; far tar -tf $h/tapes/V00006
      """#)
    #expect(result.lines == ["0", "14", "new"], "\(result.text)\(result.errors)")
    #expect(result.status == 0)
  }

  @Test func aLabelledVolumeIsReadAndNeverWrittenTo() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      \(Self.shell); $TAPIR -cf x.vtl --vsn V00001 tree; sha1sum x.vtl/data > before
      far tar -cf $h/x.vtl new; echo $?; far tar -rf $h/x.vtl new; echo $?; far tar -cf $h/new/none.vtl new; echo $?
      sha1sum -c before
      """)
    #expect(result.lines == ["2", "2", "2", "x.vtl/data: OK"], "\(result.text)")
    #expect(result.errors.contains("x.vtl: Cannot open: Permission denied"), "\(result.errors)")
  }

  @Test func tapirHasVolumesThere() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      \(Self.shell); export TAPIR_INDEX=$PWD/index
      far $TAPIR -cf $h/x.vtl --vsn V00007 tree && far $TAPIR -rf $h/x.vtl new && far $TAPIR -tf $h/x.vtl | wc -l
      mkdir o; far $TAPIR -xf $h/x.vtl -C o tree/12 new && cmp o/tree/12 tree/12 && cmp o/new new; far $TAPIR -df $h/x.vtl
      echo $?; far $TAPIR -xOf $h/x.vtl --range=1000:100 tree/5 | cmp - <(head -c 1100 tree/5 | tail -c 100)
      far $TAPIR -tf $h/x.vtl/ --no-index | wc -l; rm index; far $TAPIR -tf $h/x.vtl 2>&1 | sed -n 1p
      far $TAPIR -cf $h/x.vtl new; echo $?; $TAPIR --rsh-command=$PWD/rsh --rmt-command='/none/tapir rmt' -tf $h/x.vtl; echo $?
      far $TAPIR -tf $h/none.vtl; echo $?
      """)
    #expect(
      result.lines == [
        "15", "0", "15", "tapir: volume V00007 is not in the index: reading its catalogues", "2", "2", "2",
      ], "\(result.text)\(result.errors)")
    let errors = result.errors.split(separator: "\n")
    #expect(errors.contains { $0.contains("holds 15 members, last written ") }, "\(result.errors)")
    #expect(errors.contains { $0.hasSuffix("x.vtl: the connection ended") }, "\(result.errors)")
    #expect(errors.contains { $0.hasSuffix("none.vtl: No such file or directory") }, "\(result.errors)")
  }

  @Test func whatIsNoRequestEndsItAndFilesAreServedToo() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      \(Self.shell); printf 'O/dev/null\\n0\\nS\\nC\\nC\\n' | $TAPIR rmt | grep -v '^[A-Z][a-z]'
      printf 'Onone\\n0\\nQ' | $TAPIR rmt; echo $?; printf 'Onew\\n0 O_RDONLY\\nR3\\nL1\\n0\\nR9\\n' | $TAPIR rmt
      far tar -cf $h/f.tar tree; far tar -rf $h/f.tar new; tar -tf f.tar | wc -l
      """)
    #expect(
      result.lines == [
        "A0", "E25", "A0", "E9", "E2", "No such file or directory", "E22", "Garbage command", "2", "A0", "A3", "newA1",
        "A3", "ew", "15",
      ], "\(result.text)\(result.errors)")
    #expect(result.errors == "tapir: rmt: a request that is none: 'Q'\n")
  }
}
