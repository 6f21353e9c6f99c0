import { SealError, type Sealer } from '../sealer.ts'

/** What a page token is good for; it opens with exactly the same scope only. */
export interface PageScope {
  readonly operation: string
  /** ARN of whoever was given the token. */
  readonly callerArn: string
  readonly region: string
  /** The resource that is listed, or an empty string. */
  readonly resource: string
}

/**
 * Page tokens that clients can neither read nor make: the position, sealed for its scope, in base64url. They hold on
 * every node that has the key, and across restarts.
 */
export interface PageTokens {
  seal(scope: PageScope, position: string): string
  /** The position, or undefined if the token was not made here for this scope. */
  open(scope: PageScope, token: string): string | undefined
}

/** Tokens under a sealer that serves nothing else. */
export function createPageTokens(sealer: Sealer): PageTokens {
  return {
    seal: (scope, position) =>
      Buffer.from(sealer.seal(contextOf(scope), Buffer.from(position))).toString('base64url'),
    open(scope, token) {
      const sealed = Buffer.from(token, 'base64url')
      if (sealed.toString('base64url') !== token) return undefined
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
