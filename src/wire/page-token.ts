import { SealError, type Sealer } from '../sealer.ts'
import { decodeBase64url } from '../text/base64url.ts'

/** The request that a page token is valid for. */
export interface PageScope {
  readonly operation: string
  /** ARN of the caller that received the token. */
  readonly callerArn: string
  readonly region: string
  /** ARN of the listed resource, or an empty string. */
  readonly resource: string
}

/**
 * Page tokens that clients can neither read nor forge. Each is a position, encrypted for its scope, in base64url. Page tokens
 * are valid on every node with the same master key, and across restarts.
 */
export interface PageTokens {
  seal(scope: PageScope, position: string): string
  /** Returns the position; undefined if the token is invalid for this scope. */
  open(scope: PageScope, token: string): string | undefined
}

/** Creates page tokens. The sealer must not be used for anything else. */
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
