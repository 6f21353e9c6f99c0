/** A service with a root CA and ACME endpoints, for tests. */
import { readMasterKey, deriveSealer, masterKeyId } from '../../src/data-folder/master-key.ts'
import type { AcmeConfiguration } from '../../src/enrollment/endpoint.ts'
import { systemRandom } from '../../src/random.ts'
import type { Database } from '../../src/store/database.ts'
import { insertBindingKey, type BindingKey } from '../../src/store/enrollment/binding-keys.ts'
import { insertEndpoint, updateEndpoint } from '../../src/store/enrollment/endpoints.ts'
import {
  AcmeClient,
  httpsTransport,
  type AccountKey,
  type AcmeTransport,
  type ExternalBinding,
} from './acme-client.ts'
import { fixedSealers } from './fixed-sealers.ts'
import { createRoot } from './hierarchy.ts'
import { TestService, type ServiceOptions } from './service.ts'

const configurationDefault: AcmeConfiguration = {
  template: 'EndEntityServerAuthCertificate/V1',
  validitySeconds: 86_400,
  names: [],
  challenges: ['http-01', 'dns-01', 'tls-alpn-01'],
  eab: 'off',
  profiles: {},
}

export class AcmeService implements AsyncDisposable {
  readonly service: TestService
  readonly db: Database
  readonly transport: AcmeTransport & Disposable
  /** ARN of the CA that all endpoints use. */
  readonly authorityArn: string

  private constructor(service: TestService, db: Database, authorityArn: string) {
    this.service = service
    this.db = db
    this.authorityArn = authorityArn
    this.transport = httpsTransport(service.enrollRoot)
  }

  /** Starts a service with an endpoint named `web`. */
  static async start(
    configuration: Partial<AcmeConfiguration> = {},
    {
      flags,
      ...options
    }: ServiceOptions & { readonly flags?: Parameters<typeof TestService.start>[0] } = {},
  ): Promise<AcmeService> {
    let opened: Database | undefined
    const service = await TestService.start(
      { enrollListen: '127.0.0.1:0', ...flags },
      { ...options, wrapDatabase: (db) => (opened = options.wrapDatabase?.(db) ?? db) },
    )
    if (opened === undefined) throw new Error('the service has opened no database')
    const { arn } = await createRoot(service)
    const acme = new AcmeService(service, opened, arn)
    await acme.addEndpoint('web', configuration)
    return acme
  }

  async addEndpoint(name: string, configuration: Partial<AcmeConfiguration> = {}): Promise<void> {
    await this.db.transaction([insertEndpoint(await this.#endpoint(name, configuration))])
  }

  /** Replaces an endpoint's configuration. Processes cache the previous configuration for one second. */
  async configure(name: string, configuration: Partial<AcmeConfiguration>): Promise<void> {
    await this.db.transaction([updateEndpoint(await this.#endpoint(name, configuration))])
    this.service.clock.advance({ seconds: 1 })
  }

  async #endpoint(name: string, configuration: Partial<AcmeConfiguration>) {
    const [row] = await this.service.inDatabase(
      'select max(authority_number) as n from authorities',
    )
    return {
      protocol: 'acme',
      name,
      accountId: this.service.config.accountId,
      authorityNumber: Number(row?.['n']),
      configuration: { ...configurationDefault, ...configuration },
      createdAt: this.service.clock.now(),
    } as const
  }

  /** Returns a client for an endpoint, with a new key or with `key`. */
  client(endpointName = 'web', key?: AccountKey): AcmeClient {
    const directoryUrl = `${this.service.enrollUrl}/acme/${endpointName}/directory`
    return new AcmeClient(directoryUrl, this.transport, key)
  }

  /** Returns a client that has an account. */
  async account(endpointName = 'web', key?: AccountKey): Promise<AcmeClient> {
    const client = this.client(endpointName, key)
    const { status, text } = await client.register()
    if (status !== 201) throw new Error(text)
    return client
  }

  /** Creates an EAB key at the endpoint `web`. */
  async bindingKey(
    keyId: string,
    properties: Partial<Omit<BindingKey, 'keyId' | 'usedAt'>> = {},
  ): Promise<ExternalBinding> {
    const macKey = systemRandom.bytes(32)
    const masterKey = await readMasterKey(this.service.config.masterKeyFile)
    if (masterKey === undefined) throw new Error('the service has no master key file')
    const sealer = deriveSealer(masterKey, 'acme binding keys', systemRandom)
    const key = {
      keyId,
      endpointName: 'web',
      macKey,
      names: [],
      reusable: false,
      createdAt: this.service.clock.now(),
      expiresAt: undefined,
      ...properties,
    }
    await this.db.transaction([insertBindingKey(fixedSealers(sealer, masterKeyId(masterKey)), key)])
    return { keyId, macKey }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.transport[Symbol.dispose]()
    await this.service.close()
  }
}
