/** Returns a function that collects items and passes them to `handOver` as one array after the microtasks of this turn. */
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
