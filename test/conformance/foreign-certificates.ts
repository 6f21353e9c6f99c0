/** Parses many certificates with pyca or GnuTLS in a single process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { tool } from '../support/foreign-tools.ts'

/** An extension, as parsed by the foreign parser. The value is hexadecimal if the parser does not support the extension. */
export interface ForeignExtension {
  readonly oid: string
  readonly critical: boolean
  readonly value: unknown
}

export interface ForeignCertificate {
  readonly serial: string
  readonly from: string
  readonly to: string
  /** Attribute types and values of the name, in order. */
  readonly subject: readonly (readonly [string, string])[]
  readonly issuer: readonly (readonly [string, string])[]
  /** Extensions of the certificate, in order. */
  readonly extensions: readonly ForeignExtension[]
}

const pycaProgram = `
import json, sys
from cryptography import x509

def general(name):
    kind = type(name).__name__
    if kind == 'DirectoryName':
        return [kind, name.value.public_bytes().hex()]
    if kind == 'OtherName':
        return [kind, name.type_id.dotted_string, name.value.hex()]
    if kind == 'RegisteredID':
        return [kind, name.value.dotted_string]
    return [kind, str(name.value)]

usages = [('digital_signature', 'digitalSignature'), ('content_commitment', 'nonRepudiation'),
          ('key_encipherment', 'keyEncipherment'), ('data_encipherment', 'dataEncipherment'),
          ('key_agreement', 'keyAgreement'), ('key_cert_sign', 'keyCertSign'), ('crl_sign', 'cRLSign'),
          ('encipher_only', 'encipherOnly'), ('decipher_only', 'decipherOnly')]

def value(v):
    kind = type(v).__name__
    if kind == 'BasicConstraints':
        return [v.ca, v.path_length]
    if kind == 'KeyUsage':
        return [name for field, name in usages
                if (v.key_agreement or not field.endswith('_only')) and getattr(v, field)]
    if kind == 'ExtendedKeyUsage':
        return [purpose.dotted_string for purpose in v]
    if kind == 'SubjectAlternativeName':
        return [general(name) for name in v]
    if kind == 'SubjectKeyIdentifier':
        return v.digest.hex()
    if kind == 'AuthorityKeyIdentifier':
        assert v.authority_cert_issuer is None and v.authority_cert_serial_number is None
        return v.key_identifier.hex()
    if kind == 'CertificatePolicies':
        return [[p.policy_identifier.dotted_string, p.policy_qualifiers] for p in v]
    if kind == 'AuthorityInformationAccess':
        return [[d.access_method.dotted_string, general(d.access_location)] for d in v]
    if kind == 'CRLDistributionPoints':
        return [[general(name) for name in point.full_name] for point in v]
    return v.public_bytes().hex() if kind != 'UnrecognizedExtension' else v.value.hex()

def attributes(name):
    return [[a.oid.dotted_string, a.value if isinstance(a.value, str) else a.value.hex()] for a in name]

def read(pem):
    c = x509.load_pem_x509_certificate(pem.encode())
    return dict(serial=str(c.serial_number), subject=attributes(c.subject), issuer=attributes(c.issuer),
        **{'from': c.not_valid_before.isoformat(), 'to': c.not_valid_after.isoformat()},
        extensions=[dict(oid=e.oid.dotted_string, critical=e.critical, value=value(e.value)) for e in c.extensions])

print(json.dumps([read(pem) for pem in json.load(sys.stdin)]))
`

/** Parses certificates with pyca. If pyca is not installed, skips the test and returns undefined. */
export async function readWithPyca(
  t: TestContext,
  pems: readonly string[],
): Promise<readonly ForeignCertificate[] | undefined> {
  const python = '/usr/bin/python3'
  if ((await tool(t, python, { probe: ['-c', 'import cryptography'] })) === undefined)
    return undefined
  const output = await outputOf(python, ['-W', 'ignore', '-c', pycaProgram], JSON.stringify(pems))
  return JSON.parse(output) as ForeignCertificate[]
}

/** A certificate as printed by GnuTLS. */
export interface PrintedCertificate {
  readonly subject: string
  /** Title and criticality of each extension, in order, such as `Key Usage (critical)`. */
  readonly extensions: readonly string[]
  readonly text: string
}

/** Parses certificates with GnuTLS. If certtool is not installed, skips the test and returns undefined. */
export async function readWithGnutls(
  t: TestContext,
  pems: readonly string[],
): Promise<readonly PrintedCertificate[] | undefined> {
  if ((await tool(t, 'certtool')) === undefined) return undefined
  const output = await outputOf('certtool', ['--certificate-info'], `${pems.join('\n')}\n`)
  const [, ...parts] = output.split(/^X\.509 Certificate Information:$/m)
  return parts.map((part) => ({
    subject: /^\tSubject: (.*)$/m.exec(part)?.[1] ?? '',
    extensions: [...part.matchAll(/^\t\t(\S.* \((?:not )?critical\)):$/gm)].map(
      ([, title]) => title ?? '',
    ),
    text: part,
  }))
}

async function outputOf(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args)
  const exited = once(child, 'close')
  const stdout = text(child.stdout)
  const stderr = text(child.stderr)
  child.stdin.end(input)
  const [code] = (await exited) as [number]
  if (code !== 0) throw new Error(`${command} exited with ${code}: ${await stderr}`)
  return stdout
}
