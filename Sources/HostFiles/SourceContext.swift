/// What all members of one run share.
final class SourceContext: Sendable {
  let options: SourceOptions
  let owners: OwnerNames
  let links = LinkTable()
  let budget = DescriptorBudget()

  init(_ options: SourceOptions) {
    self.options = options
    owners = OwnerNames(numericOnly: options.numericOwner)
  }
}
