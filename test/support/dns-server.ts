/** A DNS server (RFC 1035) over UDP on 127.0.0.1, with the records that a test sets. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { parseIpAddress } from '../../src/text/ip-address.ts'

/** Types of DNS records, keyed by their numbers in messages. */
const recordTypes = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const
export type RecordType = keyof typeof recordTypes

export interface DnsRecords {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  /** The strings of each TXT record. A single string stands for a record with one string. */
  readonly TXT?: readonly (string | readonly string[])[]
  readonly CNAME?: string
}

/** DNS response codes, and `silence` for no response. */
const responseCodes = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const
export type DnsFailure = keyof typeof responseCodes | 'silence'

export type DnsAnswer = DnsRecords | DnsFailure

export interface DnsQuery {
  /** The queried name in lower case, without a trailing dot. */
  readonly name: string
  /** Type of the record; a number if the type is unknown. */
  readonly type: RecordType | number
}

interface DnsServerOptions {
  /**
   * Whether a response with a CNAME record also contains the target's records, as a resolver's response would; true by default.
   */
  readonly followsAliases?: boolean
}

export class TestDnsServer implements AsyncDisposable {
  /** The queries that the DNS server has received, in order. */
  readonly queries: DnsQuery[] = []
  readonly #socket: Socket
  readonly #followsAliases: boolean
  readonly #answers = new Map<string, (query: DnsQuery) => DnsAnswer>()

  private constructor(socket: Socket, { followsAliases = true }: DnsServerOptions) {
    this.#socket = socket
    this.#followsAliases = followsAliases
    socket.on('message', (message, client) => this.#receive(message, client))
  }

  static async start(options: DnsServerOptions = {}): Promise<TestDnsServer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new TestDnsServer(socket, options)
  }

  /** The DNS server's address for Resolver.setServers and `--acme-resolver`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  /**
   * Sets the answer for a name. A function is called for each query, so that answers can change. Names without an answer do not
   * exist (NXDOMAIN).
   */
  set(name: string, answer: DnsAnswer | ((query: DnsQuery) => DnsAnswer)): void {
    this.#answers.set(name, typeof answer === 'function' ? answer : () => answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #receive(message: Buffer, client: RemoteInfo): void {
    const question = readQuestion(message)
    if (question === undefined) return
    this.queries.push(question.query)
    const { code, records } = this.#resolve(question.query)
    if (code === 'silence') return
    const reply = encodeReply(message, { question: question.bytes, code, records })
    this.#socket.send(reply, client.port, client.address)
  }

  #resolve(query: DnsQuery, aliases = 0): Resolution {
    const answer = this.#answers.get(query.name)?.(query) ?? 'NXDOMAIN'
    if (typeof answer === 'string')
      return { code: answer === 'silence' ? answer : responseCodes[answer], records: [] }
    const alias = answer.CNAME
    if (alias === undefined || query.type === 'CNAME')
      return { code: 0, records: recordsOf(query, answer) }
    const record = encodeRecord(query.name, 'CNAME', encodeName(alias))
    // A test may contain a loop of aliases.
    if (!this.#followsAliases || aliases > 20) return { code: 0, records: [record] }
    const { code, records } = this.#resolve({ ...query, name: alias.toLowerCase() }, aliases + 1)
    return { code, records: [record, ...records] }
  }
}

interface Resolution {
  readonly code: number | 'silence'
  readonly records: readonly Buffer[]
}

const headerLength = 12

/** Reads the first question in a DNS query. Returns undefined for any other message. */
function readQuestion(message: Buffer): { query: DnsQuery; bytes: Buffer } | undefined {
  const labels: string[] = []
  let at = headerLength
  while (at < message.length) {
    const length = message.readUInt8(at)
    at += 1
    if (length === 0) break
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > message.length) return undefined
  const number = message.readUInt16BE(at)
  const types = Object.keys(recordTypes) as RecordType[]
  const type = types.find((each) => recordTypes[each] === number) ?? number
  const name = labels.join('.').toLowerCase()
  return { query: { name, type }, bytes: message.subarray(headerLength, at + 4) }
}

/** Encodes a recursive resolver's response to a query. */
function encodeReply(
  query: Buffer,
  { question, code, records }: { question: Buffer; code: number; records: readonly Buffer[] },
): Buffer {
  const header = Buffer.alloc(headerLength)
  query.copy(header, 0, 0, 2)
  // The flags QR, RD and RA.
  header.writeUInt16BE(0x81_80 | code, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, question, ...records])
}

function recordsOf({ name, type }: DnsQuery, answer: DnsRecords): Buffer[] {
  switch (type) {
    case 'A':
    case 'AAAA':
      return (answer[type] ?? []).map((address) =>
        encodeRecord(name, type, Buffer.from(parseIpAddress(address) ?? [])),
      )
    case 'TXT':
      return (answer.TXT ?? []).map((strings) =>
        encodeRecord(name, type, Buffer.concat([strings].flat().map(encodeString))),
      )
    case 'CNAME':
      return answer.CNAME === undefined ? [] : [encodeRecord(name, type, encodeName(answer.CNAME))]
    default:
      return []
  }
}

/** Encodes a record of class IN with a TTL of zero. */
function encodeRecord(name: string, type: RecordType, data: Buffer): Buffer {
  const fields = Buffer.alloc(10)
  fields.writeUInt16BE(recordTypes[type], 0)
  fields.writeUInt16BE(1, 2)
  fields.writeUInt16BE(data.length, 8)
  return Buffer.concat([encodeName(name), fields, data])
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').map(encodeString), Buffer.of(0)])
}

/** Encodes a label, or a string in a TXT record: its length in one byte, followed by its characters. */
function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length > 255) throw new RangeError(`${text} is longer than 255 bytes`)
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
