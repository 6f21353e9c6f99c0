/** Returns a function that collects items, and hands them over together once the microtasks of this turn are done. */
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
