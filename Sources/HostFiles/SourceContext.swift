/// What all members of one run share.
final class SourceContext: Sendable {
  let options: SourceOptions
  let owners: OwnerNames
  let links = LinkTable()
  let budget = DescriptorBudget()
  /// Removes what was archived; nil when everything stays.
  let remover: HostRemover?

  init(_ options: SourceOptions) {
    self.options = options
    owners = OwnerNames(numericOnly: options.numericOwner)
    remover = options.removesFiles ? HostRemover(links: links, keeping: options.neverRemoved) : nil
  }
}
