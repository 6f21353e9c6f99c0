/** Generates requests by number. A request's number and the run's seed alone determine the original request and its mutation. */
import { choicesOf, type Choices } from '../chaos/choices.ts'
import { bulkBodies, bulkBytes, bulkSizes } from './bulk-bodies.ts'
import { encodeRequest, type FuzzRequest, type Sending } from './http.ts'
import { mutateBytes, strangeTexts } from './mutate/bytes.ts'
import { mutateHead } from './mutate/head.ts'
import { jsonText, mutateJson } from './mutate/json.ts'
import { publicRequest } from './public-requests.ts'
import { apiSeeds, claimsOf, stsSeeds, type Seed } from './seeds.ts'
import { presign, signInHeader, uriEncoded, type Signer } from './sign.ts'
import { withStrangeAuthorization, withStrangeHeader } from './strange-headers.ts'
import { region, tokenOf, type World } from './world.ts'

/** `open` requests have no valid signature, and are sent to the API or to the public listener. */
export type FuzzClass = 'signed' | 'open'

export interface Generated extends Sending {
  readonly port: number
  /** Short description of the request for findings. */
  readonly label: string
}

export class Generator {
  readonly #world: World
  readonly #seed: number
  readonly #seeds: readonly Seed[]
  /** ARNs and names that exist on the tested server. */
  readonly #texts: readonly string[]

  constructor(world: World, seed: number) {
    this.#world = world
    this.#seed = seed
    this.#seeds = apiSeeds(world)
    this.#texts = [world.victim, world.pending, world.certificateArn, world.bucket, world.roleArn]
  }

