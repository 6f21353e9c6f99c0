import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCsr, newCertificateKey, type CsrOptions } from '../../test/support/crafted-csrs.ts'
import { parseCertificationRequest } from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { uriName } from '../x509/names/general-name.ts'
import { nameText } from '../x509/names/name.ts'
import { certificateNames, readAlternativeNames } from './csr-names.ts'
import type { Identifier } from './identifier.ts'

const key = newCertificateKey()
const cn = (value: string) => ({ type: oids.commonName, value })
const host: Identifier = { type: 'dns', value: 'a.corp.example' }
const other: Identifier = { type: 'dns', value: 'b.corp.example' }
const address: Identifier = { type: 'ip', value: '10.1.2.3' }

function decide(options: CsrOptions, identifiers: readonly Identifier[]) {
  const decided = certificateNames(
    parseCertificationRequest(createCsr({ key, ...options })),
    identifiers,
  )
  if ('fault' in decided) return decided.fault
  const { subject, subjectAltName } = decided
  const read = readAlternativeNames({ subject, extensions: [subjectAltName] })
  assert.ok('names' in read)
  return {
    subject: nameText(subject),
    critical: subjectAltName.critical,
    names: read.names.map(({ value }) => value),
  }
}

/** Returns why the CSR is refused; empty if it is accepted. */
function faultOf(options: CsrOptions, identifiers: readonly Identifier[]): string {
  const decided = decide(options, identifiers)
  return typeof decided === 'string' ? decided : ''
}

suite('the names of a certificate for an order', () => {
  test('are the identifiers of the order, with a critical SAN if the CSR has no common name', () => {
    assert.deepEqual(decide({ names: ['10.1.2.3', 'a.corp.example'] }, [host, address]), {
      subject: '',
      critical: true,
      names: ['a.corp.example', '10.1.2.3'],
    })
  })

  test('have the common name of the CSR as subject, in its canonical form', () => {
    const csr = { subject: [cn('A.Corp.Example')], names: ['A.CORP.example', 'b.corp.example'] }
    assert.deepEqual(decide(csr, [host, other]), {
      subject: 'CN=a.corp.example',
      critical: false,
      names: ['a.corp.example', 'b.corp.example'],
    })
  })

  test('include a name that the CSR has only as its common name (RFC 8555, section 7.4)', () => {
    const csr = { subject: [cn('a.corp.example')] }
    assert.deepEqual(decide(csr, [host]), {
      subject: 'CN=a.corp.example',
      critical: false,
      names: ['a.corp.example'],
    })
  })

  test('do not include other attributes of the subject, which nothing proves', () => {
    const organization = { type: oids.organizationName, value: 'Example Bank' }
    const decided = decide({ subject: [organization], names: ['a.corp.example'] }, [host])
    assert.deepEqual(decided, { subject: '', critical: true, names: ['a.corp.example'] })
  })

  test('are refused unless the CSR has exactly the identifiers of the order', () => {
    assert.match(
      faultOf({ names: ['a.corp.example'] }, [host, other]),
      /"b.corp.example" is an identifier of the order/,
    )
    assert.match(
      faultOf({ names: ['a.corp.example', 'b.corp.example'] }, [host]),
      /"b.corp.example" is not an identifier/,
    )
    assert.match(
      faultOf({ subject: [cn('b.corp.example')], names: ['a.corp.example'] }, [host]),
      /"b.corp.example" is not/,
    )
    assert.match(faultOf({}, [host]), /does not contain it/)
    const wildcard: Identifier = { type: 'dns', value: '*.corp.example' }
    assert.match(faultOf({ names: ['a.corp.example'] }, [wildcard]), /does not contain it/)
  })

  test('are refused if the CSR has names of other types or names that are not canonical identifiers', () => {
    const csr = { names: ['a.corp.example'], otherNames: [uriName('https://a.corp.example/')] }
    assert.match(faultOf(csr, [host]), /uniformResourceIdentifier/)
    assert.match(faultOf({ names: ['a.corp.example', 'a_b.corp.example'] }, [host]), /dNSName/)
    assert.match(
      faultOf({ subject: [cn('Web Server')], names: ['a.corp.example'] }, [host]),
      /common name "Web Server"/,
    )
  })

  test('exist exactly if the names of the CSR are the set of identifiers, in any order and number', () => {
    const all = ['a.corp.example', '*.corp.example', '10.1.2.3', '2001:db8::1']
    const identifierOf = (value: string): Identifier => ({
      type: /^[0-9]/.test(value) ? 'ip' : 'dns',
      value,
    })
    const subsets = Array.from({ length: 2 ** all.length }, (_, bits) =>
      all.filter((_name, at) => (bits >> at) % 2 === 1),
    )
    for (const inOrder of subsets.slice(1))
      for (const inCsr of subsets) {
        const repeated = [...inCsr.toReversed(), ...inCsr.slice(0, 1)]
        const decided = decide({ names: repeated }, inOrder.map(identifierOf))
        const isSame = inOrder.join() === inCsr.join()
        assert.equal(typeof decided === 'object', isSame, `${inOrder.join()} and ${inCsr.join()}`)
        if (typeof decided === 'object') assert.deepEqual(decided.names, inOrder)
      }
  })
})
