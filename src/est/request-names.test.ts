import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  alternativeNames,
  craft,
  directory,
  ip,
  named,
  text,
} from '../../test/support/crafted-certificates.ts'
import { craftRequest, type RequestOptions } from '../../test/support/crafted-requests.ts'
import { parseCertificationRequest } from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { tags } from '../x509/der/reader.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../x509/der/writer.ts'
import { encodeOidElement } from '../x509/der/oid.ts'
import type { GeneralName } from '../x509/names/general-name.ts'
import { encodeName } from '../x509/names/name.ts'
import { EstError } from './est-error.ts'
import { requirePermittedNames, requireSameNames } from './request-names.ts'

const dns = (name: string): GeneralName => text('dNSName', name)
const empty = encodeName([])

function requestOf(options: RequestOptions) {
  return parseCertificationRequest(craftRequest(options))
}

function requestFor(commonName: string | undefined, ...names: readonly GeneralName[]) {
  return requestOf({
    subject: commonName === undefined ? empty : named(commonName),
    extensions: names.length === 0 ? [] : [alternativeNames(names)],
  })
}

/** Returns the message of the refusal; undefined if the names are accepted. */
function refusal(check: () => void): string | undefined {
  try {
    check()
  } catch (error) {
    assert.ok(error instanceof EstError)
    assert.equal(error.status, 403)
    return error.message
  }
  return undefined
}

const permits = (request: ReturnType<typeof requestFor>, ...lists: readonly string[][]) =>
  refusal(() => requirePermittedNames(request, lists))

test('without lists of names, every name is permitted', () => {
  const email = requestFor('Device 17', text('rfc822Name', 'a@corp.example'))
  assert.equal(permits(email, [], []), undefined)
  assert.equal(permits(requestFor(undefined), []), undefined)
})

test('every list must permit every name of a CSR', () => {
  const names = ['*.corp.example', '10.0.0.0/8']
  const request = requestFor('a.corp.example', dns('b.corp.example'), ip('0a000001'))
  assert.equal(permits(request, names, []), undefined)
  assert.equal(permits(request, names, names), undefined)
  assert.equal(
    permits(request, names, ['a.corp.example', '10.0.0.1']),
    'The name b.corp.example is not permitted.',
  )
  assert.equal(permits(request, ['*.corp.example'], []), 'The name 10.0.0.1 is not permitted.')
  assert.equal(
    permits(requestFor('other.example', dns('a.corp.example')), names),
    'The name other.example is not permitted.',
  )
  assert.equal(permits(requestFor('A.Corp.EXAMPLE'), names), undefined)
  assert.equal(permits(requestFor('10.1.2.3'), names), undefined)
  assert.equal(permits(requestFor('11.1.2.3'), names), 'The name 11.1.2.3 is not permitted.')
  assert.equal(permits(requestFor('sensor-1'), ['sensor-1']), undefined)
})

test('with a list of names, names of other types and missing names are refused', () => {
  const names = ['*.corp.example']
  const host = dns('a.corp.example')
  const others: readonly GeneralName[] = [
    text('rfc822Name', 'a@a.corp.example'),
    text('uniformResourceIdentifier', 'https://a.corp.example'),
    directory(named('a.corp.example')),
  ]
  for (const other of others)
    assert.match(String(permits(requestFor(undefined, host, other), names)), new RegExp(other.kind))
  assert.match(
    String(permits(requestFor('Device 17', host), names)),
    /the CSR contains the name "Device 17"\.$/,
  )
  assert.match(String(permits(requestFor(undefined), names)), /contains no name/)
  const many = Array.from({ length: 101 }, () => host)
  assert.match(String(permits(requestFor(undefined, ...many), names)), /more than 100 names/)
  for (const type of [oids.emailAddress, oids.userId]) {
    const subject = encodeName([{ type, value: 'a@corp.example' }])
    const request = requestOf({ subject, extensions: [alternativeNames([host])] })
    assert.match(String(permits(request, names)), /email address or a user ID/)
  }
  assert.match(String(permits(requestFor('a.corp.example\u{202e}'), names)), /\\u\{202e\}/)
  const long = String(permits(requestFor('x'.repeat(10_000)), names))
  assert.ok(long.length < 400, 'a long name is truncated in the message')
})

test('a renewal must have the subject and the SAN of the certificate', () => {
  const names = [dns('a.corp.example'), ip('0a000001')]
  const { certificate } = craft({
    subject: named('a.corp.example'),
    extensions: [alternativeNames(names)],
  })
  const differs = (request: ReturnType<typeof requestFor>) =>
    refusal(() => requireSameNames(request, certificate))
  assert.equal(differs(requestFor('a.corp.example', ...names)), undefined)
  assert.equal(differs(requestFor('a.corp.example', ...names.toReversed())), undefined)
  for (const commonName of ['b.corp.example', 'A.corp.example', 'a.corp.example ', undefined])
    assert.match(String(differs(requestFor(commonName, ...names))), /subject of the CSR/)
  const changed: readonly (readonly GeneralName[])[] = [
    [],
    names.slice(0, 1),
    [...names, dns('b.corp.example')],
    [dns('A.corp.example'), ip('0a000001')],
    [text('rfc822Name', 'a.corp.example'), ip('0a000001')],
  ]
  for (const others of changed)
    assert.match(String(differs(requestFor('a.corp.example', ...others))), /SAN of the CSR/)
})

test('a renewal may encode the subject with another string type, but not with another attribute', () => {
  const { certificate } = craft({
    subject: named('a.corp.example'),
    extensions: [alternativeNames([dns('a.corp.example')])],
  })
  const subjectOf = (type: string, tag: number, content: string): Uint8Array =>
    encodeSequence(
      encodeSetOf([
        encodeSequence(encodeOidElement(type), encodeElement(tag, Buffer.from(content))),
      ]),
    )
  const check = (subject: Uint8Array) =>
    refusal(() =>
      requireSameNames(
        requestOf({ subject, extensions: [alternativeNames([dns('a.corp.example')])] }),
        certificate,
      ),
    )
  assert.equal(check(subjectOf(oids.commonName, tags.printableString, 'a.corp.example')), undefined)
  assert.match(
    String(check(subjectOf(oids.organizationName, tags.utf8String, 'a.corp.example'))),
    /subject/,
  )
  assert.match(
    String(check(subjectOf(oids.commonName, tags.octetString, 'a.corp.example'))),
    /subject/,
  )
})
