/** Returns a function that collects items, and hands those of one turn of the event loop over together. */
export function createCollector<Item>(
  handOver: (items: readonly Item[]) => void,
): (item: Item) => void {
  let items: Item[] = []
  return (item) => {
    if (items.length === 0)
      setImmediate(() => {
        const collected = items
        items = []
        handOver(collected)
      })
    items.push(item)
  }
}
