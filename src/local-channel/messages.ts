/**
 * The local channel: requests of commands to the server that runs on a data folder. The server listens on a Unix socket in the
 * folder, which only the owner of the folder and root can open. A connection carries one request and one reply, each one line of
 * JSON.
 */
import { join } from 'node:path'

export type LocalRequest =
  /**
   * Encrypts the master key. `recipients` is the text of a file with recipients or a public key; `actor` are texts that name who
   * runs the command, for the record.
   */
  | {
      readonly command: 'export-master-key'
      readonly recipients: string
      readonly actor: Readonly<Record<string, string | undefined>>
    }
  /** Enters the text of a share of the master key. */
  | { readonly command: 'unlock'; readonly share: string }
  /** Requests the numbers of entered shares. */
  | { readonly command: 'unlock-progress' }

export type LocalReply =
  | { readonly ok: true; readonly value: unknown }
  /** `problem` is for the operator. */
  | { readonly ok: false; readonly problem: string }

/** Maximum length of a request or a reply, in bytes. */
export const lineBytesMax = 1024 * 1024
/** How long a connection may take. */
export const connectionMilliseconds = 10_000
/** The shortest limit for the path of a Unix socket, that of macOS, without its terminating zero. */
export const socketPathBytesMax = 103

/** Returns the path of the socket in a data folder. */
export function socketPath(dataDirectory: string): string {
  return join(dataDirectory, 'control.sock')
}
