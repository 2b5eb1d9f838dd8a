/// Texts made from the option tables: completions and the manual page. What is installed is their output, kept in
/// `completions/` and `man/`; a test compares the two.
enum GeneratedText {
  /// The text that `tapir completion SHELL`, `tapir help manual`, `tapir help TOPIC` or `tapir help VERB` asks for; nil for any other command
  /// line.
  static func asked(for arguments: [[UInt8]]) throws(UsageError) -> String? {
    let words = arguments.map { String(decoding: $0, as: UTF8.self) }
    switch words {
    case ["completion", "bash"]: return CompletionScript.bash
    case ["completion", "zsh"]: return CompletionScript.zsh
    case ["completion", "fish"]: return CompletionScript.fish
    case ["help", "manual"]: return manual
    case ["help", "reference"]: return ReferenceText.page
    case ["help"]: return HelpText.overview
    default: break
    }
    if words.first == "completion" {
      throw UsageError(message: "'completion' is followed by a shell: 'bash', 'zsh' or 'fish'")
    }
    guard words.first == "help" else { return nil }
    let name = words.dropFirst().joined(separator: " ")
    if let topic = HelpTopic(rawValue: name) { return topic.text }
    if let verb = Verb(rawValue: name) { return verb.help }
    let verbs = Verb.allCases.filter { $0.rawValue.hasPrefix(name + " ") }
    guard !verbs.isEmpty else {
      throw UsageError(
        message: "there is no help on '\(name)': 'tapir help' lists topics and verbs", pointsAtHelp: false)
    }
    return verbs.map(\.help).joined(separator: "\n")
  }

