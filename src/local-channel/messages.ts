/**
 * The local channel, through which commands send requests to the server that uses a data folder. The server listens on a Unix
 * socket in the folder, which only the folder's owner and root can open. A connection carries one request and one reply, each as
 * a line of JSON.
 */
import { join } from 'node:path'

/** The identity of the person who runs the command, which the record stores. */
type ActorText = Readonly<Record<string, string | undefined>>

export type LocalRequest =
  /** Request to encrypt the master key. `recipients` is the text of a file with recipients or a public key. */
  | {
      readonly command: 'export-master-key'
      readonly recipients: string
      readonly actor: ActorText
    }
  /** Request to enter a share of the master key, given as text. */
  | { readonly command: 'unlock'; readonly share: string; readonly actor: ActorText }
  /** Request for the number of shares that have been entered. */
  | { readonly command: 'unlock-progress' }

export type LocalReply =
  | { readonly ok: true; readonly value: unknown }
  /** `problem` is a message for the operator. */
  | { readonly ok: false; readonly problem: string }

/** Maximum length of a request or a reply, in bytes. */
export const lineBytesMax = 1024 * 1024
/** Maximum duration of a connection. */
export const connectionMilliseconds = 10_000
/** Maximum length of a Unix socket path without the terminating zero: the limit on macOS, which is the lowest. */
export const socketPathBytesMax = 103

/** Returns the path of the socket in a data folder. */
export function socketPath(dataDirectory: string): string {
  return join(dataDirectory, 'control.sock')
}
