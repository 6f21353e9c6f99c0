import type { KeyObject } from 'node:crypto'

/** Keys in clear, in memory only, by name. */
export interface OpenKeys {
  /** The key. Those who ask for one while it is being read share the reading; one that fails is not kept. */
  get(name: string): Promise<KeyObject>
  forget(name: string): void
}

/** At most `keysMax` keys that `read` has read; the one that was not used for longest makes room. */
export function createOpenKeys(
  keysMax: number,
  read: (name: string) => Promise<KeyObject>,
): OpenKeys {
  // A Map keeps the order of insertion, so that its first entry is the one that was not used for longest.
  const keys = new Map<string, Promise<KeyObject>>()
  const keep = (name: string, key: Promise<KeyObject>): void => {
    keys.delete(name)
    keys.set(name, key)
    const [oldest] = keys.keys()
    if (keys.size > keysMax && oldest !== undefined) keys.delete(oldest)
  }
  const start = (name: string): Promise<KeyObject> => {
    const key = read(name)
    key.catch(() => {
      if (keys.get(name) === key) keys.delete(name)
    })
    return key
  }
  return {
    get(name) {
      const key = keys.get(name) ?? start(name)
      keep(name, key)
      return key
    },
    forget(name) {
      keys.delete(name)
    },
  }
}
