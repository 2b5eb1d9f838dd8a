import Foundation
import Testing

/// The command killed at random moments: no orderly end, no power cut.
struct KillTests {
  static let seed: UInt64 = 0x7461_7069_7220_2631
  static let kills = ProcessInfo.processInfo.environment["TAPIR_KILLS"].flatMap { Int($0) } ?? 30

  @Test func aCommandKilledAtAnyMomentLosesNothingCommittedAndWorkGoesOn() throws {
    let place = try Workplace()
    for number in 0..<300 {
      try place.file("tree/d\(number % 7)/f\(number)", bytes: number % 20 == 0 ? 300_000 + number : number * 37)
    }
    let arguments = ["-cf", "x.vtl", "-b32", "--vsn=V00001", "--sync-files", "20", "--buffer", "1M", "tree"]
    // How long it takes when nobody kills it.
    let begin = ContinuousClock.now
    #expect(try place.kill(arguments, after: nil) == 0)
    let whole = ContinuousClock.now - begin

    var state = Self.seed
    var partial = 0
    for kill in 0..<Self.kills {
      try place.shell("rm -rf x.vtl* out out2")
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let share = Double(state >> 40) / Double(1 << 24)
      _ = try place.kill(arguments, after: whole * share)
      let when = "kill \(kill) after \(Int(share * 100))% of \(whole)"

      let listed = try place.tapir("-tf", "x.vtl")
      let names = listed.lines.filter { !$0.hasSuffix("/") }
      if listed.status == 0 {
        if !names.isEmpty, names.count < 300 { partial += 1 }
        try checkRestored(place, names, into: "out", when)
        let sequence = try place.shell("mkdir bare; $TAPIR --no-index -xf x.vtl -C bare; s=$?; rm -rf bare; exit $s")
        #expect(sequence.status <= 2, "\(when): \(sequence.errors)")
      } else {
        // Not made yet, or labelled in vain: nothing was committed. Neither may stop the next session.
        #expect(listed.status == 2, "\(when)")
        #expect(
          listed.errors.contains(
            try Regex("No such file|is blank|holds no files|no catalogue|no header|ends in the middle")),
          "\(when): \(listed.errors)")
      }
      try place.shell("mkdir -p more; echo new \(kill) > more/new")
      let made = try place.shell("test -e x.vtl").status == 0
      let append = try place.tapir(made ? "-rf" : "-cf", "x.vtl", "--vsn=V00001", "more")
      #expect(append.status == 0, "\(when): \(append.errors)")
      let after = try place.tapir("-tf", "x.vtl")
      #expect(after.status == 0, "\(when): \(after.errors)")
      let all = after.lines.filter { !$0.hasSuffix("/") }
      #expect(Set(all).isSuperset(of: names + ["more/new"]), "\(when)")
      try checkRestored(place, all, into: "out2", when)
      // The same from the tape alone.
      let alone = try place.shell("mv x.vtl/index.sqlite* .; $TAPIR -tf x.vtl 2>/dev/null | sort")
      #expect(alone.lines == after.lines.sorted(), "\(when)")
    }
    print("killed \(Self.kills) times, \(partial) times with some batches committed and others not, seed \(Self.seed)")
    #expect(partial > 0)
  }

  /// Restores the archive and compares each of `names` with its source; nothing else may be there.
  private func checkRestored(_ place: Workplace, _ names: [String], into out: String, _ when: String) throws {
    let restored = try place.shell("mkdir \(out) && $TAPIR -xf x.vtl -C \(out)")
    #expect(restored.status == 0, "\(when): \(restored.errors)")
    let found = try place.shell("cd \(out) && find . -type f | sed 's,^./,,' | LC_ALL=C sort")
    #expect(found.lines == names.sorted(), "\(when)")
    let compared = try place.shell("cd \(out) && find . -type f -print0 | xargs -0 -r -I@ cmp @ ../@")
    #expect(compared.status == 0, "\(when): \(compared.errors)")
  }
}