  private static var manual: String {
    var text = #"""
      .\" Made by 'tapir help manual'.
      .Dd November 21, 2026
      .Dt TAPIR 1
      .Os
      .Sh NAME
      .Nm tapir
      .Nd tar for tape
      .Sh SYNOPSIS
      .Nm
      .Fl c | r | x | t | d
      .Fl f Ar archive
      .Op Ar option ...
      .Op Ar name ...
      .Nm
      .Cm volume label | show | map | verify
      .Ar archive
      .Nm
      .Cm drive status | rewind | eject | load | position | health
      .Ar drive
      .Nm
      .Cm index find
      .Ar pattern ...
      .Nm
      .Cm index rebuild
      .Ar archive
      .Nm
      .Cm library create | status | inventory
      .Ar library
      .Nm
      .Cm library load | unload | transfer | add | remove
      .Ar library
      .Op Ar what ...
      .Nm
      .Cm plan
      .Fl cf Ar model
      .Op Ar option ...
      .Ar name ...
      .Sh DESCRIPTION
      .Nm
      is a
      .Xr tar 1
      whose archive is a cartridge in a tape drive
      .Pq Pa /dev/nst0
      or a virtual cartridge: a folder that behaves like one.
      Every member is laid down as a labelled file of its own, and an index on disk knows where, so that one member is
      restored with one locate.
      Members are safe when the batch they belong to is committed: its catalogue written and the drive's buffer flushed.
      .Pp
      A new virtual cartridge is made when the name of
      .Ar archive
      ends in
      .Pa .vtl
      or a slash.
      Without
      .Fl f
      the archive is
      .Ev TAPE .
      .Pp
      The archive may also be a virtual library: a folder of cartridges with drives and slots, made by
      .Nm
      .Cm library create .
      There
      .Fl c
      loads a cartridge of its scratch pool,
      .Fl r
      goes on on the volume that was written last, and
      .Fl t , x
      and
      .Fl d
      cover all volumes and load those that are needed;
      .Fl \-vsn
      means one of them.
      Commands that run at once use a drive each.
      .Pp
      With
      .Fl \-changer
      the drive is one of a real library, and cartridges are loaded by their barcodes through
      .Xr mtx 1 :
      the volume of
      .Fl \-vsn ,
      or for
      .Fl c
      and
      .Fl r
      on an empty drive one that is blank.
      The drive is the library's drive 0 unless
      .Fl \-drive\-element
      says another.
      .Pp
      .Nm
      .Cm plan
      takes names and exclusions as
      .Fl c
      does, but the model of a drive in place of an archive
      .Pq \#(PlanVerb.models) .
      It reads no file and writes nothing, and says how many cartridges and how much time archiving the files would take,
      and what the time would go into.
      .Pp
      Defaults of options for drives, libraries and series come from
      .Pa /etc/tapir.conf
      and
      .Pa ~/.config/tapir/config ,
      texts of sections
      .Pq Li [defaults] , [library NAME] , [drive NAME] , [series NAME]
      and lines
      .Ql name = value ,
      where names are those of long options.
      Ordinary archives have none of them.
      .Nm
      .Cm config show
      says what holds and where it comes from,
      .Nm
      .Cm help configuration
      more.
      .Sh VERBS
      .Bl -tag -width Ds

      """#
    for verb in Verb.allCases { text += ReferenceText.manualItem(verb) }
    text += ".El\n.Sh HELP TOPICS\n.Nm\n.Cm help Ar topic\nexplains:\n.Bl -tag -width Ds\n"
    for topic in HelpTopic.allCases {
      text += ".It Cm \(ReferenceText.escaped(topic.rawValue))\n\(ReferenceText.escaped(topic.summary)).\n"
    }
    text += ".El\n.Sh OPTIONS\n"
    for section in OptionSpecification.Section.allCases {
      let options = (OptionTable.supported + OptionTable.verbsOnly).filter { $0.section == section }
      if options.isEmpty { continue }
      text += ".Ss \(section.rawValue)\n.Bl -tag -width Ds\n"
      for option in options { text += item(option) }
      text += ".El\n"
    }
    text += #"""
      .Sh ENVIRONMENT
      .Bl -tag -width Ds
      .It Ev TAPE
      The archive when there is no
      .Fl f .
      .It Ev TAR_OPTIONS
      Options put before those of the command line.
      .It Ev TAPIR_CONFIG
      The user's configuration file; empty for none.
      .It Ev TAPIR_INDEX
      The index when there is no
      .Fl -index-db .
      .El
      .Sh FILES
      .Bl -tag -width Ds
      .It Pa /etc/tapir.conf
      The system's configuration.
      .It Pa $XDG_CONFIG_HOME/tapir/config
      The user's configuration
      .Pq without the variable Pa ~/.config/tapir/config .
      .It Pa LIBRARY/index.sqlite
      Index of the cartridges of a virtual library.
      .It Pa CARTRIDGE/index.sqlite
      Index of a virtual cartridge in no library.
      .It Pa /var/lib/tapir/index.sqlite
      Index of root's volumes in drives.
      .It Pa $XDG_STATE_HOME/tapir/index.sqlite
      Index of other users' volumes in drives.
      .El
      .Sh EXIT STATUS
      0 all done; 1 some files differ or changed while they were read; 2 something failed.
      .Sh EXAMPLES
      Archive a directory on the cartridge in the drive, list it, restore one file:
      .Bd -literal -offset indent
      tapir -cf /dev/nst0 /home
      tapir -tf /dev/nst0
      tapir -xf /dev/nst0 home/me/notes.txt
      .Ed
      .Pp
      A database dump straight to tape, and back:
      .Bd -literal -offset indent
      pg_dump db | tapir -rf /dev/nst0 --stream db.sql
      tapir -xOf /dev/nst0 db.sql | psql db
      .Ed
      .Pp
      Where a file is, without a cartridge:
      .Bd -literal -offset indent
      tapir index find '*notes.txt'
      .Ed
      .Pp
      How many cartridges and hours a directory takes on an LTO-9 drive, before anything is written:
      .Bd -literal -offset indent
      tapir plan -cf LTO-9 /home
      .Ed
      .Sh SEE ALSO
      .Xr mt 1 ,
      .Xr tar 1 ,
      .Xr st 4 ,
      .Xr tapir\-volume 5
      """#
    return text
  }

  private static func manualArgument(_ option: OptionSpecification) -> String {
    switch option.argument {
    case .none: ""
    case .required: " Ns = Ns Ar \(option.value)"
    case .optional: " Ns Oo = Ns Ar \(option.value) Oc"
    }
  }

  private static func item(_ option: OptionSpecification) -> String {
    func escaped(_ text: String) -> String { text.map { $0 == "-" ? "\\-" : "\($0)" }.joined() }
    var names: [String] = []
    if let short = option.short { names.append("Fl \(short)") }
    if let long = option.long {
      names.append("Fl \(escaped("-" + long))" + manualArgument(option))
    }
    return ".It \(names.joined(separator: " , "))\n\(escaped(option.help)).\n"
  }
}
