/**
 * Decodes base64url without padding (RFC 4648 §5, RFC 7515 §2). Returns undefined for any other value, including text whose
 * unused bits are not zero.
 */
export function decodeBase64url(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
