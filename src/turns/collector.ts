/**
 * Returns a function that collects items. After the microtasks of the current turn, the items are passed to `handOver` as one
 * array.
 */
export function createCollector<Item>(
  handOver: (items: readonly Item[]) => void,
): (item: Item) => void {
  let items: Item[] = []
  return (item) => {
    if (items.length === 0)
      process.nextTick(() => {
        const collected = items
        items = []
        handOver(collected)
      })
    items.push(item)
  }
}
