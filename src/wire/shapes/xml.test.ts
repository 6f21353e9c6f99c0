import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { QueryError, renderQueryError } from '../query-errors.ts'
import { encodeXmlAnswer, encodeXmlError } from './xml.ts'
import { blob, boolean, integer, list, string, structure, timestamp } from './shape.ts'
import { ServiceError } from '../../errors.ts'
import { ProtocolError } from '../errors.ts'

const where = { name: 'Do', namespace: 'https://x.example/', requestId: 'id' }

test('a response has its members in order, list elements as `member`, and instants in ISO 8601', () => {
  const shape = structure({
    Text: string(),
    Absent: string(),
    Size: integer(),
    On: boolean(),
    At: timestamp(),
    Octets: blob(),
    List: list(structure({ Key: string() })),
    None: list(string()),
  })
  const members = {
    Text: 'a<b>&"c"\r\n',
    Size: 5,
    On: false,
    At: new Date('2026-11-25T12:00:00.750Z'),
    Octets: Uint8Array.of(1, 2),
    List: [{ Key: 'k' }, {}],
    None: [],
  }
  assert.equal(
    encodeXmlAnswer(shape, members, where),
    '<DoResponse xmlns="https://x.example/"><DoResult>' +
      '<Text>a&lt;b&gt;&amp;&quot;c&quot;&#xD;\n</Text><Size>5</Size><On>false</On>' +
      '<At>2026-11-25T12:00:00Z</At><Octets>AQI=</Octets>' +
      '<List><member><Key>k</Key></member><member></member></List><None></None>' +
      '</DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>',
  )
})

/** Parses text content. */
function parsed(content: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#xD': '\r' }
  assert.doesNotMatch(content, /[<>"\r]|&(?!(?:amp|lt|gt|quot|#xD);)/)
  return content.replaceAll(/&([^;]+);/g, (_whole, name: string) => entities[name] ?? '')
}

test('any text is encoded so that a parser returns it, except for characters that XML excludes', () => {
  const shape = structure({ Text: string() })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const answer = encodeXmlAnswer(shape, { Text: text }, where)
      const [, content = ''] = /<Text>([^]*)<\/Text>/.exec(answer) ?? []
      const read = parsed(content)
      assert.equal(read.length, text.toWellFormed().length)
      for (const [at, character] of Array.from(read).entries()) {
        const original = Array.from(text.toWellFormed())[at] ?? ''
        if (character !== '\uFFFD') assert.equal(character, original)
        // eslint-disable-next-line no-control-regex -- the test is about these characters
        else assert.match(original, /[\u0000-\u001F\uFFFD-\uFFFF]/u)
      }
    }),
  )
})

const place = { namespace: 'https://x.example/', requestId: 'id' }

test('errors have Query protocol codes and reveal no internal details', () => {
  const said = (error: unknown): [number, string, string] => {
    const { status, code, body } = renderQueryError(error, place)
    return [status, code, /<Message>(.*)<\/Message>/.exec(body)?.[1] ?? '-']
  }
  assert.deepEqual(said(new ServiceError('AccessDeniedException', 'a<b')), [
    403,
    'AccessDenied',
    'a&lt;b',
  ])
  assert.deepEqual(said(new ServiceError('ValidationException', 'x')), [
    400,
    'ValidationError',
    'x',
  ])
  assert.deepEqual(said(new QueryError('IDPRejectedClaim', 'x')), [403, 'IDPRejectedClaim', 'x'])
  assert.deepEqual(said(new ServiceError('ServiceUnavailable', 'x')), [
    503,
    'ServiceUnavailable',
    'x',
  ])
  assert.deepEqual(said(new Error('secret')), [500, 'InternalFailure', ''])
  assert.deepEqual(
    said(new ProtocolError('InvalidRequestException', 431, 'x'))[1],
    'InvalidRequestException',
  )
  const error = { type: 'Sender', code: 'C', message: 'm', ...place } as const
  assert.equal(
    encodeXmlError(error),
    '<ErrorResponse xmlns="https://x.example/"><Error><Type>Sender</Type><Code>C</Code>' +
      '<Message>m</Message></Error><RequestId>id</RequestId></ErrorResponse>',
  )
  assert.match(renderQueryError(new Error('x'), place).body, /<Type>Receiver<\/Type>/)
})
