import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Server } from '../../api/types.ts'
import { endpointPath, enrollOrigin } from './endpoint-url.ts'

test('the origin of the enrollment listener is its first name that is not a wildcard, or its address, or the host of the console', () => {
  for (const [listen, names, origin] of [
    [undefined, undefined, undefined],
    ['127.0.0.1:8443', undefined, 'https://127.0.0.1:8443'],
    ['0.0.0.0:8443', undefined, 'https://console.example:8443'],
    ['[::]:443', undefined, 'https://console.example'],
    ['[2001:db8::1]:8443', undefined, 'https://[2001:db8::1]:8443'],
    ['0.0.0.0:8443', '*.example.com, ca.example.com,other.example', 'https://ca.example.com:8443'],
    ['0.0.0.0:443', '2001:db8::1', 'https://[2001:db8::1]'],
  ] as const) {
    const settings = [
      { Name: 'enroll-listen', Value: listen },
      { Name: 'enroll-names', Value: names },
    ].map((setting) => ({ ...setting, Group: 'Enrollment', Source: 'FLAG' }))
    assert.equal(enrollOrigin(settings as Server['Settings'], 'console.example'), origin)
  }
})

test('clients of ACME use the directory, and clients of EST the base path', () => {
  assert.equal(endpointPath({ Protocol: 'ACME', Name: 'web' }), '/acme/web/directory')
  assert.equal(endpointPath({ Protocol: 'EST', Name: 'devices' }), '/.well-known/est/devices')
})
