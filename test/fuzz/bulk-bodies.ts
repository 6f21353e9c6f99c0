/** Request bodies of any size that take little work to send and much work to parse. */

export interface BulkBody {
  readonly name: string
  readonly isForm: boolean
  /** Returns text that is slightly shorter than `size` bytes, or exactly as long. */
  readonly build: (size: number) => string
}

/** Sizes just below and just above the limit for forms, and sizes near the limits for imports and for all bodies. */
export const bulkSizes: readonly number[] = [65_000, 70_000, 2_800_000, 4 * 1024 * 1024 - 1]

function filledText(size: number, ...[head, unit, tail = '']: [string, string, string?]): string {
  const count = Math.max(0, Math.floor((size - head.length - tail.length) / unit.length))
  return head + unit.repeat(count) + tail
}

/** Returns as many numbered parts as fit into `size`. */
function numberedParts(size: number, part: (at: number) => string, separator: string): string {
  const parts: string[] = []
  let length = 0
  for (let at = 0; length < size; at += 1) {
    const text = part(at)
    length += text.length + separator.length
    parts.push(text)
  }
  return parts.slice(0, -1).join(separator)
}

export const bulkBodies: readonly BulkBody[] = [
  { name: 'form Action=x&&&…', isForm: true, build: (size) => filledText(size, 'Action=x', '&') },
  { name: 'form +++…', isForm: true, build: (size) => filledText(size, 'Action=', '+') },
  { name: 'form %41%41…', isForm: true, build: (size) => filledText(size, 'Action=', '%41') },
  {
    name: 'form of incomplete escapes',
    isForm: true,
    build: (size) => filledText(size, 'Action=x&a=', '%'),
  },
  { name: 'form of ===', isForm: true, build: (size) => filledText(size, 'Action=x&', '=') },
  {
    name: 'form with many names and 200 PolicyArns',
    isForm: true,
    build: (size) => {
      const arns = Array.from({ length: 200 }, (_, at) => `PolicyArns.member.${at + 1}.arn=a`)
      const head = `Action=AssumeRole&Version=2011-06-15&${arns.join('&')}&`
      return head + numberedParts(size - head.length, (at) => `n${at}=`, '&')
    },
  },
  {
    name: 'JSON with a 16-digit number and a long list',
    isForm: false,
    build: (size) => filledText(size, '{"a":1234567890123456,"b":[', '0,', '0]}'),
  },
  {
    name: 'JSON with one long number',
    isForm: false,
    build: (size) => filledText(size, '{"a":', '1', '}'),
  },
  {
    name: 'JSON with many long numbers',
    isForm: false,
    build: (size) => filledText(size, '{"a":[', '12345678901234567,', '0]}'),
  },
  { name: 'JSON of unclosed nested lists', isForm: false, build: (size) => '['.repeat(size) },
  {
    name: 'JSON of closed nested lists',
    isForm: false,
    build: (size) =>
      `{"a":${'['.repeat(Math.floor(size / 2) - 4)}${']'.repeat(Math.floor(size / 2) - 4)}}`,
  },
  { name: 'JSON of nested objects', isForm: false, build: (size) => filledText(size, '', '{"a":') },
  {
    name: 'JSON with many names',
    isForm: false,
    build: (size) => `{${numberedParts(size - 2, (at) => `"n${at}":1`, ',')}}`,
  },
  {
    name: 'JSON with one repeated name',
    isForm: false,
    build: (size) => filledText(size, '{', '"Tags":[],', '"Tags":[]}'),
  },
  {
    name: 'JSON of escapes',
    isForm: false,
    build: (size) => filledText(size, '{"a":"', String.raw`\u0000`, '"}'),
  },
  {
    name: 'JSON list of structures',
    isForm: false,
    build: (size) => filledText(size, '{"Tags":[', '{"Key":"a"},', '{"Key":"a"}]}'),
  },
  {
    name: 'JSON of one long ARN',
    isForm: false,
    build: (size) =>
      filledText(size, '{"CertificateAuthorityArn":"arn:a:acm-pca:a:1:a', '/a', '!"}'),
  },
  {
    name: 'JSON of one long blob',
    isForm: false,
    build: (size) => filledText(size, '{"Csr":"', 'AAAA', '","Certificate":"A"}'),
  },
]

const cache = new Map<string, Buffer>()

/** Returns the bytes of a body. A body is generated at its first use. */
export function bulkBytes({ name, build }: BulkBody, size: number): Buffer {
  const key = `${name} ${size}`
  const bytes = cache.get(key) ?? Buffer.from(build(size))
  cache.set(key, bytes)
  return bytes
}
