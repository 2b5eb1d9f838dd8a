import ArchiveFormat
import ArchiveOperations
import Foundation
import INIText
import Testing

@testable import tapir

/// Configuration files: what is read, what wins, and that ordinary archives have none of it.
struct ConfigurationTests {
  private func settings(_ text: String) throws(INIFile.Fault) -> [String] {
    try INIFile(Array(text.utf8)).sections.flatMap { section in
      section.settings.map { setting in
        let words = [section.name, setting.name, setting.value].map { String(decoding: $0, as: UTF8.self) }
        return words.joined(separator: "|") + "|\(setting.line)"
      }
    }
  }

  @Test func linesAreTakenApart() throws {
    let long = String(repeating: "x", count: 300)
    let text = """
      \u{feff}; first
      [a \(long)]   # heading
        b = c d   ; comment
      e=f;g
      # comment
      [empty]
      [a b]
      h = \(long)\r
      i =
      """
    #expect(
      try settings(text)
        == ["a \(long)|b|c d|3", "a \(long)|e|f;g|4", "a b|h|\(long)|8", "a b|i||9"])
    #expect(try INIFile([]).sections.isEmpty)
    #expect(try INIFile(Array("[x]".utf8)).sections.map(\.line) == [1])
  }

  @Test(arguments: [
    ("[a]\nb", 2, INIFile.Problem.malformed), ("[a\nb=c", 1, .malformed), ("[a] b\n", 1, .malformed),
    ("b = c", 1, .outsideSection), ("[a]\nb=c\n\nb=d", 4, .repeated(line: 2)), ("[a]\nb=\0", 2, .nul),
    ("[a]\nb=" + String(repeating: "x", count: 9000), 2, .tooLong), ("[a]\n\n= c = d\nx", 4, .malformed),
  ])
  func aWrongLineIsNamed(_ text: String, _ line: Int, _ problem: INIFile.Problem) throws {
    #expect(throws: INIFile.Fault(line: line, problem: problem)) { try settings(text) }
  }

  @Test func longestLinesArriveWhole() throws {
    let value = String(repeating: "y", count: INIFile.longestLine - 2)
    #expect(try settings("[a]\nb=\(value)\n[c]\nd=e") == ["a|b|\(value)|2", "c|d|e|4"])
  }

  @Test func everyOptionIsOneOfTheTableAndItsBuiltInTextIsTrue() throws {
    for option in ConfigurableOption.all {
      #expect(option.specification != nil, "\(option.key)")
      #expect(!option.name.hasPrefix("erase"))
    }
    let command = try TarCommandBuilder.build([.option(.list, nil), .option(.file, Array("x".utf8))])
    func builtIn(_ key: OptionKey) -> String { ConfigurableOption.all.first { $0.key == key }?.builtIn ?? "" }
    func size(_ key: OptionKey) -> Int64? { Sizes.bytes(Array(builtIn(key).utf8)) }
    #expect(size(.syncBytes) == command.limits.bytes)
    #expect(size(.syncFiles) == Int64(command.limits.members))
    #expect(size(.syncSeconds) == command.limits.seconds)
    #expect(size(.recordSize) == Int64(command.intent.blockSize))
    #expect(builtIn(.driveElement) == "\(command.archive.driveElement)")
    #expect(command.layout == .pax && command.packLimit == nil && command.splitsMembers && !command.verifies)
  }

  @Test func theMoreSpecialAndTheLaterWins() throws {
    let system = """
      [defaults]
      pack = 1k
      sync-files = 1
      [drive host:/dev/nst0]
      pack = 2k
      sync-seconds = 1
      [library host:lib]
      sync-seconds = 2
      sync-files = 2
      """
    let user = """
      [defaults]
      pack = 3k
      sync-files = 3
      sync-seconds = 3
      [drive host:/dev/nst0]
      sync-seconds = 4
      [series s]
      pack = no
      """
    let configuration = try Configuration(files: [("/etc/a", system), ("b", user)])
    func found(_ key: OptionKey, _ archive: [String], series: String? = nil) -> String? {
      let subject = Configuration.Subject(
        archive: archive.map { Array($0.utf8) }, series: series.map { Array($0.utf8) })
      return configuration.setting(key, for: subject).map { "\(String(decoding: $0.file, as: UTF8.self)):\($0.line)" }
    }
    #expect(found(.pack, []) == "b:2")
    #expect(found(.pack, ["host:/dev/nst0"]) == "/etc/a:5")
    #expect(found(.syncSeconds, ["host:/dev/nst0/"]) == "b:6")
    #expect(found(.syncSeconds, ["host:lib"]) == "/etc/a:8")
    #expect(found(.syncFiles, ["host:/dev/nst0", "host:lib"]) == "/etc/a:9")
    #expect(found(.pack, ["host:/dev/nst0"], series: "s") == "b:8")
    #expect(found(.layout, []) == nil)
    #expect(configuration.setting(.pack, for: .init(series: Array("s".utf8)))?.item == nil)
  }

  @Test(arguments: [
    ("[foo]\n", "c:1: unknown section [foo]: there are [defaults], [library NAME], [drive NAME] and [series NAME]"),
    ("\n[drive]\n", "c:2: [drive] takes a name: [drive NAME]"), ("[defaults x]\n", "c:1: [defaults] takes no name"),
    ("[library tapes]\n", "c:1: [library] takes an absolute path, not 'tapes'"),
    (
      "[defaults]\nerase-volume = A\n",
      "c:2: 'erase-volume' is no option that a configuration sets ('tapir help configuration' lists them)"
    ),
    ("[defaults]\nbuffer = x\n", "c:2: --buffer takes a size such as 512k, 64G or 12TB, not 'x'"),
    ("[defaults]\nbuffer =\n", "c:2: 'buffer' takes a value"),
    ("[defaults]\nno-span = 1\n", "c:2: 'no-span' takes 'yes' or 'no', not '1'"),
    ("[defaults]\nfile = tapes\n", "c:2: 'file' takes an absolute path, not 'tapes'"),
    ("[series a]\nchanger = /dev/sch0\n", "c:2: 'changer' does not belong in [series], but in [drive]"),
    ("[defaults]\npack = 1\npack = 2\n", "c:3: this option is set in line 2 already"),
    ("pack = 1\n", "c:1: a setting stands before the first [section]"),
    ("[defaults]\npack\n", "c:2: the line is neither [section] nor name = value nor a comment"),
  ])
  func whatIsWrongIsNamedBeforeAnythingIsDone(_ text: String, _ message: String) throws {
    let place = try Workplace()
    try place.write(text, to: "c")
    try place.write("x", to: "file")
    let result = try place.tapir("-cf", "a.tar", "file", environment: ["TAPIR_CONFIG": "c"])
    #expect(result.status == 2)
    #expect(result.errors == "tapir: \(message)\n")
    #expect(!FileManager.default.fileExists(atPath: place.path("a.tar")))
  }

  @Test func filesAreFoundInTheirPlaces() throws {
    let place = try Workplace()
    let script = """
      packs() { "$TAPIR" config show | grep '^pack'; }
      mkdir -p .config/tapir xdg/tapir; packs
      printf '[defaults]\\npack = 1\\n' > .config/tapir/config; packs
      printf '[defaults]\\npack = 2\\n' > xdg/tapir/config; XDG_CONFIG_HOME=$PWD/xdg packs
      XDG_CONFIG_HOME= packs; printf '[defaults]\\npack = 3\\n' > named; TAPIR_CONFIG=named packs
      TAPIR_CONFIG= packs; "$TAPIR" config show --no-config | grep '^pack'
      TAR_OPTIONS=--pack=4 packs
      TAPIR_CONFIG=missing packs; "$TAPIR" config show >/dev/null; echo $?
      TAPIR_CONFIG=/ "$TAPIR" -tf x; echo $?
      """
    let result = try place.shell(script)
    let rows = result.lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
    let home = place.folder.resolvingSymlinksInPath().path
    #expect(
      rows.map { $0.replacingOccurrences(of: place.folder.path, with: "~").replacingOccurrences(of: home, with: "~") }
        == [
          "no built in", "1 ~/.config/tapir/config:2 [defaults]", "2 ~/xdg/tapir/config:2 [defaults]",
          "1 ~/.config/tapir/config:2 [defaults]", "3 named:2 [defaults]", "no built in", "no built in",
          "4 $TAR_OPTIONS", "", "",
        ])
    #expect(
      result.errors == """
        tapir: cannot read configuration missing: No such file or directory
        tapir: cannot read configuration /: Is a directory

        """)
  }

  @Test func volumesHaveItAndOrdinaryArchivesHaveNot() throws {
    let place = try Workplace()
    let script = """
      export TAPIR_CONFIG=$PWD/c
      cat > c <<END
      [defaults]
      no-span = yes
      verify = yes
      retain = 30
      pack = 1M
      capacity = 64M
      compression = off
      layout = raw
      sync-files = 7
      drive-rate = 900M
      record-size = 64k
      series = s
      index-db = $PWD/index
      [library $PWD/lib]
      retain = 60
      END
      mkdir src; echo a > src/a; echo b > src/b
      export TAR_OPTIONS=--sort=name
      "$TAPIR" -cf a.tar src; TAPIR_CONFIG= "$TAPIR" -cf b.tar src; cmp a.tar b.tar
      "$TAPIR" -cMf m.tar -L 100 src; "$TAPIR" -tf a.tar; "$TAPIR" -df a.tar; "$TAPIR" --delete -f a.tar src/a
      cat a.tar | "$TAPIR" -t
      "$TAPIR" -cf x.vtl src 2> said; grep -v labelled said; "$TAPIR" -rf x.vtl src/a; echo y | "$TAPIR" -rf x.vtl --stream y
      "$TAPIR" -tf x.vtl; mkdir out; "$TAPIR" -xf x.vtl -C out; "$TAPIR" -df x.vtl src/b; "$TAPIR" --delete -f x.vtl src/b
      grep -c '"capacity": *67108864' x.vtl/cartridge.json; grep -c '"compression": *"off"' x.vtl/cartridge.json
      ls index x.vtl | grep index
      "$TAPIR" volume show x.vtl | grep -E 'block size|kept' | sed 's/kept.*/kept/'
      "$TAPIR" index log x.vtl | grep -c 'series *s$\\|  s$'
      "$TAPIR" -cf y.vtl -b 1024 --no-config src 2> /dev/null; "$TAPIR" volume show y.vtl --no-config | grep -E 'block size|kept'
      "$TAPIR" library create lib --slots 1; "$TAPIR" -cf lib src 2> /dev/null
      "$TAPIR" config show lib | grep retain | grep -c 'library'
      """
    let result = try place.shell(script)
    #expect(result.errors == "")
    #expect(
      result.lines == [
        // The ordinary archive: listed, and in a pipe when a member is gone.
        "src/", "src/a", "src/b", "src/", "src/b",
        // The volume: members, capacity, compression, where the index is; three sessions of the series.
        "src/", "src/a", "src/b", "src/a", "y", "1", "1", "index", "kept", "block size    65536", "3",
        "block size    524288", "library lib: 1 drive, 1 slot, 1 import/export slot, 1 cartridge, 1 scratch", "1",
      ])
  }

  @Test func theArchiveOfAConfigurationIsWhereTAPEWouldBe() throws {
    let place = try Workplace()
    let script = """
      export TAPIR_CONFIG=$PWD/c
      printf "[defaults]\\nfile = $PWD/x.vtl\\nindex-db = $PWD/not-there-yet\\n" > c
      echo a > a; echo b > b; tar -cf b.tar b
      "$TAPIR" -c --vsn V00001 --index-db own a; "$TAPIR" -t; ls not-there-yet 2>/dev/null
      TAPE=b.tar "$TAPIR" -t; "$TAPIR" -tf b.tar; "$TAPIR" -cf - b | tar -t
      TAR_OPTIONS=--file=b.tar "$TAPIR" -t
      "$TAPIR" -t --vsn V00001 --index-db own; TAPIR_INDEX=own "$TAPIR" -t --vsn V00001
      "$TAPIR" -t --vsn V00001; echo $?
      "$TAPIR" -r b; ls not-there-yet; "$TAPIR" -t --vsn V00001; "$TAPIR" index find b | grep -c V00001
      "$TAPIR" -t --no-index
      "$TAPIR" -t --no-config < b.tar
      """
    let result = try place.shell(script)
    #expect(
      result.lines == [
        "a", "b", "b", "b", "b", "a", "a", "2", "not-there-yet", "a", "b", "1", "a", "b", "b",
      ])
    #expect(
      result.errors == """
        tapir: volume V00001 is not in the index: reading its catalogues
        tapir: volume V00001 is not in the index
        hint: name the drive it is in with -f
        tapir: Error is not recoverable: exiting now

        """)
  }
}
