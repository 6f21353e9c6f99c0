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

test('a host name in the preferred syntax is accepted, with and without a wildcard', () => {
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

test('the quick pattern and the complete check agree on every text', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('a1-_.* @é')), maxLength: 12 })
  fc.assert(
    fc.property(text, (each) => {
      const isPreferred = hostFault(each, wildcard) === undefined && !isUnusualHost(each)
      assert.equal(isPlainHost(each), isPreferred, each)
    }),
    { seed, numRuns: 5000 },
  )
})

test('a URI with a scheme, a host name, a port, a path, a query and a fragment is accepted', () => {
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

test('a mailbox with a dot-atom and a host is accepted, and a mailbox without one of them is refused', () => {
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

test('an error message contains the character, or only its code point if the character is invisible', () => {
  assert.equal(
    hostFault('a.b c', wildcard),
    'has U+0020 at character 4, which is not allowed in a host name',
  )
  assert.equal(
    uriFault('http://a/{b}'),
    "has U+007B '{' at character 2 after its authority, which is not allowed in a URI",
  )
  assert.equal(uriFault('http://a/%4'), 'has a % without two hexadecimal digits')
})
