import Foundation
import Testing

/// A signal ends a session in order: the member being written is given up, what came before it is safe.
struct InterruptionTests {
  /// Sends `signal` when 20 MB of the cartridge are written: the small files are through, the big one is not.
  private func interrupted(_ signal: String, _ place: Workplace) throws -> Workplace.Outcome {
    try place.shell(
      """
      mkdir tree; for i in {1..20}; do echo $i > tree/$i; done; truncate -s 8G big
      # Whoever runs the tests may ignore some (nohup).
      env --default-signal $TAPIR -cf x.vtl --vsn V00001 --compression off --buffer 1M tree big & process=$!
      until [ -e x.vtl/data ] && [ "$(stat -c %s x.vtl/data)" -gt 20000000 ]; do :; done
      kill -\(signal) $process; wait $process
      """)
  }

  @Test(arguments: [("TERM", 143), ("HUP", 129)])
  func whatCameBeforeTheOpenMemberIsSafe(_ signal: String, _ status: Int32) throws {
    let place = try Workplace()
    let result = try interrupted(signal, place)
    #expect(result.status == status)
    #expect(
      result.errors == "tapir: interrupted: 21 members of this session are safe, what follows them is not archived\n")
    #expect(try place.tapir("-tf", "x.vtl").lines.count == 21)
    #expect(try place.shell("mkdir o; $TAPIR -xf x.vtl -C o && diff -r tree o/tree").status == 0)
    // The next session goes where the member was given up.
    try place.file("last", bytes: 3)
    #expect(try place.tapir("-rf", "x.vtl", "last").status == 0)
    #expect(try place.tapir("-tf", "x.vtl", "--no-index").lines.count == 22)
  }

  @Test func aSilentSourceDoesNotHoldASessionUp() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkfifo source; exec 9<> source
      # What a shell starts in the background ignores SIGINT.
      heeding='import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])'
      python3 -c "$heeding" $TAPIR -cf x.vtl --vsn V00001 --stream s < source & process=$!
      until [ "$(sqlite3 x.vtl/index.sqlite 'SELECT count(*) FROM batch' 2>/dev/null)" = 1 ]; do sleep 0.1; done
      sleep 1; kill -INT $process; wait $process
      """)
    #expect(result.status == 130)
    #expect(
      result.errors == "tapir: interrupted: 0 members of this session are safe, what follows them is not archived\n")
    #expect(try place.tapir("-tf", "x.vtl").text == "")
  }

  @Test func aSignalIgnoredFromTheStartStaysIgnored() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    let result = try place.shell(
      "trap '' HUP; (sleep 1; echo) | $TAPIR -cf x.vtl --vsn V00001 --stream s & sleep 0.5; kill -HUP $!; wait $!")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try place.tapir("-tf", "x.vtl").text == "s\n")
  }

  /// A pipe that is full and that nobody reads holds nothing up that is to end at once.
  @Test(arguments: [("-tf x.vtl --json", 1), ("-cf y.vtl --json tree", 2), ("-cvf y.vtl tree", 2)])
  func theLastSignalEndsItWhoeverReads(_ command: String, _ signals: Int) throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir tree; (cd tree; touch $(printf 'a-name-that-helps-to-fill-a-pipe-soon-%d ' {1..3000}))
      $TAPIR -cf x.vtl tree; mkfifo pipe; exec 9<> pipe
      $TAPIR \(command) > pipe & process=$!
      (sleep 30; kill -KILL $process) & last=$!
      for i in {1..\(signals)}; do sleep 1; kill -TERM $process; done
      wait $process; status=$?; kill $last; exit $status
      """)
    #expect(result.status == 143)
  }
}
