import Testing

/// `tapir drive` on what is no real drive; Tests/drive-in-vm has the others.
struct DriveVerbTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    let made = try place.shell("echo a > a; $TAPIR -cf v.vtl --vsn V00001 --capacity 4M a")
    #expect(made.status == 0)
  }

  @Test func aVirtualCartridgeSaysWhatItIs() throws {
    let size = try place.shell("stat -c %s v.vtl/data").lines[0]
    let wanted = [
      "drive         virtual, at v.vtl", "state         ready",
      "cartridge     virtual, compressed, not write-protected",
      "volume        V00001, by the cartridge's description", "used          \(size) bytes of 4194304",
      "blocks        each of its own length",
      "position      at the beginning of the tape: a virtual tape is rewound whenever it is opened",
    ]
    #expect(try place.tapir("drive", "status", "v.vtl").lines == wanted)
    #expect(try place.tapir("drive", "status", "-f", "v.vtl").lines == wanted)
    #expect(try place.tapir("drive", "status", environment: ["TAPE": "v.vtl"]).lines == wanted)
    #expect(
      try place.tapir("drive", "health", "v.vtl").lines
        == ["used          \(size) bytes of 4194304", "what is virtual has no wear: nothing to do"])
    #expect(try place.tapir("drive", "rewind", "v.vtl").status == 0)
    #expect(try place.tapir("drive", "position", "v.vtl").status == 0)
  }

  @Test(arguments: [
    ("drive eject v.vtl", "v.vtl is a virtual cartridge: it is in a drive whenever it is used"),
    ("drive load v.vtl", "v.vtl is a virtual cartridge: it is in a drive whenever it is used"),
    (
      "drive position v.vtl 3",
      "a virtual tape does not stay where it was: it stands at its beginning whenever it is opened"
    ),
    ("drive position v.vtl 3 --end", "'drive position' goes to one place: a block, --tape-file or --end"),
    ("drive position v.vtl --tape-file=x", "--tape-file takes a number from 0 to 2147483647, not 'x'"),
    ("drive status", "'drive status' takes a drive: name it, or set $TAPE"),
    ("drive status v.vtl w.vtl", "'drive status' takes one drive, not 'w.vtl' too"),
    ("drive rewind --end v.vtl", "unrecognized option '--end'"), ("drive status a", "a is not a drive of this machine"),
    ("drive status host:v.vtl", "host:v.vtl is not a drive of this machine"),
    ("drive status nothing", "nothing: Cannot open: No such file or directory"),
  ])
  func whatCannotBeDoneIsSaid(words: String, message: String) throws {
    let run = try place.shell("$TAPIR \(words)")
    #expect(run.status == 2 && run.text == "")
    #expect(run.errors.hasPrefix("tapir: \(message)\n"), "\(run.errors)")
  }
}
