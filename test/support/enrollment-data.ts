/** Enrollment endpoints with accounts, orders and failed challenges, for tests and screenshots of the web console. */
import { addBindingKey } from '../../src/admin-commands/enrollment/binding-keys.ts'
import { addEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { addPassword } from '../../src/admin-commands/enrollment/passwords.ts'
import { withData } from '../../src/data-folder/data-folder.ts'
import type { Identifier } from '../../src/enrollment/identifier.ts'
import { insertAccount } from '../../src/store/enrollment/accounts.ts'
import type { OrderStatus } from '../../src/store/enrollment/listings.ts'
import { sql } from '../../src/store/sql.ts'
import type { TestService } from './service.ts'

interface OrderData {
  /** ID of the account. */
  readonly account: string
  readonly status: OrderStatus
  readonly identifiers: readonly Identifier[]
  readonly profile?: string
  /** ARN of the certificate. */
  readonly certificateArn?: string
  readonly error?: Problem
  /** Errors of the first identifier's challenges, by challenge type. */
  readonly failures?: Readonly<Record<string, Problem>>
}

interface Problem {
  readonly type: string
  readonly detail: string
}

interface AccountData {
  readonly id: string
  readonly endpointName: string
  readonly status?: 'valid' | 'deactivated'
  readonly contacts?: readonly string[]
  readonly bindingKeyId?: string
}

/** Adds an account directly, without the protocol's checks. */
export async function addAcmeAccount(service: TestService, account: AccountData): Promise<void> {
  const { id, endpointName, status = 'valid', contacts = [], bindingKeyId } = account
  const createdAt = service.clock.now()
  await withData(service.config, async ({ db }) => {
    await db.transaction([
      insertAccount({
        id,
        endpointName,
        keyThumbprint: `thumbprint-of-${id}`,
        publicKey: '{}',
        contacts,
        status,
        bindingKeyId,
        createdAt,
      }),
    ])
  })
}

let lastId = 0
const newId = (): string => `row-${(lastId += 1)}`

/** Adds an order with its first identifier's authorization and challenges, without the protocol's checks. */
export async function addAcmeOrder(
  service: TestService,
  { account, status, identifiers, profile, certificateArn, error, failures = {} }: OrderData,
): Promise<void> {
  const [first] = identifiers
  if (first === undefined) throw new Error('an order has identifiers')
  const created = service.clock.now().getTime()
  const expires = created + 7 * 86_400_000
  const serial = certificateArn === undefined ? null : Buffer.from(serialOf(certificateArn), 'hex')
  const [order, authorization] = [newId(), newId()]
  await withData(service.config, async ({ db }) => {
    await db.transaction([
      sql`insert into acme_orders (order_id, acme_account_number, status, identifiers, profile, error,
          authority_number, certificate_serial_number, created_at_ms, expires_at_ms)
        select ${order}, acme_account_number, ${status}, ${JSON.stringify(identifiers)},
          ${profile ?? null}, ${error === undefined ? null : JSON.stringify(error)}, e.authority_number,
          ${serial}, ${created}, ${expires}
        from acme_accounts join enrollment_endpoints e on e.name = endpoint_name and e.protocol = 'acme'
        where acme_account_id = ${account}`,
      sql`insert into acme_authorizations (authorization_id, acme_account_number, identifier_type,
          identifier_value, wildcard, status, created_at_ms, expires_at_ms)
        select ${authorization}, acme_account_number, ${first.type}, ${first.value}, 0, 'pending',
          ${created}, ${expires}
        from acme_accounts where acme_account_id = ${account}`,
      sql`insert into acme_order_authorizations (order_number, authorization_number)
        select order_number, authorization_number from acme_orders, acme_authorizations
        where order_id = ${order} and authorization_id = ${authorization}`,
      ...Object.entries(failures).map(
        ([type, problem]) =>
          sql`insert into acme_challenges (challenge_id, authorization_number, type, token, status, error,
              failures, retry_at_ms, lease_until_ms)
            select ${newId()}, authorization_number, ${type}, 'token', 'invalid',
              ${JSON.stringify(problem)}, 1, 0, 0
            from acme_authorizations where authorization_id = ${authorization}`,
      ),
    ])
  })
}

function serialOf(certificateArn: string): string {
  return certificateArn.slice(certificateArn.lastIndexOf('/') + 1)
}

const dns = (value: string): Identifier => ({ type: 'dns', value })

/**
 * Creates the endpoints `web` and `internal` for ACME, and `devices` for EST. The certificate with `certificateArn` becomes a
 * certificate from the endpoint `web`.
 */
export async function createEnrollment(
  service: TestService,
  { issuingArn, certificateArn }: { readonly issuingArn: string; readonly certificateArn: string },
): Promise<void> {
  const { config } = service
  await addEndpoint(config, 'web', {
    protocol: 'acme',
    ca: issuingArn,
    names: '*.example.com,10.0.0.0/8',
    eab: 'optional',
    profiles: ['short=7d'],
  })
  await addEndpoint(config, 'internal', { protocol: 'acme', ca: issuingArn, challenges: 'none' })
  await addEndpoint(config, 'devices', {
    protocol: 'est',
    ca: issuingArn,
    names: '*.iot.example.com',
  })
  const { KeyId } = await addBindingKey(config, 'web', {
    names: '*.shop.example.com',
    reusable: true,
    expiresSeconds: 86_400,
  })
  await addPassword(config, 'devices', { names: 'sensor-1.iot.example.com', expiresSeconds: 3600 })
  await addAcmeAccount(service, {
    id: 'HqVzq2mFkG4vU0hXw1a2bc',
    endpointName: 'web',
    contacts: ['mailto:web-team@example.com', 'mailto:on-call@example.com'],
    bindingKeyId: KeyId,
  })
  await addAcmeAccount(service, { id: 'deactivated', endpointName: 'web', status: 'deactivated' })
  const account = 'HqVzq2mFkG4vU0hXw1a2bc'
  await addAcmeOrder(service, {
    account,
    status: 'valid',
    identifiers: [dns('shop.example.com'), dns('www.shop.example.com')],
    certificateArn,
  })
  await addAcmeOrder(service, {
    account,
    status: 'invalid',
    identifiers: [dns('build.example.com')],
    profile: 'short',
    error: {
      type: 'urn:ietf:params:acme:error:unauthorized',
      detail: 'The authorization for build.example.com is invalid.',
    },
    failures: {
      'http-01': {
        type: 'urn:ietf:params:acme:error:connection',
        detail: 'Cannot connect to 10.1.2.3 port 80: connection refused.',
      },
    },
  })
  await addAcmeOrder(service, { account, status: 'pending', identifiers: [dns('new.example.com')] })
}
