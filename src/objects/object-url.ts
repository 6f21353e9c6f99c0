/**
 * A key as the path of a URL: its slashes stay, and so do the characters that RFC 3986 §3.3 allows in a segment. Only
 * `+` is escaped although it is allowed, since S3 reads it as a space.
 */
export function pathOfKey(key: string): string {
  return key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replaceAll(/%(?:24|26|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/')
}

/** A URL without the slashes that it may end in, so that a path can follow. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
