import ArchiveFormat
import CLinux
import Glibc
import HostFiles
import Testing

@Suite struct HostSinkTests {
  /// A sink into the workspace's target, and what it says in passing.
  private func sink(_ workspace: Workspace, _ options: SinkOptions = SinkOptions()) -> (HostSink, Notices) {
    let notices = Notices()
    return (HostSink(target: workspace.openTarget(), options: options) { notices.all.append($0) }, notices)
  }

  private func put(_ text: String, as member: Member, into sink: HostSink) throws(MemberNotice) -> [MemberNotice] {
    var member = member
    member.size = Int64(text.utf8.count)
    guard let writer = try sink.beginFile(member) else { return [] }
    try writer.write(Array(text.utf8).span.bytes, at: 0)
    return try writer.commit()
  }

  private func refusal(_ body: () throws(MemberNotice) -> Void) -> String? {
    do throws(MemberNotice) {
      try body()
      return nil
    } catch {
      return words([error]).first
    }
  }

  // MARK: Round trips

  @Test func aTreeComesBackAsItWas() throws {
    let workspace = Workspace()
    workspace.run(
      """
      cd source && mkdir -p d/e/f empty ro && echo 1 > d/1 && echo 2 > d/e/2 && : > zero && ln d/1 second && ln -s d/1 sym
      ln -P sym sym2 && ln -s nowhere dangling && mkfifo -m 640 fifo && head -c 3000000 /dev/urandom > big
      printf x > "$(printf 'new\\nline')" && printf y > "$(printf 'bad\\377utf')" && printf z > "$(printf '%0255d' 7)"
      truncate -s 8G huge && printf end | dd of=huge bs=1 seek=9G conv=notrunc status=none && : > ro/f
      chmod 4755 d/1 && chmod 1777 d && chmod 555 ro && chmod 0 zero && touch -h -d '1999-01-02 03:04:05.000000006' sym d/e d ro
      """)
    var options = SourceOptions()
    options.detectsHoles = true
    var sinkOptions = SinkOptions()
    sinkOptions.preservesPermissions = true
    let notices = try workspace.copy(["."], from: options, to: sinkOptions)
    #expect(words(notices) == [])
    // ctime apart, nothing differs: content by digest, modes, owners, times, links.
    #expect(workspace.text("rsync -naicAXH --delete --exclude=huge source/ target/") == "")
    #expect(workspace.text("tar -C source --exclude=huge -cf - . | tar -C target -df -") == "")
    #expect(workspace.text("cd target && stat -c %s huge && tail -c 3 huge") == "9663676419\nend")
    #expect(workspace.text("test $(stat -c %b target/huge) -lt 64 && echo sparse") == "sparse\n")
    let times = "find . -not -name huge -printf '%p %T@ %m %u %g %s %y\\n' | sort"
    #expect(workspace.run("cd source && \(times)") == workspace.run("cd target && \(times)"))
  }

  @Test(.enabled(if: isRoot, "owners and device nodes need root")) func ownersAndDevicesComeBack() throws {
    let workspace = Workspace()
    workspace.run(
      "cd source && mknod c c 1 3 && mknod b b 7 300 && : > f && chown 1234:4321 f c && chmod 6755 f && ln -s f l && chown -h 5:6 l"
    )
    let notices = try workspace.copy(["c", "b", "f", "l"])
    #expect(words(notices) == [])
    let list = "stat -c '%n %F %t:%T %u %g %a' c b f l"
    #expect(workspace.run("cd source && \(list)") == workspace.run("cd target && \(list)"))
  }

  @Test func attributesAndACLsComeBack() throws {
    let workspace = Workspace()
    workspace.run(
      """
      cd source && mkdir d && echo 1 > d/f && : > ro && setfattr -n user.a -v 'b\\000c' d d/f ro && chmod 444 ro
      setfacl -m u:daemon:rw,m::r d/f && setfacl -d -m g:3:rx d
      """)
    var (from, to) = (SourceOptions(), SinkOptions())
    from.extendedAttributes = true
    from.accessControlLists = true
    to.extendedAttributes = true
    to.accessControlLists = true
    #expect(words(try workspace.copy(["."], from: from, to: to)) == [])
    #expect(workspace.text("rsync -naicAXH --delete source/ target/") == "")
    let acl = "getfacl -R ."
    #expect(workspace.text("cd target && \(acl)") == workspace.text("cd source && \(acl)"))
    #expect(workspace.text("cd target && \(acl)").contains("default:group:sys:r-x"))
  }

