import LinuxTape

/// What a drive says: understood, or not, in no more than it said.
func fuzzDriveAnswers(_ input: [UInt8]) {
  if let page = LogPage(input) {
    precondition(page.parameters.values.reduce(0) { $0 + $1.count + 4 } <= input.count)
    var health = DriveHealth()
    health.density = TapeDensity(code: 0x58)
    health.take(page)
    _ = health.findings
    for parameter in page.parameters.keys { _ = (page.number(parameter), page.text(parameter)) }
  }
  let attributes = MediumAttributes(input)
  precondition(attributes.values.values.reduce(0) { $0 + $1.count + 5 } <= input.count)
  _ = (attributes.barcode, attributes.loads, attributes.isWORM)
  _ = SenseData(input)?.text
}
