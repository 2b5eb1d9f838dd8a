import Foundation
import Testing

/// `tapir volume map`, and what `volume show` says of what is not live or not good.
struct MapVerbTests {
  private let place: Workplace

  /// A volume of three sessions: f1 to f9, a newer f3 and f4 in a pack, f5 deleted.
  init() throws {
    place = try Workplace()
    let made = try place.shell(
      """
      mkdir t; for i in 1 2 3 4 5 6 7 8 9; do head -c ${i}0000 /dev/zero > t/f$i; done
      "$TAPIR" -cf v.vtl --vsn V00001 --capacity 4M --compression off t 2>/dev/null &&
      echo new > t/f3 && echo new > t/f4 && "$TAPIR" -rf v.vtl --pack t/f3 t/f4 && "$TAPIR" --delete -f v.vtl t/f5
      """)
    #expect(made.status == 0, "\(made.errors)")
  }

  /// Bytes behind a name of the legend.
  private func amounts(_ lines: [String]) -> [String: Int] {
    var found: [String: Int] = [:]
    for line in lines {
      guard
        let name = ["live", "deleted or superseded", "labels and catalogues", "damaged", "empty"].first(where: {
          line.dropFirst(2).hasPrefix($0 + " ")
        })
      else { continue }
      found[name] = line.dropFirst(2 + name.count).split(separator: " ").first.flatMap { Int($0) }
    }
    return found
  }

  private func sql(_ query: String) throws -> String {
    try place.shell("sqlite3 -readonly v.vtl/index.sqlite \"\(query)\"").text.trimmingCharacters(in: .newlines)
  }

