import Foundation
import Testing

/// Archives of other machines: GNU's rmt behind a stand-in for the remote shell, which runs its command here.
struct RemoteArchiveTests {
  /// Makes the stand-in `rsh`, and `$R`, which reaches "other machines" through it.
  private static let shell = #"""
    printf '#!/bin/sh\nshift; [ "$1" = -l ] && shift 2; exec "$@"\n' > rsh; chmod +x rsh; R="--rsh-command=$PWD/rsh"
    head -c 300000 /dev/urandom > a; echo b > b; mkdir d; echo x > d/x; touch -d 2020-01-01 a b d/x d
    """#

  private func place() throws -> Workplace? {
    guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/rmt") else {
      print("skipped: there is no /usr/sbin/rmt")
      return nil
    }
    return try Workplace()
  }

  /// Against GNU's server and ours.
  @Test(arguments: [false, true]) func theyAreWrittenAndReadAsGNUTarDoes(ours: Bool) throws {
    guard let place = try place() else { return }
    let outcome = try place.shell(
      """
      \(Self.shell); h=localhost:$PWD
      printf '#!/bin/sh\\nexec "%s" rmt\\n' "$TAPIR" > server; chmod +x server
      [ \(ours) = true ] && R="$R --rmt-command=$PWD/server"
      for o in "" "-b 1" "--format=pax" "-V lab" "-z" "--record-size=1M"; do
        tar $R $o -cf $h/theirs a b d; $TAPIR $R $o -cf $h/ours a b d; $TAPIR $o -cf here a b d
        # The label has the time.
        [ "$o" = "-V lab" ] || cmp here ours; [ "$o" = -z -o "$o" = "-V lab" ] || cmp theirs ours
        for t in tar $TAPIR; do
          z=; [ "$o" = -z ] && z=-z
          $t $R $z -tvf $h/theirs > $(basename $t).list; $t $R $z -df $h/ours; rm -rf x; mkdir x; $t $R $z -xf me@$h/ours -C x; diff -r d x/d; cmp a x/a
        done; cmp tar.list tapir.list
      done
      $TAPIR $R -cMvL 100 -f $h/v1 -f $h/v2 -f $h/v3 -f $h/v4 a b > /dev/null; ls -s --block-size=1 v?
      tar -xOMf v1 -f v2 -f v3 a | cmp - a; $TAPIR $R -xOMf $h/v1 -f $h/v2 -f $h/v3 a | cmp - a
      $TAPIR $R -cf x.vtl @$h/theirs 2>&1; $TAPIR -cf c.tar $R @$h/v0 2>&1 | sed -n 1p
      $TAPIR --force-local -cf a:b a; $TAPIR -tf ./a:b; TAPE=$h/here $TAPIR $R -t | tail -1
      """)
    let sizes = outcome.lines.prefix(3).map { $0.split(separator: " ").last.map(String.init) ?? "" }
    #expect(sizes == ["v1", "v2", "v3"], "\(outcome.text)")
    #expect(
      outcome.lines.dropFirst(3).map { $0.replacingOccurrences(of: place.folder.path, with: "") }.suffix(3)
        == ["tapir: localhost:/v0: Cannot open: No such file or directory", "a", "d/x"],
      "\(outcome.text)\(outcome.errors)")
  }

  /// GNU tar cannot: it and its rmt disagree on how a seek is asked for, and -r destroys the archive.
  @Test func theyAreChangedAsArchivesOfThisMachineAre() throws {
    guard let place = try place() else { return }
    let outcome = try place.shell(
      """
      \(Self.shell); h=localhost:$PWD; echo new > new
      step() { $TAPIR "$@" -f here $names; $TAPIR $R "$@" -f $h/there $names; cmp here there || echo "$* $names"; }
      names="a b" step -c; names="d" step -r; touch b; names="a b d" step -u; cp here other; names=other step -A
      names="new" step -r
      # There it is neither shortened nor left with what was there.
      $TAPIR --delete -f here a d; $TAPIR $R --delete -f $h/there a d; cmp -n $(stat -c %s here) here there
      tail -c +$(($(stat -c %s here)+1)) there | tr -d '\\0' | wc -c; tar -tif there | tr '\\n' ' '; echo
      $TAPIR $R -rf $h/there a; tar -tf there | tail -1; tar -xOf there a | cmp - a
      $TAPIR $R -rf $h/made b; tar -tf made; cp a short; $TAPIR $R -cf $h/short b; stat -c %s short
      """)
    #expect(outcome.lines == ["0", "b b b b new ", "a", "b", "10240"], "\(outcome.text)\(outcome.errors)")
    #expect(outcome.errors == "", "\(outcome.errors)")
  }

  /// Programs in place of rmt, and what is said of them.
  @Test(
    arguments: [
      (
        "exit 7", "-tf", "Cannot open: Input/output error", "the connection ended; the remote shell ended with status 7"
      ),
      ("echo Welcome; cat > /dev/null", "-tf", "Cannot open: Input/output error", "an answer that is none: 'Welcome'"),
      ("echo E13; echo Permission denied; cat > /dev/null", "-tf", "Cannot open: Permission denied", nil),
      ("echo E99999; echo What this machine says; cat > /dev/null", "-cf", "Cannot open: What this machine says", nil),
      ("echo A0; echo A999999999999; cat > /dev/null", "-tf", "Read error: Input/output error", nil),
      (
        "read name; read mode; echo A0; read size; printf 'A10240\\nshort'", "-tf", "Read error: Input/output error",
        nil
      ),
      ("read name; read mode; echo A0", "-cf", "Cannot write: Input/output error", nil),
      ("read name; read mode; echo A0; exec < /dev/null; sleep 0.2", "-cf", "Cannot write: Input/output error", nil),
      (
        "echo A0; echo E28; echo No space left on device; cat > /dev/null", "-cf",
        "Cannot write: No space left on device", nil
      ),
      ("echo A0; echo E5; echo Input/output error; cat > /dev/null", "-cf", "Cannot write: Input/output error", nil),
      (
        "echo A0; echo A10240; echo E5; echo The tape is torn; cat > /dev/null", "-cf",
        "Cannot close: The tape is torn", nil
      ),
      (
        "read name; read mode; echo A0; read size; head -c 10240 > /dev/null; echo A10240", "-cf",
        "Cannot close: Input/output error", nil
      ),
      ("echo A0; echo A512; cat > /dev/null", "-cf", "Cannot write: No space left on device", nil),
      ("echo F5; echo gone; cat > /dev/null", "-cf", "Cannot open: gone", nil),
      ("echo A0; head -c 20000 /dev/zero; cat > /dev/null", "-rf", "Read error: Input/output error", nil),
    ] as [(String, String, String, String?)])
  func failuresOfTheOtherEndAreSaid(server: String, mode: String, message: String, hint: String?) throws {
    let place = try Workplace()
    try "#!/bin/sh\n\(server)\n".write(toFile: place.path("rmt"), atomically: true, encoding: .utf8)
    let outcome = try place.shell(
      """
      \(Self.shell); chmod +x rmt; names=; [ \(mode) = -tf ] || names="b --remove-files"
      timeout 60 $TAPIR $R --rmt-command=$PWD/rmt \(mode) localhost:archive $names; echo $?; cat b
      """)
    #expect(outcome.lines == ["2", "b"], "\(outcome.text)\(outcome.errors)")
    let shown = outcome.errors.split(separator: "\n").map(String.init)
    #expect(shown.contains { $0.contains("localhost:archive: \(message)") }, "\(outcome.errors)")
    if let hint { #expect(shown.contains("hint: \(hint)"), "\(outcome.errors)") }
  }

  @Test func aNameWithASlashBeforeItsColonIsOfThisMachine() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      echo x > x; mkdir d; $TAPIR -cf d/a:b x && ls d; $TAPIR -cf ./a:b x && tar -tf ./a:b; $TAPIR -cf :c x; ls :c
      $TAPIR --rsh-command=/none -tf host:x; echo $?
      """)
    #expect(outcome.lines == ["a:b", "x", ":c", "2"], "\(outcome.text)\(outcome.errors)")
    #expect(
      outcome.errors == """
        tapir: host:x: Cannot open: Input/output error
        hint: '/none': Cannot execute: No such file or directory; --rsh-command names another program
        tapir: Error is not recoverable: exiting now

        """)
  }
}
