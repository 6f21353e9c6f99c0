/** Request targets (RFC 9112 §3.2), and the path prefix of a reverse proxy. */

const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)/i
const slash = 0x2f

/**
 * Converts a target to origin form, `/path?query`. For a target in absolute form (`http://host/path?query`), the host that
 * replaces the Host header is returned, too. Any other target is returned unchanged.
 */
export function originForm(target: string): {
  readonly target: string
  readonly host: string | undefined
} {
  if (target.charCodeAt(0) === slash) return { target, host: undefined }
  const [matched, host, rest = ''] = absoluteForm.exec(target) ?? []
  if (matched === undefined) return { target, host: undefined }
  return { target: rest.startsWith('/') ? rest : `/${rest}`, host }
}

/** Removes a prefix from a path or target below it: `/pki/ocsp` without `/pki` is `/ocsp`. */
export function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || !target.startsWith(prefix)) return target
  const rest = target.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : target
}

/** A path with its percent escapes decoded; undefined if one is malformed or the bytes are not UTF-8. */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
