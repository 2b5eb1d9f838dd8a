import Foundation
import Testing

/// `--remove-files` leaves what GNU tar leaves, says what it says, and loses nothing.
struct RemoveFilesTests {
  private let tree = """
    mkdir -p w/d/e/f w/d2; cd w; echo 1 > d/a; echo 2 > d/e/b; echo 3 > d/e/f/c; ln d/a d/a2; ln d/a d/e/a3
    ln -s /etc d/sl; mkfifo d/fifo; : > d2/zero; ln -s d2 l2
    """

  @Test(arguments: [
    "d", "--exclude=b d", "-C d .", "--exclude=b -C d .", "--exclude=b -C d ./e a", "--no-recursion d", ".", "d/.",
    "d/e d", "./d/../d2", "d/a d/e/a3", "l2/ d//e", "--exclude=b $PWD/d", "-v d2",
  ])
  func whatStaysAndWhatIsSaidIsAsWithGNUTar(arguments: String) throws {
    let place = try Workplace()
    func run(_ command: String, _ archive: String) throws -> Workplace.Outcome {
      try place.shell("rm -rf w; \(tree); \(command) \(archive) --remove-files \(arguments); echo $?; find . | sort")
    }
    let theirs = try run("tar", "-cf ../a.tar")
    let ours = try run("$TAPIR", "-cf ../a.vtl --vsn V00001")
    #expect(ours.text == theirs.text)
    #expect(ours.errors.replacing("tapir: ", with: "tar: ") == theirs.errors)
  }

  @Test(arguments: ["", "-W", "--no-index", "--sync-files 3", "--layout raw"])
  func whatWasRemovedComesBackWhole(options: String) throws {
    let place = try Workplace()
    try place.shell("\(tree); for i in {1..20}; do echo $i > d2/$i; ln d2/$i d/l$i; done; cp -a ../w ../copy")
    let created = try place.shell("cd w; $TAPIR -cf ../a.vtl --vsn V00001 --remove-files \(options) d d2 l2")
    #expect(created.status == 0 && created.errors == "", "\(created.errors)")
    #expect(try place.shell("ls -A w").text == "")
    let compare = "diff -r --no-dereference --exclude=fifo copy w && test -p w/d/fifo"
    #expect(try place.shell("$TAPIR -xf a.vtl -C w && \(compare)").status == 0)
    // Names of one file are names of one file again, though some of them went before others were read.
    #expect(try place.shell("stat -c %h w/d2/7 w/d/l20 w/d/a").text == "2\n2\n3\n")
  }

  @Test func whatChangedBetweenReadingAndCommittingStays() throws {
    let place = try Workplace()
    // The directory has been read when 20 MB of the big file are written.
    let result = try place.shell(
      """
      mkdir d; for i in a b c; do echo $i > d/$i; done; truncate -s 400M big
      $TAPIR -cf x.vtl --vsn V00001 --compression off --buffer 1M --remove-files d big & process=$!
      until [ -e x.vtl/data ] && [ "$(stat -c %s x.vtl/data)" -gt 20000000 ]; do :; done
      echo more >> d/a; cp -p d/b d/copy; mv d/copy d/b; wait $process; echo $?; ls d; ls big 2>&1
      """)
    #expect(result.text == "2\na\nb\nls: cannot access 'big': No such file or directory\n")
    #expect(
      Set(result.errors.split(separator: "\n")) == [
        "tapir: d/a: Cannot unlink: file changed since it was read",
        "tapir: d/b: Cannot unlink: file changed since it was read", "tapir: d: Cannot rmdir: Directory not empty",
        "tapir: Exiting with failure status due to previous errors",
      ])
  }

  @Test func anIndexThatCannotTakeTheBatchKeepsEverything() throws {
    let place = try Workplace()
    try place.shell(
      "mkdir d; for i in {1..9}; do echo $i > d/$i; done; $TAPIR -cf a.vtl --vsn V00001 --sync-files 2 /etc/hostname")
    try place.shell(
      """
      sqlite3 a.vtl/index.sqlite "CREATE TRIGGER no BEFORE INSERT ON batch WHEN NEW.number > 2
        BEGIN SELECT RAISE(ABORT, 'no room'); END"
      """)
    let result = try place.tapir("-rf", "a.vtl", "--remove-files", "--sync-files", "4", "d")
    #expect(result.status == 2)
    #expect(result.errors.contains("everything up to here is safe on volume V00001, but the index does not know it"))
    // The directory and three files were in the batch before.
    #expect(try place.shell("ls d | wc -l").text == "6\n")
  }

  @Test func anInterruptedSessionRemovesOnlyWhatIsSafe() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir tree; for i in {1..20}; do echo $i > tree/$i; done; truncate -s 8G big
      $TAPIR -cf x.vtl --vsn V00001 --compression off --buffer 1M --remove-files tree big & process=$!
      until [ -e x.vtl/data ] && [ "$(stat -c %s x.vtl/data)" -gt 20000000 ]; do :; done
      ls tree | wc -l
      kill -TERM $process; wait $process
      """)
    #expect(result.status == 143)
    #expect(result.text == "20\n")
    #expect(try place.shell("ls -A tree; ls big").text == "big\n")
    #expect(try place.shell("mkdir o; $TAPIR -xf x.vtl -C o; ls o/tree | wc -l").text == "20\n")
  }

  @Test(arguments: [
    (
      "-cf x.vtl --stream s --remove-files",
      "tapir: --remove-files is for files: what --stream archives cannot be removed\n"
    ),
    ("-tf x.vtl --remove-files", "tapir: --remove-files is for -c and -r\n"),
  ])
  func whatHasNothingToRemoveIsRefused(arguments: String, message: String) throws {
    let place = try Workplace()
    let result = try place.shell("$TAPIR \(arguments)")
    #expect(result.status == 2 && result.errors == message, "\(result.errors)")
    #expect(try place.shell("ls").text == "")
  }

  @Test func theIndexInTheTreeStays() throws {
    let place = try Workplace()
    try place.shell("mkdir home; echo 1 > home/x")
    let result = try place.shell("$TAPIR -cf a.vtl --vsn V00001 --index-db home/index --remove-files home")
    #expect(result.status == 2)
    #expect(result.errors.contains("tapir: home/index: Cannot unlink: the index of the archive\n"), "\(result.errors)")
    #expect(try place.shell("$TAPIR -tf a.vtl --index-db home/index home/x").text == "home/x\n")
  }

  /// The content of a file with two names is read again under the second while the first is removed.
  @Test func whatIsReadAgainOnTheNextVolumeIsRemovedToo() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      $TAPIR library create L --slots 6 --capacity 4M --compression off > log
      head -c 2000000 /dev/urandom > pad; head -c 3000000 /dev/urandom > first; ln first second; cp first kept
      $TAPIR -cf L --remove-files --buffer 1M pad first second; echo $?; ls pad first second 2> log | wc -l
      mkdir o; $TAPIR -xf L -C o; cmp o/first kept; cmp o/second kept
      """)
    #expect(result.text == "0\n0\n", "\(result.text)\(result.errors)")
  }
}
