/** Bodies that are small work to send and much work to parse, at any size. */

export interface BulkBody {
  readonly name: string
  readonly isForm: boolean
  /** A text of about so many octets, and no more. */
  readonly make: (size: number) => string
}

/** Below the limit of a form, above it, what an import may have, and the most that any body may. */
export const bulkSizes: readonly number[] = [65_000, 70_000, 2_800_000, 4 * 1024 * 1024 - 1]

function filled(size: number, ...[head, unit, tail = '']: [string, string, string?]): string {
  const count = Math.max(0, Math.floor((size - head.length - tail.length) / unit.length))
  return head + unit.repeat(count) + tail
}

/** Numbered parts, as many as there is room for. */
function numbered(size: number, part: (at: number) => string, separator: string): string {
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
  { name: 'form Action=x&&&…', isForm: true, make: (size) => filled(size, 'Action=x', '&') },
  { name: 'form +++…', isForm: true, make: (size) => filled(size, 'Action=', '+') },
  { name: 'form %41%41…', isForm: true, make: (size) => filled(size, 'Action=', '%41') },
  {
    name: 'form of broken escapes',
    isForm: true,
    make: (size) => filled(size, 'Action=x&a=', '%'),
  },
  { name: 'form of ===', isForm: true, make: (size) => filled(size, 'Action=x&', '=') },
  {
    name: 'form of many names and 200 PolicyArns',
    isForm: true,
    make: (size) => {
      const arns = Array.from({ length: 200 }, (_, at) => `PolicyArns.member.${at + 1}.arn=a`)
      const head = `Action=AssumeRole&Version=2011-06-15&${arns.join('&')}&`
      return head + numbered(size - head.length, (at) => `n${at}=`, '&')
    },
  },
  {
    name: 'JSON with a 16-digit number beside a long list',
    isForm: false,
    make: (size) => filled(size, '{"a":1234567890123456,"b":[', '0,', '0]}'),
  },
  {
    name: 'JSON with one long number',
    isForm: false,
    make: (size) => filled(size, '{"a":', '1', '}'),
  },
  {
    name: 'JSON with many long numbers',
    isForm: false,
    make: (size) => filled(size, '{"a":[', '12345678901234567,', '0]}'),
  },
  { name: 'JSON of nested lists', isForm: false, make: (size) => '['.repeat(size) },
  {
    name: 'JSON of closed nested lists',
    isForm: false,
    make: (size) =>
      `{"a":${'['.repeat(Math.floor(size / 2) - 4)}${']'.repeat(Math.floor(size / 2) - 4)}}`,
  },
  { name: 'JSON of nested objects', isForm: false, make: (size) => filled(size, '', '{"a":') },
  {
    name: 'JSON with many names',
    isForm: false,
    make: (size) => `{${numbered(size - 2, (at) => `"n${at}":1`, ',')}}`,
  },
  {
    name: 'JSON with one name many times',
    isForm: false,
    make: (size) => filled(size, '{', '"Tags":[],', '"Tags":[]}'),
  },
  {
    name: 'JSON of escapes',
    isForm: false,
    make: (size) => filled(size, '{"a":"', String.raw`\u0000`, '"}'),
  },
  {
    name: 'JSON list of structures',
    isForm: false,
    make: (size) => filled(size, '{"Tags":[', '{"Key":"a"},', '{"Key":"a"}]}'),
  },
  {
    name: 'JSON of one long ARN',
    isForm: false,
    make: (size) => filled(size, '{"CertificateAuthorityArn":"arn:a:acm-pca:a:1:a', '/a', '!"}'),
  },
  {
    name: 'JSON of one long blob',
    isForm: false,
    make: (size) => filled(size, '{"Csr":"', 'AAAA', '","Certificate":"A"}'),
  },
]

const kept = new Map<string, Buffer>()

/** The octets of a body, made when they are needed first. */
export function bulkOctets({ name, make }: BulkBody, size: number): Buffer {
  const key = `${name} ${size}`
  const octets = kept.get(key) ?? Buffer.from(make(size))
  kept.set(key, octets)
  return octets
}