  /** Returns the request with the given number in a class. Dates and ARNs in the request differ from run to run. */
  request(number: number, kind: FuzzClass): Generated {
    const choices = choicesOf(mixSeed(this.#seed, number))
    return kind === 'signed' ? this.#signed(choices) : this.#open(choices)
  }

  /** One request in 300 has a large body of a random form. */
  #bulk(choices: Choices): { readonly request: FuzzRequest; readonly label: string } | undefined {
    if (choices.below(300) > 0) return undefined
    const body = choices.of(bulkBodies)
    const type = body.isForm ? 'x-www-form-urlencoded' : 'x-amz-json-1.1'
    const { operation } = choices.of(this.#seeds)
    const request: FuzzRequest = {
      method: 'POST',
      target: '/',
      headers: [
        ['host', this.#host()],
        ['content-type', `application/${type}`],
        ...(body.isForm ? [] : [['x-amz-target', `ACMPrivateCA.${operation}`] as const]),
      ],
      body: bulkBytes(body, choices.of(bulkSizes)),
    }
    return { request, label: `bulk ${body.name}` }
  }

  #signed(choices: Choices): Generated {
    const bulk = this.#bulk(choices)
    if (bulk !== undefined)
      return this.#toApi(bulk.label, signed(bulk.request, this.#signer('acm-pca')))
    const kind = choices.below(10)
    if (kind === 0) return this.#toApi('sts form', signed(this.#form(choices), this.#signer('sts')))
    if (kind === 1) return this.#presigned(choices)
    const { request, label } = this.#json(choices)
    const altered = choices.below(8) === 0 ? withStrangeHeader(request, choices) : request
    return this.#toApi(label, signed(altered, this.#signer('acm-pca')))
  }

  #open(choices: Choices): Generated {
    const bulk = this.#bulk(choices)
    if (bulk !== undefined)
      return this.#toApi(
        bulk.label,
        choices.below(2) === 0 ? bulk.request : withStrangeAuthorization(bulk.request, choices),
      )
    const kind = choices.below(10)
    if (kind < 3) {
      const { sending, label } = publicRequest(this.#world, choices)
      return { ...sending, port: this.#world.publicPort, label }
    }
    if (kind === 3) return this.#toApi('web identity', this.#webIdentity(choices))
    if (kind === 4) return this.#toApi('unsigned form', this.#form(choices))
    const { request, label } = this.#json(choices)
    const unsigned = choices.below(2) === 0 ? withStrangeAuthorization(request, choices) : request
    if (kind < 7) return this.#toApi(`unsigned ${label}`, unsigned)
    // Mutations of the request head: method, target, framing or raw bytes.
    const signedRequest = signed(request, this.#signer('acm-pca'))
    const { sending, mutation } = mutateHead(
      choices.below(2) === 0 ? unsigned : signedRequest,
      choices,
    )
    return { ...sending, port: this.#world.apiPort, label: `${mutation} ${label}` }
  }

  #toApi(label: string, request: FuzzRequest): Generated {
    const bytes = encodeRequest(request)
    return { bytes, isMalformed: false, isHead: false, port: this.#world.apiPort, label }
  }

  #json(choices: Choices): { readonly request: FuzzRequest; readonly label: string } {
    const { operation, input } = choices.of(this.#seeds)
    const text = choices.below(10) === 0 ? jsonText(input) : mutateJson(input, this.#texts, choices)
    const body = Buffer.from(text)
    return {
      label: operation,
      request: {
        method: 'POST',
        target: '/',
        headers: [
          ['host', this.#host()],
          ['content-type', 'application/x-amz-json-1.1'],
          ['x-amz-target', `ACMPrivateCA.${operation}`],
        ],
        body: choices.below(12) === 0 ? mutateBytes(body, choices) : body,
      },
    }
  }

  #form(choices: Choices): FuzzRequest {
    const parameters = mutateParameters(choices.of(stsSeeds(this.#world)), this.#texts, choices)
    return this.#formOf(formText(parameters), choices)
  }

  #formOf(text: string, choices: Choices): FuzzRequest {
    const body = Buffer.from(text)
    return {
      method: 'POST',
      target: '/',
      headers: [
        ['host', this.#host()],
        ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'],
      ],
      body: choices.below(6) === 0 ? mutateBytes(body, choices) : body,
    }
  }

  #webIdentity(choices: Choices): FuzzRequest {
    const world = this.#world
    const head = { alg: 'ES256', kid: 'one', typ: 'JWT' }
    const token = tokenOf(
      world,
      choices.below(4) === 0 ? mutateJson(head, strangeTexts, choices) : jsonText(head),
      choices.below(8) === 0
        ? jsonText(claimsOf(world))
        : mutateJson(claimsOf(world), strangeTexts, choices),
    )
    const parameters = {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: world.roleArn,
      RoleSessionName: 'fuzz',
      WebIdentityToken:
        choices.below(5) === 0
          ? mutateBytes(Buffer.from(token), choices).toString('latin1')
          : token,
    }
    const all =
      choices.below(4) === 0
        ? mutateParameters(parameters, this.#texts, choices)
        : [...Object.entries(parameters), ['Version', '2011-06-15'] as const]
    return this.#formOf(formText(all), choices)
  }

  #presigned(choices: Choices): Generated {
    const { operation, input } = choices.of(this.#seeds)
    const scalars = Object.fromEntries(
      Object.entries(input).filter(([, value]) => typeof value !== 'object'),
    )
    const isSts = choices.below(3) === 0
    const parameters: Readonly<Record<string, string>> = isSts
      ? choices.of(stsSeeds(this.#world))
      : { 'X-Amz-Target': `ACMPrivateCA.${operation}`, ...stringsOf(scalars) }
    const mutated = mutateParameters(parameters, this.#texts, choices)
    const request = presign(mutated, this.#host(), this.#signer(isSts ? 'sts' : 'acm-pca'))
    return this.#toApi(`presigned ${isSts ? 'sts' : operation}`, request)
  }

  #signer(service: string): Signer {
    return { credentials: this.#world.credentials, service, region, date: new Date() }
  }

  #host(): string {
    return `127.0.0.1:${this.#world.apiPort}`
  }
}

function signed(request: FuzzRequest, signer: Signer): FuzzRequest {
  return signInHeader(request, signer)
}

/** Derives a distinct 32-bit seed for each number. */
export function mixSeed(seed: number, number: number): number {
  return (Math.imul(seed ^ (number >>> 16), 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0
}

type Parameters = readonly (readonly [string, string])[]

function stringsOf(members: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]))
}

function mutateParameters(
  parameters: Readonly<Record<string, string>>,
  texts: readonly string[],
  choices: Choices,
): Parameters {
  const all: (readonly [string, string])[] = [
    ...Object.entries(parameters),
    ...('Action' in parameters ? ([['Version', '2011-06-15']] as const) : []),
  ]
  for (let count = choices.below(4); count > 0; count -= 1) {
    const at = choices.below(all.length)
    const [name = '', value = ''] = all[at] ?? []
    const other = choices.of([...strangeTexts, ...texts])
    switch (choices.below(6)) {
      case 0:
        all[at] = [name, other]
        break
      case 1:
        all[at] = [other, value]
        break
      case 2:
        all.push([name, other])
        break
      case 3:
        all.splice(at, 1)
        break
      case 4:
        all[at] = [name, mutateBytes(Buffer.from(value), choices).toString('utf8')]
        break
      default:
        all.push([`${name}.member.${choices.of(['0', '1', '-1', '201', '1e9', 'x'])}`, value])
    }
  }
  return all
}

function formText(parameters: Parameters): string {
  return parameters.map(([name, value]) => `${uriEncoded(name)}=${uriEncoded(value)}`).join('&')
}
