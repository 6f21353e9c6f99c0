/** Messages between tabs of the same console in one browser. */
import type { Callback } from './callback.ts'

/**
 * `callback` offers a response to the tab that started the sign-in, and that tab replies with `taken`. `signed-out` ends all
 * single sign-on sessions.
 */
type Message =
  | { readonly kind: 'callback'; readonly callback: Callback }
  | { readonly kind: 'taken'; readonly state: string }
  | { readonly kind: 'signed-out' }

// Consoles with different path prefixes can share an origin.
const channel = new BroadcastChannel(`signet.single-sign-on ${new URL(document.baseURI).pathname}`)

export function broadcast(message: Message): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel reaches only its own origin
  channel.postMessage(message)
}

/** Calls `receive` for each message from other tabs. Returns a function that stops receiving messages. */
export function listen(receive: (message: Message) => void): () => void {
  const onMessage = ({ data }: MessageEvent<Message>): void => receive(data)
  channel.addEventListener('message', onMessage)
  return () => channel.removeEventListener('message', onMessage)
}

const replyMilliseconds = 1000

/** Offers an authorization response to the other tabs. Resolves to whether another tab started the sign-in. */
export function handOver(callback: Callback): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isTaken: boolean): void => {
      stop()
      clearTimeout(timer)
      resolve(isTaken)
    }
    const stop = listen((message) => {
      if (message.kind === 'taken' && message.state === callback.state) finish(true)
    })
    const timer = setTimeout(() => finish(false), replyMilliseconds)
    broadcast({ kind: 'callback', callback })
  })
}