  @Test func treesDeeperThanPathMaxComeBack() throws {
    let workspace = Workspace()
    workspace.run(
      "cd source && python3 -c 'import os\nfor i in range(300):\n os.mkdir(\"n\"*40); os.chdir(\"n\"*40)\nopen(\"f\",\"w\")'"
    )
    #expect(words(try workspace.copy(["."])) == [])
    #expect(workspace.text("find target | wc -l") == "302\n")
  }

  @Test func permissionsAreCutByTheUmaskUnlessPreserved() throws {
    let workspace = Workspace()
    var options = SinkOptions()
    options.preservesPermissions = false
    let (sink, _) = sink(workspace, options)
    try sink.create(member("d", .directory, mode: 0o2777))
    _ = try put("x", as: member("d/f", .regular, mode: 0o4777), into: sink)
    #expect(sink.finish() == [])
    let expected = workspace.text("umask 022; mkdir x; : > y; chmod 755 y; stat -c %a x y")
    #expect(workspace.text("cd target && stat -c %a d d/f") == expected)
  }

  // MARK: What is there already

  @Test func filesAndLinksAreReplacedButNotFullDirectories() throws {
    let workspace = Workspace()
    workspace.run("cd target && echo old > f && ln -s /etc/passwd l && mkdir e && mkdir -p full/x")
    let (sink, _) = sink(workspace)
    for name in ["f", "l", "e"] { #expect(try put("new", as: member(name, .regular), into: sink) == []) }
    #expect(workspace.text("cd target && cat f l e && stat -c %F l") == "newnewnewregular file\n")
    #expect(
      refusal { () throws(MemberNotice) in _ = try put("n", as: member("full", .regular), into: sink) }
        == "full: Cannot open: File exists")
    #expect(
      refusal { () throws(MemberNotice) in try sink.create(member("full", .symbolicLink, link: "a")) }
        == "full: Cannot create symlink to 'a': File exists")
    #expect(workspace.text("ls -A target") == "e\nf\nfull\nl\n")
  }

  @Test func aLinkToADirectoryIsReplacedByADirectoryUnlessKept() throws {
    for keeps in [false, true] {
      let workspace = Workspace()
      workspace.run("cd target && mkdir -m 711 real && ln -s real d")
      var options = SinkOptions()
      options.keepsDirectorySymlinks = keeps
      let (sink, _) = sink(workspace, options)
      try sink.create(member("d", .directory, mode: 0o755))
      #expect(sink.finish() == [])
      let expected = keeps ? "symbolic link\n711\n" : "directory\n711\n"
      #expect(workspace.text("cd target && stat -c %F d && stat -c %a real") == expected)
    }
  }

  @Test func anotherDirectoryUnderTheNameKeepsItsOwnMetadata() throws {
    let workspace = Workspace()
    let (sink, _) = sink(workspace)
    try sink.create(member("d", .directory, mode: 0o711))
    workspace.run("cd target && mv d moved && mkdir -m 750 d")
    #expect(words(sink.finish()) == ["d: Directory renamed before its status could be extracted"])
    #expect(workspace.text("stat -c %a target/d") == "750\n")
  }

  @Test func aDirectoryThatGaveWayToALaterMemberIsNoFailure() throws {
    let workspace = Workspace()
    let (sink, _) = sink(workspace)
    try sink.create(member("d", .directory, mode: 0o711))
    _ = try put("x", as: member("d", .regular), into: sink)
    workspace.run("mkdir target/keep")
    try sink.create(member("d", .directory, mode: 0o755))
    #expect(sink.finish() == [])
    #expect(workspace.text("stat -c '%F %a' target/d") == "directory 755\n")
  }

  @Test func ofADirectoryThatComesTwiceTheLaterOneCounts() throws {
    let workspace = Workspace()
    let (sink, _) = sink(workspace)
    try sink.create(member("d", .directory, mode: 0o700))
    _ = try put("x", as: member("d/x", .regular), into: sink)
    try sink.create(member("e", .directory, mode: 0o700))
    try sink.create(member("d", .directory, mode: 0o755))
    #expect(sink.finish() == [])
    #expect(workspace.text("stat -c '%a' target/d target/e") == "755\n700\n")
  }

  @Test func oldFilesAreKeptOnRequest() throws {
    let workspace = Workspace()
    workspace.run("cd target && echo old > f && mkdir d && : > p")
    var options = SinkOptions()
    options.oldFiles = .keep
    let (sink, _) = sink(workspace, options)
    #expect(
      refusal { () throws(MemberNotice) in _ = try put("new", as: member("f", .regular), into: sink) }
        == "f: Cannot open: File exists")
    #expect(
      refusal { () throws(MemberNotice) in try sink.create(member("p", .fifo)) } == "p: Cannot mkfifo: File exists")
    try sink.create(member("d", .directory))
    #expect(workspace.text("cat target/f; ls -A target") == "old\nd\nf\np\n")
  }

  @Test(.enabled(if: isRoot, "giving open files names needs rights")) func aFileHasNoNameBeforeItIsWhole() throws {
    let workspace = Workspace()
    workspace.run("echo old > target/old && chmod 755 . && chmod 777 target")
    let (sink, _) = sink(workspace)
    for name in ["new", "old"] {
      var made = member(name, .regular, mode: 0o640)
      made.size = 4
      let writer = try #require(try sink.beginFile(made))
      try writer.write(Array("\(name)!".utf8).span.bytes, at: 0)
      #expect(workspace.text("ls -A target; cat target/old") == (name == "new" ? "old\nold\n" : "new\nold\nold\n"))
      #expect(try writer.commit() == [])
    }
    #expect(
      workspace.text("cd target && ls -A && cat new old && stat -c '%a %h' new old")
        == "new\nold\nnew!old!640 1\n640 1\n")
    // Where that is not possible, a file has another name before.
    let said: [String] = asNobody {
      var options = SinkOptions()
      options.sameOwner = false
      let (sink, _) = self.sink(workspace, options)
      return ["mine", "mine"].flatMap { name in
        do throws(MemberNotice) { return words(try put("x", as: member(name, .regular), into: sink)) } catch {
          return words([error])
        }
      }
    }
    #expect(said == [] && workspace.text("cd target && ls -A && stat -c %u mine") == "mine\nnew\nold\n65534\n")
  }

  @Test func discardedFilesLeaveNothing() throws {
    let workspace = Workspace()
    workspace.run("echo old > target/f")
    let (sink, _) = sink(workspace)
    for name in ["f", String(repeating: "x", count: 255)] {
      let writer = try #require(try sink.beginFile(member(name, .regular)))
      try writer.write(([1, 2, 3] as [UInt8]).span.bytes, at: 0)
      #expect(workspace.text("cat target/f") == "old\n")
      writer.discard()
    }
    #expect(workspace.text("ls -A target") == "f\n")
  }

  @Test func membersWithoutTheirDirectoriesGetThem() throws {
    let workspace = Workspace()
    let (sink, _) = sink(workspace)
    #expect(try put("x", as: member("a/b/./c//f", .regular), into: sink) == [])
    #expect(workspace.text("cat target/a/b/c/f") == "x")
  }

  // MARK: Archives that mean harm

  @Test func nothingIsWrittenOutsideTheTarget() throws {
    let workspace = Workspace()
    workspace.run("mkdir outside && echo safe > outside/victim && cp -a outside before && ln -s ../outside target/old")
    let (sink, notices) = sink(workspace)
    let outside = workspace.path + "/outside"
    for name in ["../outside/f", "a/../../outside/f", "..", "a/.."] {
      #expect(
        refusal { () throws(MemberNotice) in _ = try put("bad", as: member(name, .regular), into: sink) }
          == "\(name): Member name contains '..'")
      #expect(refusal { () throws(MemberNotice) in try sink.create(member(name, .directory)) } != nil)
    }
    // Absolute names land inside.
    _ = try put("in", as: member(outside + "/victim", .regular), into: sink)
    #expect(workspace.text("cat target\(outside)/victim") == "in")
    #expect(words(notices.all) == ["Removing leading `/' from member names"])
    // Links planted by the archive, relative and absolute, and one that was there.
    try sink.create(member("relative", .symbolicLink, link: "../outside"))
    try sink.create(member("absolute", .symbolicLink, link: outside))
    try sink.create(member("file", .symbolicLink, link: outside + "/victim"))
    try sink.create(member("twice", .symbolicLink, link: "relative"))
    for name in ["relative", "absolute", "twice", "old"] {
      for kind in [Member.Kind.directory, .fifo, .symbolicLink] {
        #expect(refusal { () throws(MemberNotice) in try sink.create(member(name + "/x", kind, link: "y")) } != nil)
      }
      #expect(
        refusal { () throws(MemberNotice) in _ = try put("bad", as: member(name + "/victim", .regular), into: sink) }
          != nil)
      #expect(
        refusal { () throws(MemberNotice) in try sink.create(member("h", .hardLink, link: name + "/victim")) } != nil)
    }
    _ = try put("new", as: member("file", .regular), into: sink)
    // A directory whose name becomes a link before its metadata is set.
    try sink.create(member("swapped", .directory, mode: 0o700))
    try sink.create(member("swapped", .symbolicLink, link: outside))
    for notice in sink.finish() { Issue.record("\(notice)") }
    #expect(workspace.text("rsync -naic --delete outside/ before/; stat -c %a outside before") == "755\n755\n")
    #expect(workspace.text("stat -c %F target/file") == "regular file\n")
  }

  @Test func hardLinksGoToTheLinkItselfAndStayInside() throws {
    let workspace = Workspace()
    workspace.run("echo secret > outside")
    let (sink, notices) = sink(workspace)
    try sink.create(member("s", .symbolicLink, link: workspace.path + "/outside"))
    try sink.create(member("h", .hardLink, link: "s"))
    #expect(workspace.text("stat -c %F target/h; stat -c %h outside") == "symbolic link\n1\n")
    #expect(
      refusal { () throws(MemberNotice) in try sink.create(member("i", .hardLink, link: "../outside")) }
        == "i: Cannot hard link to '../outside': No such file or directory")
    #expect(words(notices.all) == ["Removing leading `../' from hard link targets"])
    #expect(
      refusal { () throws(MemberNotice) in try sink.create(member("x", .hardLink, link: "gone")) }
        == "x: Cannot hard link to 'gone': No such file or directory")
  }

  @Test func aNameWithANULIsRefused() {
    let workspace = Workspace()
    let (sink, _) = sink(workspace)
    var bad = member("a", .regular)
    bad.path = [97, 0, 98]
    #expect(refusal { () throws(MemberNotice) in _ = try sink.beginFile(bad) } != nil)
    #expect(workspace.text("ls -A target") == "")
  }

  @Test func withAbsoluteNamesTheUserMeansThem() throws {
    let workspace = Workspace()
    var options = SinkOptions()
    options.keepsAbsoluteNames = true
    let (sink, notices) = sink(workspace, options)
    _ = try put("x", as: member(workspace.path + "/new/f", .regular), into: sink)
    _ = try put("y", as: member("../g", .regular), into: sink)
    #expect(workspace.text("cat new/f g") == "xy")
    #expect(notices.all.isEmpty)
  }

  @Test(.enabled(if: isRoot, "giving files away needs root to take it back")) func setUserIDIsNotSetWithoutTheOwner() {
    let workspace = Workspace()
    workspace.run("chmod 755 . && chmod 777 target")
    let said: [String] = asNobody {
      var options = SinkOptions()
      options.sameOwner = true
      options.preservesPermissions = true
      let (sink, _) = sink(workspace, options)
      var wanted = member("f", .regular, mode: 0o4755)
      wanted.ownership = Ownership(user: 0, group: 0)
      do throws(MemberNotice) { return words(try put("x", as: wanted, into: sink)) } catch { return words([error]) }
    }
    #expect(said == ["f: Cannot change ownership to uid 0, gid 0: Operation not permitted"])
    #expect(workspace.text("stat -c '%a %u' target/f") == "755 65534\n")
  }

  @Test(.enabled(if: isRoot, "giving up rights needs some")) func whatIsNotPermittedIsSaidInGNUTarsWords() {
    let workspace = Workspace()
    workspace.run("chmod 755 . && chmod 777 target")
    let said: [String?] = asNobody {
      var options = SinkOptions()
      options.sameOwner = false
      let (sink, _) = sink(workspace, options)
      return [
        refusal { () throws(MemberNotice) in
          // Not 0, 0: that is a whiteout, which anybody may make.
          var device = member("nod", .characterDevice)
          device.deviceNumber = DeviceNumber(major: 1, minor: 3)
          try sink.create(device)
        },
        refusal { () throws(MemberNotice) in _ = try put("x", as: member("f", .regular), into: sink) },
      ]
    }
    #expect(said == ["nod: Cannot mknod: Operation not permitted", nil])
  }
}
