import { SealError, type Sealer } from '../sealer.ts'
import { decodeBase64url } from '../text/base64url.ts'

/** The request for which a page token is valid. */
export interface PageScope {
  readonly operation: string
  /** ARN of the caller that received the page token. */
  readonly callerArn: string
  readonly region: string
  /** ARN of the resource whose parts are listed, or an empty string. */
  readonly resource: string
}

/**
 * Page tokens, which clients can neither read nor forge. A page token is a position that is encrypted for its scope and encoded
 * in base64url. A page token remains valid after a restart, and is valid on every node with the same master key.
 */
export interface PageTokens {
  seal(scope: PageScope, position: string): string
  /** Returns the position in the list, or undefined if the token is invalid for the scope. */
  open(scope: PageScope, token: string): string | undefined
}

/** Creates page tokens. The sealer must not be used for any other purpose. */
export function createPageTokens(sealer: Sealer): PageTokens {
  return {
    seal: (scope, position) =>
      Buffer.from(sealer.seal(contextOf(scope), Buffer.from(position))).toString('base64url'),
    open(scope, token) {
      const sealed = decodeBase64url(token)
      if (sealed === undefined) return undefined
      try {
        return Buffer.from(sealer.open(contextOf(scope), sealed)).toString('utf8')
      } catch (error) {
        if (error instanceof SealError) return undefined
        throw error
      }
    },
  }
}

function contextOf({ operation, callerArn, region, resource }: PageScope): string {
  return JSON.stringify([operation, callerArn, region, resource])
}
