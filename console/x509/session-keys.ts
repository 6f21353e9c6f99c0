/**
 * Private keys that the browser generated since the console was loaded. The keys exist only in the tab's memory. The keys are
 * deleted when the page is reloaded or closed, or when the user signs out.
 */

interface SessionKey {
  /** Private key as PKCS #8 in PEM. */
  readonly pem: string
  isSaved: boolean
}

/** Private keys, keyed by the ARNs of their certificates. */
const keys = new Map<string, SessionKey>()

export function keepKey(certificateArn: string, pem: string): void {
  keys.set(certificateArn, { pem, isSaved: false })
  addEventListener('beforeunload', warn)
}

/** Returns the private key of a certificate, or undefined if the key was not generated in this tab. */
export function keyOf(certificateArn: string): string | undefined {
  return keys.get(certificateArn)?.pem
}

/** Records that the user has downloaded a key, so that leaving the page requires no warning. */
export function markSaved(certificateArn: string): void {
  const key = keys.get(certificateArn)
  if (key !== undefined) key.isSaved = true
}

export function forgetKeys(): void {
  keys.clear()
  removeEventListener('beforeunload', warn)
}

function warn(event: BeforeUnloadEvent): void {
  if ([...keys.values()].some(({ isSaved }) => !isSaved)) event.preventDefault()
}
