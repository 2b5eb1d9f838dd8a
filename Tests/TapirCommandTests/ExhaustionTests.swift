import Foundation
import Testing

/// The index in use, the disk full, the cartridge gone: it is said, what was committed comes back, and the next session
/// goes on.
struct ExhaustionTests {
  private let fatal = "tapir: Error is not recoverable: exiting now\n"

  /// What the archive lists is what it restores, and each file is as it was.
  private func check(_ place: Workplace, _ archive: String = "x.vtl", has names: [String]) throws {
    let listed = try place.tapir("-tf", archive).lines.filter { !$0.hasSuffix("/") }
    #expect(listed == names)
    let restored = try place.shell("rm -rf out; mkdir out; $TAPIR -xf \(archive) -C out")
    #expect(restored.status == 0, "\(restored.errors)")
    for name in names { #expect(try place.shell("cmp '\(name)' 'out/\(name)'").status == 0, "\(name)") }
  }

  /// Runs a script while another process writes to the index for so many seconds.
  private func whileIndexIsLocked(_ place: Workplace, seconds: Int, _ script: String) throws -> Workplace.Outcome {
    try place.shell(
      """
      python3 -c '
      import sqlite3, sys, time
      index = sqlite3.connect("x.vtl/index.sqlite", isolation_level=None)
      index.execute("BEGIN EXCLUSIVE")
      open("locked", "w").close()
      time.sleep(\(seconds))
      ' & until [ -e locked ]; do sleep 0.05; done
      \(script); status=$?; { kill -9 $!; wait; } 2>/dev/null; rm locked; exit $status
      """)
  }

  @Test func anIndexInUseIsWaitedForAndThenSaidToBeSo() throws {
    let place = try Workplace()
    for name in ["a", "b", "c", "d"] { try place.file(name, bytes: 3) }
    try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "a")
    let waited = try whileIndexIsLocked(place, seconds: 2, "$TAPIR -rf x.vtl b")
    #expect(waited.status == 0, "\(waited.errors)")
    let locked = try whileIndexIsLocked(place, seconds: 60, "$TAPIR -rf x.vtl c")
    #expect(locked.status == 2)
    #expect(
      locked.errors.hasPrefix(
        "tapir: cannot use index x.vtl/index.sqlite: another process is writing to it; everything up to here is safe on"
          + " volume V00001, but the index does not know it\n"
          + "hint: the next command that writes to the volume brings the index up to date\n" + fatal),
      "\(locked.errors)")
    let next = try place.tapir("-rf", "x.vtl", "d")
    #expect(next.status == 0)
    #expect(next.errors == "tapir: volume V00001 is ahead of the index by 1 batch: reading its catalogue\n")
    try check(place, has: ["a", "b", "c", "d"])
  }

  @Test func aFileSizeLimitOnTheCartridgeIsSaidAndWhatWasCommittedStays() throws {
    let place = try Workplace()
    for name in ["a", "b"] { try place.file(name, bytes: 500_000) }
    try place.file("big", bytes: 8_000_000)
    let result = try place.shell("ulimit -f 4096; $TAPIR -cf x.vtl --vsn V00001 --sync-files 2 a b big")
    #expect(result.status == 2)
    // The write fails while the next one is composed: it may be the flush that says so.
    #expect(result.errors.contains("tapir: cannot "), "\(result.errors)")
    #expect(result.errors.contains("of x.vtl: File too large\n"), "\(result.errors)")
    #expect(result.errors.contains("big: "), "what was not confirmed is named: \(result.errors)")
    try check(place, has: ["a", "b"])
    #expect(try place.tapir("-rf", "x.vtl", "big").status == 0)
    try check(place, has: ["a", "b", "big"])
  }

  @Test func aFileSizeLimitOnTheIndexIsSaidAndNothingIsLost() throws {
    let place = try Workplace()
    try place.file("a", bytes: 3)
    try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "a")
    // Long names of directories, which compress well: far more bytes in the index than on the cartridge.
    let result = try place.shell(
      """
      deep=tree; for i in {1..14}; do deep=$deep/$(printf 'd%.0s' {1..250}); done
      mkdir -p $deep; (cd $deep; mkdir {1..400}; touch {1..400}/file)
      ulimit -f 2048; $TAPIR -rf x.vtl tree
      """)
    #expect(result.status == 2)
    #expect(result.errors.contains("everything up to here is safe on volume V00001, but the index does not know it\n"))
    #expect(result.errors.hasPrefix("tapir: cannot write index x.vtl/index.sqlite: "), "\(result.errors)")
    try place.file("b", bytes: 3)
    #expect(try place.tapir("-rf", "x.vtl", "b").status == 0)
    #expect(try place.shell("mkdir out; $TAPIR -xf x.vtl -C out && diff -r tree out/tree && cmp b out/b").status == 0)
  }

  @Test func aFullDiskUnderTheIndexIsSaidAndNothingIsLost() throws {
    guard geteuid() == 0 else { return print("skipped: mounting needs root") }
    let place = try Workplace()
    for name in ["a", "b"] { try place.file(name, bytes: 3) }
    // The mount is seen by these commands alone and goes with the last of them.
    let result = try place.shell(
      """
      mkdir disk; exec unshare -m bash -c '
      mount -t tmpfs -o size=1m none disk || exit 77
      export TAPIR_INDEX=$PWD/disk/index
      $TAPIR -cf x.vtl --vsn V00001 --index-db disk/index a || exit 3
      head -c 2M /dev/zero > disk/fill 2>/dev/null
      $TAPIR -rf x.vtl --index-db disk/index b; status=$?
      rm disk/fill
      $TAPIR -rf x.vtl --index-db disk/index b a || exit 4
      $TAPIR -tf x.vtl --index-db disk/index
      exit $status'
      """)
    if result.status == 77 { return print("skipped: \(result.errors)") }
    #expect(result.status == 2, "\(result.errors)")
    #expect(result.errors.hasPrefix("tapir: cannot "), "\(result.errors)")
    #expect(result.errors.contains("disk/index: "), "\(result.errors)")
    #expect(result.lines.suffix(2) == ["b", "a"], "\(result.text)")
  }

  @Test func aCartridgeRemovedWhileItIsWrittenIsNotCalledSafe() throws {
    let place = try Workplace()
    try place.file("a", bytes: 3)
    let result = try place.shell(
      """
      (cat a; until [ -e go ]; do sleep 0.05; done; cat a) |
        $TAPIR -cf x.vtl --vsn V00001 --index-db index --stream s & process=$!
      until [ "$(sqlite3 index 'SELECT count(*) FROM batch' 2>/dev/null)" = 1 ]; do sleep 0.1; done
      rm -r x.vtl; touch go; wait $process
      """)
    #expect(result.status == 2)
    #expect(result.errors.contains("cannot flush"), "\(result.errors)")
    #expect(result.errors.contains("the cartridge was removed while it was written\n"), "\(result.errors)")
    #expect(result.errors.contains("s: "), "what was not confirmed is named: \(result.errors)")
  }
}
