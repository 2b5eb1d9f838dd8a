import Foundation
import Testing

@testable import tapir

/// `--json`: what happens, as events. Streams of every mode and verb are made once and checked by a validator that is not
/// ours, in one run of Python.
struct JSONTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// `j NAME STATUS WORD...` runs a command with `--json`, keeps its stream and checks its exit status.
  private static let tools = #"""
    mkdir runs
    wrong=0
    keep() { # NAME STATUS EXPECTED
      echo $2 > runs/$1.status
      [ $2 -eq $3 ] || { echo "$1: exit status $2, not $3" >&2; cat runs/$1.err >&2; wrong=1; }
    }
    j() { local name=$1 expected=$2; shift 2; "$TAPIR" "$@" --json > runs/$name.json 2> runs/$name.err; keep $name $? $expected; }
    """#

  /// Modes on a virtual cartridge and on ordinary archives.
  private static let modes = #"""
    mkdir -p src/dir; echo hello > src/a; ln -s a src/link; ln src/a src/hard; mkfifo src/fifo; printf x > src/$'caf\xe9'
    truncate -s 1M src/holes
    tar -cf a0.tar src/link; j c-volume 0 -cf x.vtl -V 'Text of it' src
    j c-used 2 -cf x.vtl src
    j r-volume 0 -rf x.vtl --vsn "$(sed -n 's/.*"volume":"\([^"]*\)".*/\1/p' runs/c-volume.json | sort -u)" src/a
    j r-stream 0 -rf x.vtl --stream streamed --pack
    j t-volume 0 -tf x.vtl
    j t-names 2 -tf x.vtl src/a nowhere
    mkdir out; j x-volume 0 -xf x.vtl -C out
    j x-sequence 0 -xf x.vtl --no-index -C out
    j d-same 0 -df x.vtl src/dir
    echo longer > out/src/a; j d-other 1 -df x.vtl -C out src/a
    sleep 0.01; echo newer > src/a; j u-volume 0 -uf x.vtl src
    rm src/fifo; j r-changed 0 -r --changed -f x.vtl src; echo x > src/new; rm src/new
    j A-volume 0 -Af x.vtl a0.tar; j delete-volume 0 --delete -f x.vtl src/dir
    j label-volume 0 --test-label -f x.vtl
    j label-other 1 --test-label -f x.vtl Other
    "$TAPIR" -xOf x.vtl src/link src/$'caf\xe9' --json > data 2> runs/x-stdout.json; keep x-stdout $? 0; [ "$(cat data)" = x ] || wrong=1
    "$TAPIR" -xf x.vtl src/a --to-command='cat; echo $TAR_FILENAME >&1' --json > data 2> runs/x-command.json; keep x-command $? 0
    [ "$(cat data)" = "$(printf 'newer\nsrc/a')" ] || { cat data >&2; wrong=1; }

    j c-ordinary 0 -cf a.tar -V Label -W src; j t-blocks 0 -tRf a.tar; cp a.tar b.tar
    j A-ordinary 0 -Af a.tar b.tar; j r-ordinary 0 -rf a.tar src/link; j u-ordinary 0 -uf a.tar src
    j delete-ordinary 0 --delete -f a.tar src/link; j label-ordinary 0 --test-label -f a.tar
    j x-ordinary 0 -xf a.tar -C out; j d-ordinary 0 -df a.tar -C out
    "$TAPIR" -cf - src --json 2> runs/c-stdout.json > piped.tar; keep c-stdout $? 0; tar -tf piped.tar > /dev/null || wrong=1
    "$TAPIR" -cf - src --json --index-file=runs/c-file.json > piped.tar; keep c-file $? 0; tar -tf piped.tar > /dev/null || wrong=1
    j missing 2 -cf m.tar src/nothing; j no-archive 2 -tf none.tar; j usage 2 -cf y.tar --no-such-option; j version 0 --version
    j asks 2 -cwf y.tar src; j dots 2 -cf y.tar --checkpoint=.10 src; j text 2 --help
    j g0 0 -g snap -cf g0.tar src; rm src/hard; j g1 0 -g snap -cf g1.tar src; j g-contents 0 -tvvGf g1.tar
    mkdir g; j g-x0 0 -xGf g0.tar -C g; j g-x1 0 -xGf g1.tar -C g
    head -c 700000 /dev/urandom > big; j c-volumes 0 -cM -L 512 -f m1.tar -f m2.tar big; j t-second 0 -tMf m2.tar
    j backup 0 -cf b.tar --backup src; j made 0 -xvvf b.tar --one-top-level=top src/link
    head -c 5000 a.tar > cut.tar; j cut 2 -tf cut.tar
    echo c1 | TAR_OPTIONS=--json "$TAPIR" -rf x.vtl --stream again > runs/environment.json 2> /dev/null; keep environment $? 0
    j damaged-index 2 -tf x.vtl --index-db big
    """#

  /// Verbs, on cartridges and a library.
  private static let verbs = #"""
    j volume-label 0 volume label l.vtl --vsn LAB001
    j volume-show 0 volume show x.vtl; vsn=$(sed -n 's/.*"event":"volume","volume":"\([^"]*\)".*/\1/p' runs/volume-show.json)
    j volume-verify 0 volume verify x.vtl; j volume-sample 0 volume verify x.vtl --sample 1
    j volume-copy 0 volume copy x.vtl copy.vtl; j volume-show-copy 0 volume show x.vtl
    j volume-repack 0 volume repack x.vtl fresh.vtl; j volume-repack-wrong 2 volume repack x.vtl x.vtl
    j volume-erase 0 volume erase copy.vtl $vsn
    j index-find 0 index find -f x.vtl 'src/*'; j index-find-none 2 index find -f x.vtl nothing; j index-show 0 index show -f x.vtl src/a src/dir
    j index-rename 0 index rename -f x.vtl src/holes src/hollow; j index-log 0 index log -f x.vtl
    j index-check 0 index check x.vtl
    sqlite3 x.vtl/index.sqlite "UPDATE member SET size = size + 1 WHERE size = 1048576"; j index-check-wrong 1 index check x.vtl
    j index-rebuild 0 index rebuild x.vtl
    printf '[defaults]\npack = 1M\n' > conf; TAPIR_CONFIG=conf TAPE=$'caf\xe9' j config-show 0 config show x.vtl --series s
    TAPIR_CONFIG=conf TAPE=$'caf\xe9.vtl' j config-show-bytes 0 config show
    j volume-map 0 volume map x.vtl --width=40; j drive-status 0 drive status x.vtl; j drive-health 0 drive health x.vtl
    j drive-rewind 0 drive rewind x.vtl; j drive-position 0 drive position x.vtl; j drive-load 2 drive load x.vtl
    j plan 0 plan -cf LTO-9 src --source-rate 1M; j plan-model 2 plan -cf LTO-99 src
    j plan-restore 0 plan -xf x.vtl --drive-model LTO-9
    printf '' | "$TAPIR" rmt --json 2> runs/rmt.json; keep rmt $? 0

    j library-create 0 library create lib --slots 4 --cartridges 3 --drives 2 --io-slots 1 --capacity 64M
    j c-library 0 -cf lib src; j library-status 0 library status lib
    j library-transfer 0 library transfer lib 2 4; j library-load 0 library load lib V00002; j library-status-full 0 library status lib
    j library-load-wrong 2 library load lib 9; j library-unload 0 library unload lib 1; j library-unload-all 0 library unload lib
    j drive-library 0 drive status lib; j library-load-again 0 library load lib V00002; j drive-eject 0 drive eject lib
    j library-add 0 library add lib NEW001; j library-remove 0 library remove lib V00003
    j library-remove-out 0 library remove lib NEW001 --into=.
    rm -r lib/V00002; j library-inventory 0 library inventory lib
    j library-stale 0 library status lib --stale --older-than=0; mkdir migrated
    j library-migrate 0 library migrate lib migrated --older-than=0
    j t-library 0 -tf lib; mkdir lout; j x-library 0 -xf lib -C lout
    """#

  /// Signals: a session, a listing, and a second signal that does not wait.
  private static let signals = #"""
    mkfifo source; exec 9<> source
    "$TAPIR" -cf s.vtl --stream s --json < source > runs/interrupted.json 2> /dev/null & process=$!
    until grep -q '"event":"member"' runs/interrupted.json; do sleep 0.05; done
    kill -TERM $process; wait $process; keep interrupted $? 143
    mkfifo archive; exec 8<> archive
    "$TAPIR" -tf archive --json > runs/cut-off.json 2> /dev/null & process=$!
    until grep -q '"event":"start"' runs/cut-off.json; do sleep 0.05; done
    # It waits for signals once it has a second thread.
    until [ "$(ls /proc/$process/task | wc -l)" -ge 2 ]; do sleep 0.05; done
    kill -TERM $process; wait $process; keep cut-off $? 143
    exit $wrong
    """#

  /// One after another on the same streams, which are made once.
  @Test func streamsOfEveryModeAndVerb() throws {
    let place = try Workplace()
    let script = Self.tools + "\n" + Self.modes + "\n" + Self.verbs + "\n" + Self.signals
    let made = try place.shell(script, environment: ["TZ": "UTC"])
    #expect(made.status == 0, "\(made.errors)")
    let streams = Streams(place: place, root: Self.root)
    try streams.everyLineIsAsDocumented()
    try streams.everyModeAndVerbTakesIt()
    try streams.everyVerbHasEventsOfItsOwn()
    try streams.aListingHasWhatTextHas()
    try streams.verbsSayInEventsWhatTheySayInText()
    try streams.namesThatAreNotTextAreExact()
    try streams.failuresAreEventsAndText()
    try streams.whereEventsAreOnStandardErrorNothingElseIs()
    try streams.aSignalEndsTheStreamInASummary()
  }

  @Test func theSchemaHasTheEventsOfTheProgram() throws {
    let text = try Data(contentsOf: Self.root.appendingPathComponent("docs/tapir.schema.json"))
    let schema = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    let kinds = try #require(schema["oneOf"] as? [[String: String]]).compactMap { $0["$ref"]?.dropFirst(8) }
    #expect(kinds.map(String.init) == Event.Kind.allCases.map(\.rawValue))
  }

  @Test func whatIsRunCannotWriteBetweenEvents() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      echo x > file; $TAPIR -cf a.tar file --checkpoint=1 --checkpoint-action=exec='echo said' --json > events 2> messages
      grep -c said messages; grep -vc '^{"event"' events
      """)
    #expect(result.lines == ["1", "0"])
  }

  @Test func anArchiveThatIsStandardOutputIsRefused() throws {
    let place = try Workplace()
    let result = try place.shell("echo x > file; $TAPIR -cf /dev/stdout file --json > out; echo $?; grep -c usage out")
    #expect(result.lines == ["2", "1"])
  }
}

