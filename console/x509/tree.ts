/** Trees of CAs. */

export interface TreeNode<Item> {
  readonly item: Item
  readonly children: readonly TreeNode<Item>[]
}

/** Arranges items in a tree, below their issuers. Items whose issuer is not in the list are at the top level. */
export function treeOf<Item>(
  items: readonly Item[],
  issuerOf: (item: Item) => Item | undefined,
): TreeNode<Item>[] {
  const parents = new Map<Item, Item>()
  for (const item of items) {
    const issuer = issuerOf(item)
    // Two CAs with the same name and without key identifiers can appear to be each other's issuers.
    if (issuer !== undefined && !isAbove(parents, item, issuer)) parents.set(item, issuer)
  }
  const children = Map.groupBy(items, (item) => parents.get(item))
  const nodeOf = (item: Item): TreeNode<Item> => ({
    item,
    children: (children.get(item) ?? []).map(nodeOf),
  })
  return (children.get(undefined) ?? []).map(nodeOf)
}

function isAbove<Item>(parents: ReadonlyMap<Item, Item>, item: Item, below: Item): boolean {
  for (let at: Item | undefined = below; at !== undefined; at = parents.get(at))
    if (at === item) return true
  return false
}

/** Returns a page of a tree: `count` nodes starting at index `first`, in top-to-bottom order, and their ancestors. */
export function pageOfTree<Item>(
  nodes: readonly TreeNode<Item>[],
  { first, count }: { readonly first: number; readonly count: number },
): TreeNode<Item>[] {
  let number = 0
  const pageOf = (node: TreeNode<Item>): TreeNode<Item>[] => {
    const isShown = number >= first && number < first + count
    number += 1
    const children = node.children.flatMap(pageOf)
    return isShown || children.length > 0 ? [{ item: node.item, children }] : []
  }
  return nodes.flatMap(pageOf)
}

/** Returns the number of nodes in a tree. */
export function sizeOfTree(nodes: readonly TreeNode<unknown>[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + sizeOfTree(children), 0)
}
