import Foundation
import Testing

/// What is shown of long work, on a terminal and elsewhere. A pipe that nobody closes holds a session up for as long as that
/// takes.
struct ProgressTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  /// What holds a session up until `wait` finds a text in a file.
  private let functions = """
    mkfifo pipe; wait_for() { for i in {1..600}; do grep -aq "$1" "$2" && return; sleep 0.1; done; echo "no $1 in $2"; }
    hold() { exec 5> pipe; head -c 3000000 /dev/zero >&5; }
    """

  @Test func aLineIsOnTheTerminalAloneAndGoneInTheEnd() throws {
    let result = try place.shell(
      functions + """

        cat > run <<X
        stty cols 80; $TAPIR -cf v.vtl --vsn V00001 --stream streamed < pipe 2>&1; echo ended \\$?
        X
        script -qefc 'bash run' typescript > /dev/null < /dev/null & hold; wait_for safe typescript; exec 5>&-; wait
        grep -a ended typescript | tr '\\r\\033' '\\n^' | grep ended; tr '\\r\\033' '\\n^' < typescript | grep -a safe | sort -u
        """, environment: ["TERM": "xterm"])
    #expect(result.lines.first == "^[Jended 0", "\(result.text)\(result.errors)")
    #expect(
      result.lines.dropFirst().contains { $0.hasSuffix("nothing safe yet  streamed") }, "\(result.text)\(result.errors)"
    )
    // No line reaches the last of 80 columns.
    for line in result.lines { #expect(line.count < 80 + 3, "\(line)") }
  }

  @Test(arguments: [["TERM": "dumb"], ["TERM": ""]])
  func nothingIsShownWhereALineCannotBeTakenBack(_ environment: [String: String]) throws {
    let result = try place.shell(
      functions + """

        cat > run <<X
        $TAPIR -cf v.vtl --vsn V00001 --stream streamed < pipe 2>&1; echo ended \\$?
        X
        script -qefc 'bash run' typescript > /dev/null < /dev/null & hold; sleep 3; exec 5>&-; wait; grep -ac safe typescript
        """, environment: environment)
    #expect(result.lines == ["0"], "\(result.text)\(result.errors)")
  }

  @Test func aSignalHasItSaidOnceAndNothingElseDoesInALog() throws {
    let result = try place.shell(
      functions + """

        $TAPIR -cf v.vtl --vsn V00001 --stream streamed < pipe 2> log & hold; sleep 2; kill -USR1 $!; wait_for streamed log
        exec 5>&-; wait $!; echo $?; cat log
        """)
    #expect(result.lines.count == 2 && result.lines.first == "0", "\(result.text)\(result.errors)")
    let line = result.lines.last ?? ""
    #expect(line.hasPrefix("tapir: ") && line.hasSuffix(", nothing safe yet, streamed"), "\(line)")
  }

  @Test func aSignalThatMeansTotalsGivesThem() throws {
    let result = try place.shell(
      functions + """

        $TAPIR -cf v.vtl --vsn V00001 --totals=USR1 --stream streamed < pipe 2> log & hold; sleep 2; kill -USR1 $!
        wait_for written log; exec 5>&-; wait $!; echo $?; grep -c safe log
        """)
    #expect(result.lines == ["0", "0"], "\(result.text)\(result.errors)")
  }

  @Test func stylesAreChecked() throws {
    try place.file("a", bytes: 10)
    for style in ["--progress=auto", "--progress=none", "--progress", "--no-progress", "--progress=plain"] {
      let run = try place.tapir("-cf", "v.vtl", "--vsn", "V00001", "--erase-volume=V00001", style, "a")
      #expect(run.status == 0 && run.errors == "", "\(style): \(run.errors)")
    }
    let wrong = try place.tapir("volume", "verify", "v.vtl", "--progress=fast")
    #expect(wrong.status == 2 && wrong.errors == "tapir: 'fast': --progress takes 'auto', 'plain' or 'none'\n")
  }
}
