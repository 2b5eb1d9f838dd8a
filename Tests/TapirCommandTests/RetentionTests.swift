import Foundation
import Testing

/// `--retain`, from outside.
struct RetentionTests {
  @Test func aVolumeIsKept() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      echo a > a; $TAPIR -cf v.vtl --vsn V00001 a; $TAPIR -cf v.vtl --erase-volume=V00001 a; echo $?
      $TAPIR volume show v.vtl | grep -c 'kept until'; $TAPIR -rf v.vtl --retain=30 a
      $TAPIR volume show v.vtl | grep 'kept until' > kept; grep -c "$(date -u -d '+30 days' +%F)" kept
      md5sum v.vtl/data > sum; $TAPIR -cf v.vtl --erase-volume=V00001 a; echo $?; $TAPIR volume erase v.vtl V00001; echo $?
      $TAPIR volume repack v.vtl n.vtl --vsn V00001 > /dev/null; $TAPIR volume repack v.vtl n.vtl | tail -n 1
      $TAPIR volume show n.vtl | grep 'kept until' | cmp - kept && echo equal
      md5sum --status -c sum && echo same; $TAPIR volume erase v.vtl V00001 --erase-unexpired | cut -c 1-24
      $TAPIR volume label v.vtl --retain=7 > /dev/null; $TAPIR volume erase v.vtl V00001; echo $?
      $TAPIR -xf v.vtl --retain=7; echo $?; $TAPIR -rf v.vtl --retain=0 a; echo $?
      """)
    #expect(
      result.lines == [
        "0", "0", "1", "2", "2", "volume V00001 may be erased: tapir volume erase v.vtl V00001", "equal", "same",
        "volume V00001 is empty, ", "2", "2", "2",
      ], "\(result.text)\(result.errors)")
    let kept = result.errors.split(separator: "\n").filter { $0.contains(" is kept until ") }
    #expect(kept.count == 3, "\(result.errors)")
    #expect(result.errors.contains("hint: --erase-unexpired insists\n"))
    #expect(result.errors.contains("--retain is for -c, -r, -u and -A"))
  }

  /// Cartridges that were labelled before, and are to be kept, take what does not fit on the first.
  @Test func anEmptyVolumeThatIsKeptIsGoneOnOn() throws {
    let result = try Workplace().shell(
      """
      for i in 1 2; do $TAPIR volume label p$i.vtl --vsn P0000$i --retain=50 --capacity 3M > log || cat log; done
      head -c 4000000 /dev/urandom > f; $TAPIR -cf p1.vtl -M -f p2.vtl --retain=20 f < /dev/null 2> log || cat log
      $TAPIR volume show p2.vtl | grep 'kept until' | grep -c "$(date -u -d '+50 days' +%F)"
      """)
    #expect(result.text == "1\n", "\(result.text)\(result.errors)")
  }
}
