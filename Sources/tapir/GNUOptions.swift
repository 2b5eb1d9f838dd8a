/// GNU tar's options that are not supported: known, so that they are refused by name and so that an abbreviation never
/// comes to mean another option.
enum GNUOptions {
  static let unsupported: [OptionSpecification] = []
}