  @Test func amountsAreThoseOfTheIndexAndAddUpToTheCapacity() throws {
    let map = try place.tapir("volume", "map", "v.vtl", "--width=40", environment: ["LC_ALL": "C"])
    #expect(map.status == 0 && map.errors == "")
    let found = amounts(map.lines)
    let superseded = "CAST(name AS TEXT) IN ('f3', 'f4', 'f5') AND block IS NOT NULL"
    #expect(try found["deleted or superseded"] == Int(sql("SELECT sum(bytes) FROM member WHERE \(superseded)")))
    #expect(
      try found["live"]
        == Int(
          sql(
            "SELECT (SELECT sum(bytes) FROM member WHERE NOT (\(superseded))) + (SELECT sum(bytes) FROM aul_file)")))
    // VOL1; of each file six labels. No catalogue here is longer than a block.
    #expect(try found["labels and catalogues"] == 80 + 480 * (Int(sql("SELECT max(fseq) FROM batch")) ?? 0))
    #expect(found["damaged"] == 0)
    let stored = try #require(try FileManager.default.attributesOfItem(atPath: place.path("v.vtl/data"))[.size] as? Int)
    #expect(found["empty"] == (4 << 20) - stored)
    let picture = map.lines.dropFirst().prefix { !$0.contains(" ") }
    #expect(picture.count == 8 && picture.allSatisfy { $0.count == 40 && $0.allSatisfy { "#-=.".contains($0) } })
    #expect(map.lines.contains { $0.hasPrefix("- deleted or superseded") && $0.hasSuffix(" of 3 members") })
  }

  @Test func noCartridgeIsNeeded() throws {
    let before = try place.tapir("volume", "map", "v.vtl", "--capacity=4M", "--width=30")
    let after = try place.shell(
      """
      mv v.vtl/index.sqlite . && rm -r v.vtl
      "$TAPIR" volume map --vsn V00001 --index-db index.sqlite --capacity=4M --width=30
      "$TAPIR" volume map --vsn V00002 --index-db index.sqlite; echo $?
      """)
    #expect(after.lines == before.lines + ["2"])
    #expect(before.lines[1].hasPrefix("\u{2588}") || before.lines[1].hasPrefix("\u{2593}"))
    #expect(after.errors.contains("tapir: the index does not know volume V00002\n"))
  }

  @Test func coloursAreForTerminalsAlone() throws {
    let plain = try place.shell("COLUMNS=50 $TAPIR volume map v.vtl")
    #expect(!plain.text.contains("\u{1B}") && plain.lines[1].count == 50)
    // Lines of a terminal end in a carriage return too, which Swift takes for one character with what follows.
    let colourful = try place.shell(
      "script -qec 'stty cols 60; $TAPIR volume map v.vtl' /dev/null | tr -d '\\r'", environment: ["TERM": "xterm"])
    try #require(colourful.lines.count > 2)
    #expect(colourful.text.contains("\u{1B}[0;32m"))
    #expect(colourful.lines[1].filter { "\u{2588}\u{2591}\u{2593}\u{B7}".contains($0) }.count == 60)
    let none = try place.shell("script -qec '$TAPIR volume map v.vtl' /dev/null", environment: ["NO_COLOR": "1"])
    #expect(!none.text.contains("\u{1B}"))
  }

  @Test func aPictureIsMadeOfIt() throws {
    let made = try place.shell(
      """
      "$TAPIR" volume map v.vtl --svg > a.svg && "$TAPIR" volume map v.vtl --svg=b.svg && cmp a.svg b.svg
      python3 -c 'import xml.dom.minidom as m
      d = m.parse("a.svg")
      print(d.documentElement.tagName, sum(int(r.getAttribute("width")) for r in d.getElementsByTagName("rect")
        if r.getAttribute("height") == "16"), d.getElementsByTagName("text")[0].firstChild.data)'
      "$TAPIR" volume map v.vtl --svg=/no/such/folder; echo $?
      """)
    // 8 lines of 250 cells, 4 wide.
    #expect(made.lines == ["svg 8000 V00001", "2"])
    #expect(
      made.errors == "tapir: /no/such/folder: Cannot open: No such file or directory\n", "\(made.errors)")
  }

  @Test func aLibraryHasABarForEachVolume() throws {
    let made = try place.shell(
      """
      "$TAPIR" library create lib --slots 3 --capacity 4M >/dev/null
      "$TAPIR" -cf lib t 2>/dev/null; "$TAPIR" -cf lib t/f1 2>/dev/null; "$TAPIR" volume map lib --width=60
      "$TAPIR" volume map lib --vsn V00002 --width=60 | sed -n 1p | cut -c-14
      "$TAPIR" drive status lib | cut -d' ' -f1-2; "$TAPIR" drive eject lib; "$TAPIR" drive status lib
      """)
    #expect(made.lines[0].hasPrefix("V00001 ") && made.lines[1].hasPrefix("V00002 "))
    #expect(made.lines[0].hasSuffix("%") && made.lines[0].count == 60)
    #expect(made.lines[2].hasPrefix("\u{2588} live"))
    #expect(made.lines[7] == "volume V00002,")
    #expect(made.lines.dropFirst(8) == ["drive 0", "V00002 is in slot 2", "drive 0        empty"], "\(made.text)")
  }

  @Test func showSaysWhatIsNotLiveAndWhatIsDamaged() throws {
    let shown = try place.shell(
      """
      "$TAPIR" volume show v.vtl | sed 's/20[-0-9]* [0-9:]* UTC/TIME/' | sed -n '/^members/,/^$/p'
      sqlite3 v.vtl/index.sqlite "UPDATE member SET incomplete = 1 WHERE name = CAST('f7' AS BLOB);
        UPDATE batch SET reason = 5 WHERE number = 1; UPDATE batch SET reason = 4 WHERE number = 3"
      "$TAPIR" volume show v.vtl | sed 's/20[-0-9]* [0-9:]* UTC/TIME/' | sed -n '/^last/p; /^damaged/,/^$/p'
      "$TAPIR" index log v.vtl | sed 's/.*  //'; "$TAPIR" volume map v.vtl | grep damaged
      """)
    #expect(
      shown.lines.filter { !$0.hasPrefix("used") && !$0.hasPrefix("state") }
        == [
          "members       12, 450008 bytes",
          "live          9, 330008 bytes; a repack gives back 3, 120000 bytes",
          "not live      1 deleted or vanished, 2 with a newer version",
          "last write    session 3, TIME: 0 members, 0 bytes; ended as it should",
          "last write    session 3, TIME: 0 members, 0 bytes; interrupted: what it had committed is safe",
          "damaged       1 catalogue could not be read: members were recovered from labels, without the digests of their time",
          "              1 member incomplete, as the source shrank or failed while it was read:",
          "              t/f7", "(recovered from labels)", "vm:\(place.folder.path)", "(interrupted)", "deleted t/f5",
          "\u{2573} damaged                \(try sql("SELECT bytes + 480 FROM member WHERE incomplete = 1")) bytes of 1 member",
        ].map { $0.replacingOccurrences(of: "vm:", with: "\(host):") }, "\(shown.text)")
  }

  private var host: String {
    (try? place.shell("hostname -s").lines.first) ?? "?"  // what fails shows in the comparison
  }
}
