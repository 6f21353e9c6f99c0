/** Tests that input in formats other than PEM is recognized and never quoted. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeElement, encodeSequence, encodeSmallInteger } from './der/writer.ts'
import { encodeOidElement } from './der/oid.ts'
import { recognizePasted, type Expected } from './pasted-input.ts'
import { encodePem, parsePem, pemText } from './pem.ts'

const fileOf = (name: string): Buffer =>
  readFileSync(new URL(`../../testdata/${name}`, import.meta.url))
const derOf = (name: string): Uint8Array => parsePem(pemText(fileOf(name)))[0]?.der ?? Buffer.of()

const requestPem = fileOf('csr/ec-server.pem')
const requestDer = derOf('csr/ec-server.pem')
const certificateDer = derOf('x509/gnutls-ec-p256.crt.pem')
const signedData = encodeSequence(
  encodeOidElement('1.2.840.113549.1.7.2'),
  encodeElement(0xa0, encodeSequence(encodeSmallInteger(1))),
)
const keyStore = encodeSequence(
  encodeSmallInteger(3),
  encodeSequence(encodeOidElement('1.2.840.113549.1.7.1')),
)
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const bigEndian = (text: string): Buffer => Buffer.from(utf16(text)).swap16()
const base64 = (bytes: Uint8Array): Buffer => Buffer.from(Buffer.from(bytes).toString('base64'))
const text = pemText(requestPem)

test('recognized input is described, with the command that converts it', () => {
  const cases: [string, Uint8Array, Expected, RegExp][] = [
    ['nothing', Buffer.from(' \n'), 'request', /^empty$/],
    ['DER', requestDer, 'request', /^DER; convert it with: openssl req -inform DER -in FILE$/],
    ['DER', certificateDer, 'certificate', /^DER; convert it with: openssl x509 -inform DER/],
    ['another DER', certificateDer, 'request', /^a certificate in DER$/],
    ['another DER', requestDer, 'certificate', /^a certificate signing request in DER$/],
    ['UTF-16', utf16(`\uFEFF${text}`), 'request', /^text in UTF-16; convert it with: iconv/],
    ['UTF-16 BE', bigEndian(`\uFEFF${text}`), 'request', /^text in UTF-16/],
    ['UTF-16 without a byte order mark', utf16(text), 'request', /^text in UTF-16/],
    ['UTF-16 BE without a byte order mark', bigEndian(text), 'request', /^text in UTF-16/],
    ['base64 of PEM', base64(requestPem), 'request', /^PEM that was encoded in base64 again/],
    ['base64', base64(requestDer), 'request', /base64 -d FILE \| openssl req -inform DER$/],
    ['wrapped', Buffer.from(text.split('\n').slice(1, -2).join('\r\n')), 'request', /^base64 with/],
    ['base64', base64(certificateDer), 'request', /^base64 of a certificate without the BEGIN/],
    ['base64', base64(signedData), 'certificate', /^base64 of PKCS #7 without/],
    ['PKCS #7', signedData, 'certificate', /^PKCS #7 in DER.*openssl pkcs7 -inform DER/],
    ['PKCS #7', signedData, 'request', /^PKCS #7 in DER, not PKCS #10$/],
    ['PEM', pem('PKCS7', signedData), 'certificate', /^PKCS #7 in PEM.*openssl pkcs7 -inform PEM/],
    ['AD CS', pem('CERTIFICATE', signedData), 'certificate', /^PKCS #7 in PEM; .*label PKCS7/],
    ['PKCS #12', keyStore, 'certificate', /^a PKCS #12 file in DER/],
    [
      'misnamed',
      pem('CERTIFICATE', requestDer),
      'certificate',
      /^a certificate signing request in/,
    ],
  ]
  for (const [name, bytes, expected, pattern] of cases)
    assert.match(recognizePasted(bytes, expected) ?? 'not recognized', pattern, name)
})

function pem(label: string, der: Uint8Array): Buffer {
  return Buffer.from(encodePem(label, der))
}

test('a private key in any form is recognized and never quoted', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const edwards = generateKeyPairSync('ed25519').privateKey
  const encrypted = {
    cipher: 'aes-256-cbc',
    passphrase: 'x',
    format: 'pem',
    type: 'pkcs8',
  } as const
  const pems = [
    ...[rsa, ec, edwards].map((key) => key.export({ format: 'pem', type: 'pkcs8' })),
    rsa.export({ format: 'pem', type: 'pkcs1' }),
    ec.export({ format: 'pem', type: 'sec1' }),
    ec.export(encrypted),
  ].map(String)
  const forms = (keyPem: string): Uint8Array[] => [
    Buffer.from(keyPem),
    Buffer.from(keyPem + text),
    Buffer.from(text + keyPem),
    parsePem(keyPem)[0]?.der ?? Buffer.of(),
    base64(Buffer.from(keyPem)),
    base64(parsePem(keyPem)[0]?.der ?? Buffer.of()),
    utf16(keyPem),
    utf16(`\uFEFF${keyPem}`),
    pem('CERTIFICATE', parsePem(keyPem)[0]?.der ?? Buffer.of()),
  ]
  const messages = (keyPem: string): string[] =>
    forms(keyPem).flatMap((bytes) => [
      recognizePasted(bytes, 'request') ?? '',
      recognizePasted(bytes, 'certificate') ?? '',
    ])
  for (const keyPem of pems) {
    const pieces = keyPem
      .split('\n')
      .slice(1, -2)
      .map((line) => line.slice(8, 24))
    for (const message of messages(keyPem)) {
      assert.match(message, /a private key, which must never be sent/)
      assert.ok(message.length < 220 && !pieces.some((piece) => message.includes(piece)))
    }
  }
})

test('any bytes are recognized or not, without an error, and any description is short', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const expected of ['request', 'certificate'] as const)
        assert.ok((recognizePasted(bytes, expected) ?? '').length < 250)
    }),
    { seed: 15, numRuns: 2000 },
  )
  for (const filler of [' ', 'A', '\n', '=', '-----BEGIN '])
    recognizePasted(Buffer.from(`${filler.repeat(200_000)}!`), 'certificate')
})

test('PEM may have a byte order mark, and text in any encoding outside the blocks', () => {
  for (const outerText of ['', 'M\u00FCller\n'])
    for (const bytes of [
      Buffer.from(`\uFEFF${outerText}${text}`),
      Buffer.from(`${outerText}${text}${outerText}`, 'latin1'),
      Buffer.from(`${outerText}${text}${outerText}`),
    ])
      assert.equal(parsePem(pemText(bytes)).length, 1)
})
