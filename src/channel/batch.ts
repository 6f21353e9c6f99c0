/** Returns a function that collects items, and sends those of one turn of the event loop together. */
export function createBatch<Item>(send: (items: readonly Item[]) => void): (item: Item) => void {
  let items: Item[] = []
  return (item) => {
    if (items.length === 0)
      setImmediate(() => {
        const batch = items
        items = []
        send(batch)
      })
    items.push(item)
  }
}
