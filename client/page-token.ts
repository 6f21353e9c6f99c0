/**
 * Resume tokens in botocore's format, so that boto3 and the client can continue each other's pagination. A resume token is
 * base64-encoded JSON with the service's token and, after an incomplete page, the number of items already returned from that
 * page.
 */

export interface PagePosition {
  /** The service's token for the page; undefined for the first page. */
  readonly serviceToken: string | undefined
  /** Number of the page's items that were already returned; undefined if none were. */
  readonly skipped: number | undefined
}

/** Returns the token that botocore creates for the position, byte for byte. */
export function encodePageToken({ serviceToken, skipped }: PagePosition): string {
  const token = serviceToken === undefined ? 'null' : asciiJson(serviceToken)
  const truncated = skipped === undefined ? '' : `, "boto_truncate_amount": ${skipped}`
  return Buffer.from(`{"NextToken": ${token}${truncated}}`).toString('base64')
}

/** Formats JSON in the same way as Python's json.dumps. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * Decodes a resume token. A string in any other format is treated as the service's token, optionally followed by `___` and a
 * number (botocore's earlier format). Throws TypeError for a token with unknown or invalid members.
 */
export function decodePageToken(token: string): PagePosition {
  const members = decodeMembers(token)
  if (members === undefined) return decodeOldForm(token)
  const { NextToken: serviceToken, boto_truncate_amount: skipped, ...extraMembers } = members
  const isToken = serviceToken === null || typeof serviceToken === 'string'
  const isAmount = skipped === undefined || (Number.isSafeInteger(skipped) && Number(skipped) >= 0)
  if (!isToken || !isAmount || Object.keys(extraMembers).length > 0)
    throw new TypeError(`Bad starting token: ${token.slice(0, 200)}`)
  return { serviceToken: serviceToken ?? undefined, skipped: skipped as number | undefined }
}

function decodeMembers(token: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function decodeOldForm(token: string): PagePosition {
  const [, serviceToken = token, skipped] = /^(.*)___(\d+)$/s.exec(token) ?? []
  return {
    serviceToken: serviceToken === 'None' ? undefined : serviceToken,
    skipped: skipped === undefined ? undefined : Number(skipped),
  }
}
