/**
 * Encodes an object key as a URL path. Slashes and the characters that RFC 3986 §3.3 allows in a segment are not escaped,
 * except for `+`, which S3 interprets as a space.
 */
export function pathOfKey(key: string): string {
  return key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replaceAll(/%(?:24|26|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/')
}

/** Removes trailing slashes from a URL, so that a path can be appended. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