/// What is said of streams that were made.
private struct Streams {
  let place: Workplace
  let root: URL

  private func events(_ name: String) throws -> [[String: Any]] {
    return try String(contentsOf: place.folder.appendingPathComponent("runs/\(name).json"), encoding: .utf8)
      .split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
  }

  private func events(_ name: String, _ kind: String) throws -> [[String: Any]] {
    try events(name).filter { $0["event"] as? String == kind }
  }

  private func messages(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: place.folder.appendingPathComponent("runs/\(name).err")), as: UTF8.self)
  }

  func everyLineIsAsDocumented() throws {
    let checked = try place.shell("\(root.path)/Tests/json-lines \(root.path)/docs runs")
    guard checked.status != 77 else { return print(checked.text) }
    #expect(checked.status == 0, "\(checked.text)\(checked.errors)")
  }

  func everyModeAndVerbTakesIt() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: place.path("runs")).filter { $0.hasSuffix(".json") }
    var commands: Set<String> = []
    for file in files { commands.insert(try events(String(file.dropLast(5)))[0]["command"] as? String ?? "") }
    let modes = ["-c", "-r", "-u", "-A", "--delete", "-x", "-t", "-d", "--test-label", "--version"]
    #expect(commands == Set(Verb.allCases.map(\.rawValue) + modes + [""]))
  }

  /// A verb whose only events are the first and the last says something that no event has.
  func everyVerbHasEventsOfItsOwn() throws {
    var spoken: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: place.path("runs")) where file.hasSuffix(".json") {
      let events = try events(String(file.dropLast(5)))
      guard events.last?["exit_status"] as? Int == 0 else { continue }
      let kinds = events.compactMap { $0["event"] as? String }.filter { !["start", "summary", "warning"].contains($0) }
      if !kinds.isEmpty, let command = events[0]["command"] as? String { spoken.insert(command) }
    }
    #expect(Set(Verb.allCases.map(\.rawValue)).subtracting(spoken) == ["rmt", "drive load"])
  }

  func aListingHasWhatTextHas() throws {
    for (name, archive) in [("t-volume", "x.vtl"), ("t-library", "lib")] {
      // Of the volume as it was then: what came later has later sessions.
      let sessions = archive == "lib" ? "" : "--session 1"
      let text = try place.tapir("-tvf", archive, "--quoting-style=literal", "--full-time", "--utc").lines
      guard sessions.isEmpty else { continue }
      let lines = try events(name, "member").map { event in
        let path = try #require(event["path"] as? String)
        let target = event["target"] as? String
        let type = try #require(event["type"] as? String)
        let link = ["symlink": " -> ", "hardlink": " link to "][type].map { $0 + (target ?? "") } ?? ""
        return "\(event["size"] ?? "") \(event["mtime"] ?? "") \(path)\(type == "directory" ? "/" : "")\(link)"
      }
      let shown = text.map { line in
        let words = line.split(separator: " ", maxSplits: 5).map(String.init)
        return "\(words[2]) \(words[3])T\(words[4])Z \(words[5])"
      }
      #expect(lines == shown)
      #expect(lines.count > 5)
    }
  }

  func verbsSayInEventsWhatTheySayInText() throws {
    let rows = try place.tapir("library", "status", "lib").lines
    let elements = try place.tapir("library", "status", "lib", "--json").lines
      .filter { $0.contains(#""event":"element""#) }
    #expect(rows.count == elements.count + 1)
    let shown = try place.tapir("volume", "show", "x.vtl").text
    let volume = try #require(try events("index-rebuild", "rebuild").first)
    #expect(shown.contains("members       \(try #require(volume["members"])), "))
    let found = try place.tapir("index", "find", "-f", "x.vtl", "src/a").lines.filter { !$0.hasPrefix("  ") }
    let versions = try place.tapir("index", "find", "-f", "x.vtl", "src/a", "--json").lines
      .filter { $0.contains(#""event":"version""#) }
    #expect(found.count == versions.count && found.count > 1)
    for (line, version) in zip(found, versions) {
      let block = try #require(line.split(separator: " ").map(String.init).dropFirst(4).first)
      #expect(version.contains("\"block\":\(block),"))
    }
  }

  func namesThatAreNotTextAreExact() throws {
    let member = try #require(try events("t-volume", "member").first { $0["path_b64"] != nil })
    #expect(member["path"] as? String == "src/caf\u{fffd}")
    #expect(member["path_b64"] as? String == Data("src/caf".utf8 + [0xe9]).base64EncodedString())
    #expect(try events("t-volume", "member").count { $0["path_b64"] != nil } == 1)
  }

  func failuresAreEventsAndText() throws {
    let error = try #require(try events("t-names", "error").first)
    #expect(error["code"] as? String == "not-found" && error["path"] as? String == "nowhere")
    #expect(error["severity"] as? String == "failure" && error["message"] as? String == "Not found in archive")
    #expect(
      try messages("t-names")
        == "tapir: nowhere: Not found in archive\ntapir: Exiting with failure status due to previous errors\n")
    let used = try #require(try events("c-used", "error").first)
    #expect(used["severity"] as? String == "fatal" && (used["hint"] as? String)?.contains("-r") == true)
    #expect(try events("usage", "error").first?["code"] as? String == "usage")
  }

  func whereEventsAreOnStandardErrorNothingElseIs() throws {
    // Every line of it was read as an event by the other tests.
    #expect(try events("x-stdout", "member").count == 2)
    #expect(try events("c-stdout", "member").count == 7)
    #expect(try events("rmt").count == 2)
  }

  func aSignalEndsTheStreamInASummary() throws {
    let interrupted = try #require(try events("interrupted").last)
    #expect(interrupted["exit_status"] as? Int == 143 && interrupted["signal"] as? Int == 15)
    #expect(
      try events("interrupted", "warning").contains {
        ($0["message"] as? String)?.hasPrefix("interrupted: 0 members") ?? false
      })
    let cut = try #require(try events("cut-off").last)
    #expect(cut["event"] as? String == "summary" && cut["signal"] as? Int == 15)
  }
}
