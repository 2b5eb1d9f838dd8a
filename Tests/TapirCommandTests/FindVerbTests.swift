import Foundation
import Testing

/// `tapir index find`: what find(1) finds, and where copies are.
struct FindVerbTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    let made = try place.shell(
      """
      mkdir -p t/d; for i in 0 1 1023 1024 1025 10240 2000000; do head -c $i /dev/zero > t/d/s$i; done
      touch -d '2020-02-03 04:05:06' t/d/s1 t/d/s1024; ln -s s1 t/link; touch -d '2020-02-03 04:05:05.5' t/d/s1023
      "$TAPIR" -cf v.vtl --vsn V00001 t
      """)
    #expect(made.status == 0, "\(made.errors)")
  }

  /// Names that `index find` prints, sorted.
  private func found(_ options: String) throws -> [String] {
    try place.shell("\"$TAPIR\" index find -f v.vtl \(options) | sed 's/.*:..  //; s,/$,,' | sort").lines
  }

  /// Names that find(1) prints.
  private func files(_ tests: String) throws -> [String] {
    try place.shell("find t \(tests) | sort").lines
  }

  @Test(arguments: [
    ("--size=+1k", "-size +1024c"), ("--size=-1k", "-size -1024c"), ("--size=1024", "-size 1024c"),
    ("--size=+0 --size=-2M", "-size +0c -size -2097152c"), ("--size=0", "( -size 0 -o -type d -o -type l )"),
  ])
  func sizesAreThoseOfFind(options: String, tests: String) throws {
    // Directories and links have no content in an archive.
    let isAny =
      tests.hasPrefix("(")
      ? tests.replacingOccurrences(of: "(", with: "\\(").replacingOccurrences(of: ")", with: "\\)") : tests
    let wanted = try files(isAny + (tests.contains("-type") || options.contains("-1k") ? "" : " -type f"))
    #expect(
      try found(options).filter { options != "--size=-1k" || $0.contains("/s") }
        == wanted.filter { options != "--size=-1k" || $0.contains("/s") })
    #expect(!wanted.isEmpty)
  }

  @Test func datesAreThoseOfFind() throws {
    let date = "2020-02-03 04:05:06"
    #expect(try found("--older-than='\(date)'") == ["t/d/s1023"])
    #expect(try found("--older-than='\(date)'") == files("! -newermt '2020-02-03 04:05:05.9'"))
    #expect(try found("--newer-than='\(date)'") == files("-newermt '2020-02-03 04:05:05.9'"))
    #expect(try found("--newer-mtime='\(date)' --older-than=2021-01-01") == ["t/d/s1", "t/d/s1024"])
    #expect(try found("--newer-than='\(date)' --older-than=2021-01-01 't/d/*4'") == ["t/d/s1024"])
  }

  @Test func aLongListingIsThatOfTar() throws {
    let run = try place.shell(
      """
      "$TAPIR" index find -f v.vtl -l t | sed 's/^V00001  file [0-9]*  block [0-9]*  [-0-9]* [0-9:]*  //' | sort > a
      "$TAPIR" -tvf v.vtl | sort > b; sed 's/  */ /g' a > a1; sed 's/  */ /g' b > b1; cmp a1 b1 && wc -l < a
      """)
    #expect(run.text.trimmingCharacters(in: .whitespacesAndNewlines) == "10", "\(run.errors)")
  }

  @Test func nothingFoundIsAFailure() throws {
    let run = try place.tapir("index", "find", "-f", "v.vtl", "--size=+1G")
    #expect(run.status == 2 && run.errors.hasPrefix("tapir: No member in the index matches\n"))
    let other = try place.tapir("index", "find", "-f", "v.vtl", "--size=+1G", "t/d/s1")
    #expect(other.status == 2 && other.errors.hasPrefix("tapir: t/d/s1: Not found in the index\n"))
    for bad in ["--size=1x", "--size=", "--newer-than=yesterdayish"] {
      #expect(try place.tapir("index", "find", "-f", "v.vtl", bad).status == 2, "\(bad)")
    }
  }

  @Test func copiesAreNamedAndStaleOnesMarked() throws {
    let run = try place.shell(
      """
      "$TAPIR" volume copy v.vtl c.tap >/dev/null; "$TAPIR" volume copy v.vtl d.tap --no-verify >/dev/null
      "$TAPIR" index find -f v.vtl t/d/s1 | sed "s,$PWD/,,; s/^V00001.*t/V00001 t/"
      echo more > t/d/s1; "$TAPIR" -rf v.vtl t/d/s1
      "$TAPIR" index find -f v.vtl t/d/s1 | grep -v v.vtl | sed "s,$PWD/,,; s/^V00001.*t/V00001 t/"
      """)
    #expect(
      run.lines == [
        "V00001 t/d/s1", "  copy at c.tap", "  copy at d.tap (not read back)", "  copy at v.vtl",
        "V00001 t/d/s1", "  copy at c.tap (stale: does not have it)", "  copy at d.tap (stale: does not have it)",
        "V00001 t/d/s1", "  copy at c.tap (stale, but has it)", "  copy at d.tap (stale, but has it; not read back)",
      ], "\(run.text)\(run.errors)")
  }

  @Test func theVolumesThatAMemberBeginsOnAreNamed() throws {
    let run = try place.shell(
      """
      head -c 12000000 /dev/urandom > big; "$TAPIR" -cMf a.vtl -f b.vtl --capacity 8M --vsn V00011,V00012 --index-db i big 2>/dev/null
      "$TAPIR" index find --index-db i big | sed 's/block [0-9]*  2.*  b/block N b/; s/block [0-9]*$/block N/'
      """)
    #expect(run.lines == ["V00012  file 2  block N big", "  part 1 on V00011  file 2  block N"], "\(run.text)")
  }
}
