/** Messages between the tabs of this console in one browser. */
import type { Callback } from './callback.ts'

/**
 * `callback` is a response that another tab has to use, because that tab started the sign-in; it replies with `taken`.
 * `signed-out` ends all sessions of single sign-on.
 */
type Message =
  | { readonly kind: 'callback'; readonly callback: Callback }
  | { readonly kind: 'taken'; readonly state: string }
  | { readonly kind: 'signed-out' }

// Consoles with different path prefixes can have the same origin.
const channel = new BroadcastChannel(`signet.single-sign-on ${new URL(document.baseURI).pathname}`)

export function broadcast(message: Message): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel reaches only its own origin
  channel.postMessage(message)
}

/** Calls `receive` for each message of other tabs. Returns the function that stops this. */
export function listen(receive: (message: Message) => void): () => void {
  const onMessage = ({ data }: MessageEvent<Message>): void => receive(data)
  channel.addEventListener('message', onMessage)
  return () => channel.removeEventListener('message', onMessage)
}

const replyMilliseconds = 1000

/** Offers a response to the other tabs. Resolves to whether one of them started the sign-in. */
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
