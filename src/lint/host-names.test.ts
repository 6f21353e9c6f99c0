import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hostFault, isPlainHost, isUnusualHost, mailboxFault, uriFault } from './host-names.ts'

const seed = 20_261_129
const wildcard = { wildcard: true }
const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
const host = fc
  .array(label, { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'))
  .filter((text) => text.length <= 253)

test('every host name in the preferred syntax is accepted, with a wildcard too', () => {
  fc.assert(
    fc.property(host, (text) => {
      assert.equal(hostFault(text, wildcard), undefined)
      assert.ok(isPlainHost(text))
      assert.equal(isUnusualHost(text), false)
      if (text.length > 251) return
      assert.equal(hostFault(`*.${text}`, wildcard), undefined)
      assert.ok(isPlainHost(`*.${text}`))
      assert.match(hostFault(`*.${text}`, { wildcard: false }) ?? '', /asterisk/)
    }),
    { seed },
  )
})

test('the quick pattern and the slow check agree about any text', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('a1-_.* @é')), maxLength: 12 })
  fc.assert(
    fc.property(text, (each) => {
      const isUsual = hostFault(each, wildcard) === undefined && !isUnusualHost(each)
      assert.equal(isPlainHost(each), isUsual, each)
    }),
    { seed, numRuns: 5000 },
  )
})

test('every URI that the platform writes, with a host name, is accepted', () => {
  const path = fc.stringMatching(/^(?:\/[a-z0-9~!$&'()*+,;=:@._-]{0,8}){0,3}$/)
  const uri = fc
    .tuple(fc.constantFrom('http', 'https', 'ldap', 'spiffe'), host, fc.nat({ max: 65_535 }), path)
    .map(([scheme, name, port, rest]) => `${scheme}://${name}:${port}${rest}?a=%20#b`)
  fc.assert(
    fc.property(uri, (text) => {
      assert.equal(uriFault(text), undefined)
      assert.match(uriFault(text.slice(text.indexOf(':') + 1)) ?? '', /has no scheme/)
      assert.match(uriFault(`${text}#`) ?? '', /has (?:no scheme|U\+0023)/)
    }),
    { seed },
  )
})

test('every mailbox of a dot-atom and a host is accepted, and none without either', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}$/),
      host,
      (local, domain) => {
        assert.equal(mailboxFault(`${local}@${domain}`), undefined)
        assert.match(mailboxFault(local) ?? '', /has no @/)
        assert.match(mailboxFault(`${local}@`) ?? '', /domain that is empty/)
        assert.match(mailboxFault(`@${domain}`) ?? '', /no local part/)
      },
    ),
    { seed },
  )
})

test('a fault names the character, as a number where it could not be shown', () => {
  assert.equal(
    hostFault('a.b c', wildcard),
    'has U+0020 at character 4, which host names do not have',
  )
  assert.equal(
    uriFault('http://a/{b}'),
    "has U+007B '{' at character 2 after its authority, which URIs do not have",
  )
  assert.equal(uriFault('http://a/%4'), 'has a % without two hexadecimal digits')
})
