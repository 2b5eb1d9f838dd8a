/// Something that a verb has found out or done. Verbs gather facts and say nothing themselves: text and JSON are two
/// renderings of the same values.
protocol Fact {
  /// What stands on standard output, line by line.
  var lines: [[UInt8]] { get }
  /// The kind of its event.
  var kind: Event.Kind { get }
  /// Sets the event's fields.
  func fill(_ event: Event)
}

extension Reporter {
  /// Says a fact: as lines, or with `--json` as an event.
  func tell(_ fact: some Fact) {
    if let events { return events.send(fact.kind, atOnce: fact.kind != .version) { fact.fill($0) } }
    for line in fact.lines { print(line) }
  }

  /// Whether facts are events.
  var sendsEvents: Bool { events != nil }

  /// Text that stands among facts for people: headings, and what facts come to. No event has it.
  func decorate(_ text: String) { if events == nil { print(text) } }
}
